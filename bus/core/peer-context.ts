/** What the parts of one peer share: configuration, keys, counters, timers and the output queue. */
import { concat } from './bytes.ts'
import { type Env, randomUint64, randomUnit } from './env.ts'
import type { Limits } from './limits.ts'
import { type CounterName, Metrics } from './metrics.ts'
import type { Delivery, Endpoint, Output, RosterEntry } from './output.ts'
import { Groups, type ScopeName } from './path/group.ts'
import { type Present, Roster } from './path/roster.ts'
import { Revoked } from './revoked.ts'
import type { Rights } from './rights.ts'
import { instanceOf, type Sender } from './seal/control-keys.ts'
import { EpochKey, Epochs } from './seal/epochs.ts'
import { RealmKeys, type RealmOptions } from './seal/keys.ts'
import { Ring } from './ring.ts'
import type { ReplayWindow } from './seal/replay.ts'
import { Sealer } from './seal/sealer.ts'
import type { ReceiverStream } from './stream/receiver.ts'
import { Timers } from './timers.ts'
import { SALT_SIZE } from './wire/hello.ts'

export interface PeerConfig {
  readonly realm: RealmOptions
  readonly scope: ScopeName
  /** 0, or the number of groups that all topics share. */
  readonly fold: number
  /** Ed25519 public key, 32 bytes. */
  readonly identity: Uint8Array
  /** What this peer shows in a realm with an owner. */
  readonly rights?: Rights | undefined
  readonly name: string
  readonly tags: Readonly<Record<string, string>>
  /** Largest data packet, bytes; control packets never exceed 1,232. */
  readonly packetSize: number
  /** Where unicast reaches this peer at first. */
  readonly port: number
  /** Bytes a second, at most, and at least when receivers miss much. */
  readonly rate: number
  readonly minRate: number
  /** The newest page that is known, head and body, in a realm with an owner. */
  readonly page?: Uint8Array | undefined
  /** Wall clock minus the driver's clock, ms: gives messages their time. */
  readonly wallOffset: number
  readonly limits: Limits
}

/** What one stream of a remote instance is about. */
export interface Binding {
  readonly stream: number
  readonly topic: string
  readonly segments: readonly string[]
  readonly group: string
  readonly delivery: Delivery
  /** Its publisher waits for its receivers' cursors. */
  readonly paced: boolean
  readonly packetSize: number
  /** When the stream was opened, on this peer's clock; never earlier than it truly was. */
  readonly openedAt: number
}

/** Why a stream is not taken: its publisher has no right to its topic, or this peer has none. */
export type Closure = 'denied' | 'uninterested'

/** One receiver of a stream, and how it attaches. */
export interface Lane {
  readonly receiver: ReceiverStream
  /** Tells its questions from those of other lanes. */
  readonly ask: number
  /** Everything published since then is wanted, and so many messages before. */
  readonly since: number
  readonly back: number
  /** Next attach, or `Infinity` when the publisher has answered. */
  attachAt: number
  /** When it last attached. */
  attachedAt: number
  attempts: number
  /** The last packet that had been sent when the publisher answered. */
  goal: number | undefined
}

/** Gives one subscription what was there before it. */
export interface Replay extends Lane {
  readonly subscription: number
}

/** A stream that is being received. */
export interface Inflow extends Lane {
  readonly binding: Binding
  readonly remote: Remote
  readonly key: EpochKey
  replays: readonly Replay[]
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
  /** Where it was last heard, with its private port. */
  endpoint: Endpoint
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
  /** What it wants echoed, as its last hello said. */
  challenge: bigint
  /** It has sent this peer something, and so knows it. */
  knows: boolean
  /** So many of this peer's streams it knows, and is attached to those that it wants. */
  met: number
}

/** A signature, who is said to have made it, and what over. */
export interface Proof {
  readonly identity: Uint8Array
  readonly signature: Uint8Array
  readonly label: Uint8Array
  readonly parts: readonly Uint8Array[]
}

export class Context {
  readonly config: PeerConfig
  readonly env: Env
  readonly limits: Limits
  readonly metrics: Metrics = new Metrics()
  readonly timers: Timers = new Timers()
  readonly epochs: Epochs
  /** What this peer may do; undefined: everything. */
  rights: Rights | undefined
  /** Whom the newest page has revoked. */
  revoked: Revoked
  readonly self: Sender
  /** Seals this peer's control packets. */
  readonly controlKey: EpochKey
  readonly sealer: Sealer
  readonly groups: Groups
  readonly controlGroup: string
  /** Where unicast reaches this peer. */
  port: number
  readonly roster: Roster<Remote>
  readonly outputs: Ring<Output> = new Ring()
  readonly #answers = new Map<number, (now: number, answer: Uint8Array | boolean) => void>()
  readonly #rejected = new Map<CounterName, number>()
  readonly #members = new Map<string, number>()
  /** Told of each group that is joined, or left. */
  onMember: (group: string, joined: boolean) => void = () => undefined
  #nextId = 1
  #reportedAt = -Infinity

  constructor(env: Env, config: PeerConfig) {
    this.env = env
    this.config = config
    this.port = config.port
    this.limits = config.limits
    this.epochs = new Epochs(new RealmKeys(env.crypto, config.realm), (keys) =>
      this.sealer.use(keys),
    )
    this.rights = config.rights
    this.revoked = new Revoked(env.crypto)
    const salt = env.random(SALT_SIZE)
    const instance = instanceOf(env.crypto, config.identity, salt)
    this.self = { instance, salt, identity: config.identity }
    this.controlKey = new EpochKey((keys) => keys.controlKeyOf(this.self))
    this.sealer = new Sealer(env.crypto, this.keys, instance)
    this.groups = new Groups(config.scope, config.fold, (label) => this.keys.groupBytes(label))
    this.controlGroup = this.groups.control
    this.roster = new Roster(config.limits.peers)
  }

  /** The keys of the epoch that this peer seals with; names, tags and groups are those of all. */
  get keys(): RealmKeys {
    return this.epochs.current
  }

  emit(output: Output): void {
    this.outputs.push(output)
  }

  transmit(to: string | Endpoint, datagram: Uint8Array): void {
    this.metrics.count('packetsSent')
    this.metrics.count('bytesSent', datagram.length)
    this.outputs.push({ type: 'transmit', to, datagram })
  }

  /** Counts a dropped packet; a summary goes out with the next housekeeping. */
  reject(reason: CounterName): void {
    this.metrics.count(reason)
    this.#rejected.set(reason, (this.#rejected.get(reason) ?? 0) + 1)
  }

  reportRejected(now: number): void {
    if (now - this.#reportedAt < REPORT_MS) return
    this.#reportedAt = now
    for (const [reason, count] of this.#rejected) this.emit({ type: 'rejected', reason, count })
    this.#rejected.clear()
  }

  /** Memberships are counted: several topics may share a group. */
  join(group: string): void {
    const count = this.#members.get(group) ?? 0
    this.#members.set(group, count + 1)
    if (count > 0) return
    this.emit({ type: 'join', group })
    this.onMember(group, true)
  }

  leave(group: string): void {
    const count = this.#members.get(group) ?? 0
    if (count > 1) this.#members.set(group, count - 1)
    if (count !== 1) return
    this.#members.delete(group)
    this.emit({ type: 'leave', group })
    this.onMember(group, false)
  }

  /** Every group that is joined, the control group among them. */
  get members(): Iterable<string> {
    return this.#members.keys()
  }

  rejoin(group: string): void {
    if (!this.#members.has(group)) return
    this.metrics.count('rejoins')
    this.emit({ type: 'rejoin', group })
  }

  rejoinAll(): void {
    for (const group of this.#members.keys()) this.rejoin(group)
  }

  /** A random number in [0, 1). */
  unit(): number {
    return randomUnit(this.env)
  }

  random64(): bigint {
    return randomUint64(this.env)
  }

  /** Asks for a signature; `then` runs with the input that brings it. */
  sign(
    label: Uint8Array,
    parts: readonly Uint8Array[],
    then: (now: number, signature: Uint8Array) => void,
  ): void {
    const id = this.#await((now, answer) => {
      if (typeof answer !== 'boolean') then(now, answer)
    })
    if (id) this.emit({ type: 'sign', id, message: this.#statement(label, parts) })
  }

  /** Asks whether a signature is good; `then` runs only if it is, `refused` only if it is not. */
  verify(proof: Proof, then: (now: number) => void, refused?: () => void): void {
    const id = this.#await((now, answer) => {
      if (answer === true) return then(now)
      this.reject('unverified')
      refused?.()
    })
    if (!id) return
    const message = this.#statement(proof.label, proof.parts)
    const { identity, signature } = proof
    this.emit({ type: 'verify', id, message, signature: signature.slice(), identity })
  }

  /** Asks for what a box holds that is for this identity; `then` runs with nothing if it does not open. */
  unbox(
    given: { readonly box: Uint8Array; readonly boxKey: Uint8Array },
    then: (now: number, opened: Uint8Array | undefined) => void,
  ): void {
    const id = this.#await((now, answer) => {
      then(now, typeof answer === 'boolean' ? undefined : answer)
    })
    if (id) this.emit({ type: 'unbox', id, box: given.box.slice(), boxKey: given.boxKey.slice() })
  }

  /** Hands the answer to a `sign`, `verify` or `unbox` on. */
  answer(now: number, id: number, answer: Uint8Array | boolean): void {
    const then = this.#answers.get(id)
    this.#answers.delete(id)
    then?.(now, answer)
  }

  /** What is signed names its purpose and the realm, so that it counts nowhere else. */
  #statement(label: Uint8Array, parts: readonly Uint8Array[]): Uint8Array {
    return concat(label, this.keys.id, ...parts)
  }

  #await(then: (now: number, answer: Uint8Array | boolean) => void): number {
    if (this.#answers.size >= this.limits.signatures) {
      this.metrics.count('signaturesFull')
      return 0
    }
    const id = this.#nextId++
    this.#answers.set(id, then)
    return id
  }
}

/** Dropped packets are summed up at most this often. */
const REPORT_MS = 1000
