/** What a peer keeps of another instance, of its streams, and of those that it receives. */
import type { Delivery, Endpoint, RosterEntry } from '../output.ts'
import type { Present } from '../path/roster.ts'
import type { ProofRule } from '../publication.ts'
import type { Rights } from '../rights.ts'
import type { Sender } from '../seal/control-keys.ts'
import type { EpochKey, TopicKey } from '../seal/epochs.ts'
import type { ReplayWindow } from '../seal/replay.ts'
import type { TokenBucket } from '../stream/pace.ts'
import type { Proofs } from '../stream/proofs.ts'
import type { Arrival } from '../stream/receiver-options.ts'
import type { ReceiverStream } from '../stream/receiver.ts'
import type { Place } from '../stream/sender.ts'

/** What one stream of a remote instance is about. */
export interface Binding {
  readonly stream: number
  readonly topic: string
  readonly segments: readonly string[]
  readonly group: string
  readonly delivery: Delivery
  /** Its publisher waits for its receivers' cursors. */
  readonly paced: boolean
  /** What its publisher proves its packets by. */
  readonly proof: ProofRule
  /** Its messages say for whom of each group they are. */
  readonly shared: boolean
  readonly packetSize: number
  /** When the stream was opened, on this peer's clock; never earlier than it truly was. */
  readonly openedAt: number
}

/** Why a stream is not taken: its publisher has no right to its topic, or this peer has none. */
export type Closure = 'denied' | 'uninterested'

/** An attach: the number that its answer repeats, and when it was sent. */
interface Asked {
  readonly ask: number
  readonly at: number
}

/** One receiver of a stream, and how it attaches. */
export interface Lane {
  readonly receiver: ReceiverStream
  /** Its last questions. */
  readonly asked: Asked[]
  /** Everything published since then is wanted, and so many messages before. */
  readonly since: number
  readonly back: number
  /** Next attach, or `Infinity` when the publisher has answered. */
  attachAt: number
  attempts: number
  /** The earliest answer among those that came so late that their questions may have been old. */
  late: { readonly at: number; readonly place: Place } | undefined
  /** The last packet that had been sent when the publisher answered. */
  goal: number | undefined
}

/** A packet that is delivered once it is known that its signature is good. */
export interface Verifying {
  readonly number: number
  readonly arrival: Arrival
  good: boolean | undefined
}

/** Gives one subscription what was there before it. */
export interface Replay extends Lane {
  readonly subscription: number
}

/** A stream that is being received. */
export interface Inflow extends Lane {
  readonly binding: Binding
  readonly remote: Remote
  readonly key: TopicKey
  replays: readonly Replay[]
  /** What signatures have said of its packets. */
  readonly proofs: Proofs
  /** Of a stream without repair: packets whose signatures are being verified, in order. */
  readonly verifying: Verifying[]
  /** The publisher closes after this number and waits for a cursor; 0 while it does not. */
  finalHead: number
  /** How often it has said so. */
  finals: number
  cursorAt: number
  /** Of a paced stream: the cursor that was last told, and when. */
  toldNext: number
  toldAt: number
  /** When a packet of it last came, and when anything that tells of it did. */
  packetAt: number
  heardAt: number
  /** When its group's membership was last renewed because nothing came through. */
  rejoinedAt: number
  /** Renewals since it was last heard. */
  renewals: number
}

export interface Remote extends Present {
  readonly sender: Sender
  readonly entry: RosterEntry
  /** Its private port, as its last hello said. */
  port: number
  readonly controlKey: EpochKey
  readonly window: ReplayWindow
  /** What it may do, in a realm with an owner. */
  rights: Rights | undefined
  readonly bindings: Map<number, Binding>
  /** Streams whose packets are not taken: why, as the counter that they count under. */
  readonly closed: Map<number, Closure>
  readonly inflows: Map<number, Inflow>
  /** Streams that were inflows and are not wanted any more: how much of each was given up. */
  readonly detached: Map<number, number>
  /** Streams that have brought questions: it is told when they are not wanted any more. */
  readonly asking: Set<number>
  /** Where it was last heard, with its private port. */
  endpoint: Endpoint
  /** The highest number of a control packet that has come by multicast, where there are two ways. */
  multicastHigh: number
  /** Streams it says it has opened. */
  streamCount: number
  /** Every stream up to this number has its binding. */
  bound: number
  /** Next question for bindings, or `Infinity`. */
  wantAt: number
  wantMs: number
  /** Single streams whose packets came before their binding. */
  readonly wanted: Set<number>
  /** When such streams were last asked for. */
  wantedAt: number
  /** What it may still say has expired; `undefined` until it has said so of anything. */
  expiry: TokenBucket | undefined
  /** What it wants echoed, as its last hello said. */
  challenge: bigint
  /** It has sent this peer something, and so knows it. */
  knows: boolean
  /** So many of this peer's streams it knows, and is attached to those that it wants. */
  met: number
}
