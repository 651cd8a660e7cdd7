/** The public option and message types of the bus, in one place. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
// oxlint-disable-next-line import/no-cycle -- A bus has actors, and an actor has its bus.
import type { ActorCalls } from './actor-options.ts'
import type { CounterName } from './counters.ts'
import type { Limits } from './limits.ts'
import type { Delivery, GapCause } from '../core/output.ts'
import type { EpochEvent, KeptEpoch } from './epoch-options.ts'
import type { Gap, Live } from './gap.ts'
import type { Message } from './message.ts'
import type { MatchedOptions, Proof, PublishOptions } from './publish-options.ts'
import type { ReceiveFilesOptions, Receiving, SendFileOptions, SendReport } from './file-options.ts'
import type {
  Gathering,
  GatherOptions,
  Reply,
  RequestOptions,
  Responder,
  Responding,
  RespondOptions,
} from './request-options.ts'
import type { Service } from './service.ts'
import type { KeyLogOptions, NativeUse, PeerOptions, WayEvent } from './peer-options.ts'
import type { Cancel, PeerId } from './terms.ts'
import type { Topic } from './topic.ts'
import type { VariableCalls } from './variable-calls.ts'
import type { ShareLostEvent } from './share-lost.ts'
import type { WithheldEvent } from './withheld.ts'

export type { Cancel, PeerId, Delivery, GapCause, Limits, CounterName }
export type { Gap, Live } from './gap.ts'
export type { Message, Params } from './message.ts'
export type { Flow, MatchedOptions, Proof, PublishOptions } from './publish-options.ts'

/** How far packets go: the scope of the multicast groups (RFC 7346). */
export type Scope = 'host' | 'link' | 'site' | 'organisation' | 'global'

/** How packets travel now. */
export type PathKind = 'multicast' | 'unicast' | 'hub' | 'relay' | 'memory' | 'none'

/** Any pino-shaped logger. */
export interface Logger {
  debug(fields: object, message?: string): void
  info(fields: object, message?: string): void
  warn(fields: object, message?: string): void
  error(fields: object, message?: string): void
}

/** An Ed25519 key pair, raw: public key 32 bytes, seed 32 bytes. */
export interface Identity {
  readonly publicKey: Uint8Array
  readonly secretKey: Uint8Array
}

/** A secret, or a function that brings it, as from a secret manager. */
export type Secret<T> = T | (() => T | Promise<T>)

/** Turns values that are neither bytes nor text into bytes and back. Default: JSON. */
export interface PayloadCodec {
  encode(value: unknown): Uint8Array
  decode(bytes: Uint8Array): unknown
}

export interface ConnectOptions extends Cancel, PeerOptions, KeyLogOptions {
  /** The realm's name; buses in different realms never hear each other. Default: 'local'. */
  readonly realm?: string
  /**
   * The realm's key, 32 bytes, or the text of a key file, or a function that brings one of them.
   * Default: the realm's key file.
   */
  readonly key?: Secret<Uint8Array | string>
  /** True for an open realm: nothing is sealed, everybody reads and writes. Logged once. */
  readonly open?: boolean
  /** How far packets go. Default: 'host', which never leaves the machine. */
  readonly scope?: Scope
  /** Interface names or globs (`eth*`). Default: every interface that is up with multicast. */
  readonly interface?: string | readonly string[]
  /**
   * The address of a relay, `ws://…` or `wss://…`, or several, tried in order: a link to the first
   * one that answers reaches those whom multicast does not.
   */
  readonly relay?: string | readonly string[]
  /** False: by a relay, else by unicast alone, at scope host a hub. Default: true, but in pages. */
  readonly multicast?: boolean
  /** UDP port of the groups. Default: 62278 ("6CAST" on a telephone's keys). */
  readonly port?: number
  /** Hop limit of multicast. Default: 0 at host, 1 at link, 16 above. */
  readonly hops?: number
  /** Folds all topics into this many groups, for switches with small tables. Default: no folding. */
  readonly groups?: number
  /** Shown in presence, at most 64 bytes. Default: the host's name and a random suffix. */
  readonly name?: string
  /** Key=value pairs shown in presence; at most 8 of 32 bytes each. */
  readonly tags?: Readonly<Record<string, string>>
  /**
   * The signing key pair, or the text of an identity file, or a function that brings one of them.
   * Default: the user's own identity file if there is one, else a new one for this process.
   */
  readonly identity?: Secret<Identity | string>
  /**
   * In a realm with an owner: what this identity may do, as `grant` or `sixcast invite` gives it.
   * Default: the realm's rights file.
   */
  readonly rights?: string
  /** In a realm with an owner: the page of its newest epoch. Default: the realm's page file. */
  readonly page?: string
  /** Called with what to keep for the next start when the epoch changes; own files follow without. */
  readonly keep?: (kept: KeptEpoch) => void | Promise<void>
  /** Bytes a second that this process sends at most. Default: 5,000,000 (40 Mbit/s). */
  readonly rate?: number
  /** Bytes a second that it falls back to where receivers miss much. Default: a twentieth of `rate`. */
  readonly minRate?: number
  /** How long `close` waits for the receivers' reports, ms. Default: 2000. */
  readonly linger?: number
  /** The `proof` of every `publish` and `subscribe` that says nothing else. Default: 'group'. */
  readonly proof?: Proof
  readonly codec?: PayloadCodec
  readonly limits?: Partial<Limits>
  /** Silent when absent. */
  readonly log?: Logger
}

export interface CloseOptions extends Cancel {
  /** Default: the `linger` of `connect`. */
  readonly linger?: number
}

/** What happens when a subscription's queue is full. */
export type Overflow = 'drop-oldest' | 'drop-newest' | 'latest' | 'fail'

/**
 * What of the time before a subscription it wants: the last message, all, the last so many, or what
 * is not older than so many ms; of each publisher and topic.
 */
export type History = 'last' | 'all' | number | { readonly since: number }

export interface SubscribeOptions<T> extends Cancel {
  /** Values that do not match become an `invalid` event and are not delivered. */
  readonly schema?: StandardSchemaV1<unknown, T>
  /** Most messages waiting for the consumer. Default: 1024. */
  readonly queue?: number
  /** Default: 'drop-oldest'. Every dropped message is part of a gap with cause 'overflow'. */
  readonly overflow?: Overflow
  /** True: gaps come in order between the messages. Default: false, gaps are events only. */
  readonly gaps?: boolean
  /** Of reliable topics: comes first, and what is no longer kept of it is a gap. Default: nothing. */
  readonly history?: History
  /** True: a `Live` item comes once everything from before has. Default: false. */
  readonly live?: boolean
  /**
   * The name of a group, of at most 255 bytes: of those that name the same one, one gets each message.
   * Of topics that are published as `shared`; without `history`. Default: gets all messages.
   */
  readonly share?: string
  /**
   * With `share`: what this one was given and has not done when it is gone is given to another, so
   * it may be done twice. False: at most once. Default: true.
   */
  readonly again?: boolean
  /** Publishers that prove less are not heard, and counted as `weakProof`. Default: that of `connect`. */
  readonly proof?: Proof
}

export type Handler<M> = (message: M) => void | Promise<void>

/** Messages as they come: iterate it, or give `subscribe` a handler. Ends by `close` or `break`. */
export interface Subscription<M> extends AsyncIterable<M>, AsyncDisposable {
  readonly pattern: string
  /** Messages dropped because the queue was full. */
  readonly dropped: number
  /** Messages waiting in the queue. */
  readonly queued: number
  close(): Promise<void>
}

export interface PeerInfo {
  readonly id: PeerId
  /** The Ed25519 public key, 64 hexadecimal digits. */
  readonly identity: string
  readonly name: string
  readonly tags: Readonly<Record<string, string>>
  /** When this process first heard it, ms since 1970. */
  readonly since: number
  /** How its packets come to this process now. */
  readonly path: PathKind
  /** Why by that way, in words; empty where there is one way alone. */
  readonly pathReason: string
}

export interface PresenceChange {
  readonly type: 'join' | 'update' | 'leave'
  readonly peer: PeerInfo
}

/** The peers of the realm that are here now. */
export interface Presence extends Iterable<PeerInfo> {
  readonly size: number
  get(id: PeerId): PeerInfo | undefined
  /** Changes from now on. */
  watch(options?: Cancel): AsyncIterable<PresenceChange>
}

/** A topic that some peer publishes. */
export interface TopicInfo {
  readonly topic: string
  readonly from: PeerId
  readonly delivery: Delivery
}

export type BusEvent =
  | {
      readonly type: 'path'
      readonly from: PathKind
      readonly to: PathKind
      readonly reason: string
    }
  | { readonly type: 'interface'; readonly name: string; readonly up: boolean }
  | Gap
  | {
      readonly type: 'invalid'
      readonly topic: string
      readonly from: PeerId
      readonly issues: readonly string[]
    }
  | { readonly type: 'rejected'; readonly reason: CounterName; readonly count: number }
  | { readonly type: 'peer'; readonly change: PresenceChange }
  | { readonly type: 'topic'; readonly topic: TopicInfo }
  | EpochEvent
  | WayEvent
  | WithheldEvent
  | ShareLostEvent
  | { readonly type: 'error'; readonly error: Error }

/** What a lingering close has learnt. */
export interface CloseReport {
  /**
   * Receivers that did not confirm the last messages within `linger`, and newcomers that have not
   * said by then whether they are any.
   */
  readonly unconfirmed: readonly PeerInfo[]
  /** Receivers that had to give messages up, and how many: lost on the way, and not to be had. */
  readonly incomplete: readonly { readonly peer: PeerInfo; readonly lost: number }[]
  /** Messages of shared topics that no member of a group has got: they are lost with this bus. */
  readonly waiting?: number
  /** The epoch of others who have heard nothing of this bus, since it has no keys of it. */
  readonly behind?: number
  /** Messages told to actors by their names alone that had not been found by then: they are lost. */
  readonly mailLost?: number
}

export interface Bus extends VariableCalls, ActorCalls, NativeUse, AsyncDisposable {
  /** This process on the bus. */
  readonly id: PeerId
  readonly realm: string
  readonly path: PathKind
  /** Resolved while the send queue is below its mark, pending above it. */
  readonly ready: Promise<void>
  readonly presence: Presence
  /** Topics that other peers have announced. */
  readonly topics: Iterable<TopicInfo>
  /**
   * Hands a message to the bus: never blocks. Throws INVALID_TOPIC, INVALID_VALUE, TOO_LARGE,
   * OVERFLOW (await `ready` first), LIMIT or CLOSED, and then nothing was sent.
   */
  publish<T>(topic: string | Topic<T>, value: T, options?: PublishOptions): void
  subscribe<T = unknown, const P extends string = string>(
    pattern: P | Topic<T, P>,
    options?: SubscribeOptions<T> & { readonly gaps?: false; readonly live?: false },
  ): Subscription<Message<T, P>>
  subscribe<T = unknown, const P extends string = string>(
    pattern: P | Topic<T, P>,
    options: SubscribeOptions<T> & { readonly gaps: true; readonly live?: false },
  ): Subscription<Message<T, P> | Gap>
  subscribe<T = unknown, const P extends string = string>(
    pattern: P | Topic<T, P>,
    options: SubscribeOptions<T> & { readonly gaps?: false; readonly live: true },
  ): Subscription<Message<T, P> | Live>
  subscribe<T = unknown, const P extends string = string>(
    pattern: P | Topic<T, P>,
    options: SubscribeOptions<T> & { readonly gaps: true; readonly live: true },
  ): Subscription<Message<T, P> | Gap | Live>
  subscribe<T = unknown, const P extends string = string>(
    pattern: P | Topic<T, P>,
    handler: Handler<Message<T, P>>,
    options?: SubscribeOptions<T> & { readonly gaps?: false; readonly live?: false },
  ): Subscription<never>
  /**
   * Announces a reliable topic and waits until other peers have subscribed to it; resolves to their
   * number. What is published from then on, `close` waits for them to confirm.
   */
  matched(topic: string | Topic<unknown>, options?: MatchedOptions): Promise<number>
  /**
   * Answers questions on the topics that match, until it is closed. What the handler throws goes to
   * the asker: a BusError with its code, anything else as REMOTE with its message.
   */
  respond<Q = unknown, R = unknown, const P extends string = string>(
    pattern: P | Service<Q, R, P>,
    handler: Responding<Q, R, P>,
    options?: RespondOptions<Q>,
  ): Responder
  /**
   * Asks everybody who responds on the topic, and takes the first answer. Rejects with TIMEOUT,
   * NO_RESPONDER, BUSY, ABANDONED, what the responder has thrown, or as `publish` throws.
   */
  request<R = unknown, Q = unknown>(
    topic: string | Service<Q, R>,
    value: NoInfer<Q>,
    options?: RequestOptions<R>,
  ): Promise<Reply<R>>
  /** Asks everybody, and gives the answers as they come. Throws as `publish` does. */
  gather<R = unknown, Q = unknown>(
    topic: string | Service<Q, R>,
    value: NoInfer<Q>,
    options?: GatherOptions<R>,
  ): Gathering<R>
  /**
   * Sends a file to everybody who receives files of this topic, all at once; resolves when each of
   * them has confirmed its hash, has refused, or has gone.
   */
  sendFile(
    topic: string | Topic<unknown>,
    path: string,
    options?: SendFileOptions,
  ): Promise<SendReport>
  /** Takes the files of these topics into a folder; what broke off goes on from where it was. */
  receiveFiles(
    pattern: string | Topic<unknown>,
    directory: string,
    options?: ReceiveFilesOptions,
  ): Receiving
  /**
   * Shows other rights from now on, as when the old ones come to their end. Throws DENIED when they
   * are not good for this bus, INVALID_KEY when they are no rights.
   */
  renew(rights: string): void
  /** What happens on the bus besides messages; bounded, oldest dropped first. */
  events(options?: Cancel): AsyncIterable<BusEvent>
  /**
   * In a realm with an owner: takes the page of a newer epoch, and passes it on. An `epoch` event
   * tells what comes of it. Throws INVALID_KEY or CLOSED.
   */
  adopt(page: string): void
  /** Every counter, by name. */
  stats(): Readonly<Record<CounterName, number>>
  /** Resolves when everything published so far has been handed to the network. */
  flush(options?: Cancel): Promise<void>
  /** Flushes, waits up to `linger` for the receivers, says goodbye. `asyncDispose` calls it. */
  close(options?: CloseOptions): Promise<CloseReport>
}
