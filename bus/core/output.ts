/** What the core asks of the world: the driver drains these after each input, in order. */
import type { CounterName } from './metrics.ts'

/** By which way packets go, of a transport that has several. */
export type Rung = 'multicast' | 'unicast' | 'relay'

/** A UDP endpoint; the address may carry a zone (`fe80::1%eth0`). */
export interface Endpoint {
  readonly address: string
  readonly port: number
  /** Absent: there is one way alone. */
  readonly rung?: Rung
}

/** Where to answer: at the private port of whoever sends from there, by the same way. */
export function answerTo({ address, rung }: Endpoint, port: number): Endpoint {
  return rung === undefined ? { address, port } : { address, port, rung }
}

/** Whether two destinations are the same: an endpoint is told anew with each packet. */
export function sameDestination(a: string | Endpoint, b: string | Endpoint): boolean {
  if (typeof a === 'string' || typeof b === 'string') return a === b
  return a.address === b.address && a.port === b.port && a.rung === b.rung
}

/** Tells endpoints apart, by whichever way they were heard. */
export function endpointName({ address, port }: Endpoint): string {
  return `${address} ${port}`
}

export type Delivery = 'reliable' | 'best-effort' | 'latest'

/** Why messages were lost. */
export type GapCause =
  | 'network'
  | 'overflow'
  | 'publisher-gone'
  | 'history'
  | 'expired'
  | 'unproven'

/**
 * Why a message of a shared topic is given to nobody of a group: its member has gone, nobody has
 * come, too much waits, or it has expired.
 */
export type ShareLoss = 'member-gone' | 'no-member' | 'overflow' | 'expired'

/** What the deliveries of one stream to one peer's subscriptions share. */
export interface StreamInfo {
  readonly topic: string
  /** The publishing instance. */
  readonly from: bigint
  /** Its number, of those that the publisher has opened. */
  readonly stream: number
  readonly delivery: Delivery
}

export interface RosterEntry {
  readonly instance: bigint
  readonly identity: Uint8Array
  readonly name: string
  readonly tags: Readonly<Record<string, string>>
  readonly since: number
}

/** What receivers have told a closing publisher. */
export interface Confirmation {
  /** Who did not report a cursor behind the last packet. */
  readonly unconfirmed: readonly RosterEntry[]
  /** Who had to give messages up, and how many. */
  readonly incomplete: readonly { readonly peer: RosterEntry; readonly lost: number }[]
  /** Messages of shared topics that nobody has got. */
  readonly waiting?: number
  /** The epoch of others who have heard nothing, since its keys have not come here. */
  readonly behind?: number
}

export type Output = Request | Notice

/** Of a transport with several rungs: by which of them an instance is heard, or a relay's beacon. */
export interface Hearing {
  readonly instance: bigint
  readonly rung: Rung
  /** It speaks at least this often, as far as all of it arrives. */
  readonly intervalMs: number
  readonly relay: boolean
}

/** What the driver does for the peer. */
export type Request =
  /** Send one datagram to a group's address, or to one endpoint. */
  | { readonly type: 'transmit'; readonly to: string | Endpoint; readonly datagram: Uint8Array }
  | { readonly type: 'join'; readonly group: string }
  | { readonly type: 'leave'; readonly group: string }
  /** Leave and join again: makes a snooping switch learn the membership anew. */
  | { readonly type: 'rejoin'; readonly group: string }
  | ({ readonly type: 'heard' } & Hearing)
  /** Sign with the identity; answered by the input `signed`. */
  | { readonly type: 'sign'; readonly id: number; readonly message: Uint8Array }
  /** Verify; answered by the input `verified`. */
  | {
      readonly type: 'verify'
      readonly id: number
      readonly message: Uint8Array
      readonly signature: Uint8Array
      readonly identity: Uint8Array
    }

  /**
   * Open a box (NaCl's crypto_box, a nonce of zeros) from this X25519 key to the identity; answered
   * by what it holds, or by false.
   */
  | {
      readonly type: 'unbox'
      readonly id: number
      readonly box: Uint8Array
      readonly boxKey: Uint8Array
    }

/** What becomes of questions that members of groups answer. */
export type Choice =
  /** The question with this index is for a member now. */
  | { readonly state: 'given'; readonly index: number; readonly instance: bigint }
  /** Nobody of a group gets it. */
  | { readonly state: 'nobody'; readonly index: number }
  /** This one answers nothing but what is given to it. */
  | { readonly state: 'apart'; readonly instance: bigint }
  /** This one listens to the topic no more. */
  | { readonly state: 'left'; readonly instance: bigint }

/** What the program is told. */
export type Notice =
  /** One message for these subscriptions. */
  | {
      readonly type: 'deliver'
      readonly subscriptions: readonly number[]
      readonly stream: StreamInfo
      readonly index: number
      readonly sentAt: number
      readonly codec: number
      readonly payload: Uint8Array
      /** When it is of no use any more, ms of the driver's clock. */
      readonly expiresAt?: number | undefined
      /** What its publisher has said to those who answer. */
      readonly question?: Uint8Array | undefined
      /** Of a shared stream: the index that a subscription which shares is to confirm. */
      readonly place?: number | undefined
      /** It has been given to another member before. */
      readonly again?: boolean | undefined
      /** Of a question on a shared stream: those subscriptions that share it, for whomever it is. */
      readonly members?: readonly number[] | undefined
    }
  /** So many messages of this peer's own will not be given to anybody of a group. */
  | {
      readonly type: 'share-lost'
      readonly topic: string
      readonly count: number
      readonly cause: ShareLoss
    }
  /** Of this peer's questions on a topic: who is asked, and who is not any more. */
  | ({ readonly type: 'asked'; readonly topic: string } & Choice)
  /** One answer to this peer's question on a topic. */
  | {
      readonly type: 'answer'
      /** The answering instance. */
      readonly from: bigint
      readonly topic: string
      readonly payload: Uint8Array
    }
  /** Messages `from` to `to` (indices, inclusive) will not come. */
  | {
      readonly type: 'gap'
      readonly subscriptions: readonly number[]
      readonly stream: StreamInfo
      readonly from: number
      readonly to: number
      readonly cause: GapCause
    }
  | {
      readonly type: 'peer'
      readonly change: 'join' | 'update' | 'leave'
      readonly peer: RosterEntry
    }
  | {
      readonly type: 'topic'
      readonly topic: string
      readonly from: bigint
      readonly delivery: Delivery
    }
  /** A subscription matches this topic of that instance, and is not given it. */
  | {
      readonly type: 'withheld'
      readonly topic: string
      readonly from: bigint
      readonly reason: 'key' | 'rights' | 'proof' | 'share' | 'seats'
    }
  /** The subscription has been given everything that was there when it came. */
  | { readonly type: 'live'; readonly subscription: number }
  /** The packets of a peer that is reached by unicast come by another rung than before. */
  | {
      readonly type: 'way'
      readonly instance: bigint
      readonly path: Rung
      readonly reason: string
    }
  /** Somebody is reached by unicast alone, or nobody any more. */
  | { readonly type: 'unicast'; readonly inUse: boolean; readonly reason: string }
  /**
   * One more peer has attached to this peer's stream of a topic, and gets its messages from the
   * index `first` on: `count` of them are there now.
   */
  | {
      readonly type: 'attached'
      readonly topic: string
      readonly count: number
      readonly from: bigint
      readonly first: number
    }
  /** Everybody who is here knows this peer's topics, and has attached to those that it wants. */
  | { readonly type: 'met' }
  /** Packets were dropped since the last such output of that reason; at most one a second each. */
  | { readonly type: 'rejected'; readonly reason: CounterName; readonly count: number }
  /** The realm's keys are those of a newer epoch; `page` and `secret` are to be kept. */
  | {
      readonly type: 'epoch'
      readonly state: 'entered'
      readonly epoch: number
      readonly page: Uint8Array
      /** What the own box holds. */
      readonly secret: Uint8Array
    }
  /** The page of the epoch that is known already: to be kept. */
  | {
      readonly type: 'epoch'
      readonly state: 'held'
      readonly epoch: number
      readonly page: Uint8Array
    }
  /**
   * This member was revoked, or was given no key of that epoch; or the owner has signed another
   * page of the same epoch; or others are in an epoch whose page does not come.
   */
  | {
      readonly type: 'epoch'
      readonly state: 'revoked' | 'excluded' | 'fork' | 'behind'
      readonly epoch: number
    }
  /** The send queue fell below its mark again. */
  | { readonly type: 'ready' }
  /** Everything published before the command has left. */
  | { readonly type: 'flushed'; readonly id: number }
  /** The lingering close has ended. */
  | ({ readonly type: 'closed' } & Confirmation)
