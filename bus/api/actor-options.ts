/** The public types of actors: what `spawn`, `actor` and `group` take and give. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { BusError } from './errors.ts'
// oxlint-disable-next-line import/no-cycle -- A bus has actors, and an actor has its bus.
import type { Bus } from './options.ts'
import type { GatherOptions, GatherReport, Reply, RequestOptions } from './request-options.ts'
import type { Cancel, PeerId } from './terms.ts'

/** Takes one message after the other: what it gives back is the actor's state from then on. */
export type Behaviour<M, S, R = void> = (
  state: S,
  message: M,
  context: ActorContext<M>,
) => Step<M, S, R> | Promise<Step<M, S, R>>

/** What a message has come to; with anything else in it the behaviour has failed. */
export interface Step<M, S, R = void> {
  /** The state for the next message. */
  readonly state: S
  /** What whoever has asked gets. Default: null. */
  readonly reply?: R
  /** In place of a reply: whoever waits is refused so. The actor goes on. */
  readonly error?: BusError
  /** Takes the messages from now on, until a restart. */
  readonly become?: Behaviour<M, S, R>
  /** True: this was the last message. */
  readonly stop?: boolean
}

/**
 * What a behaviour knows besides its state and the message; refs it gives say who is speaking. Its
 * calls stand by themselves, and may be taken out of it.
 */
export interface ActorContext<M> {
  readonly self: ActorRef<M>
  /** The peer that the message is from. */
  readonly from: PeerId
  /** The actor that has sent it, if one has. */
  readonly sender: ActorRef<unknown, unknown> | undefined
  readonly bus: Bus
  /** Aborted when the actor stops, or starts anew. */
  readonly signal: AbortSignal
  /** A message to itself in so many ms, unless it stops or starts anew before; calling it off. */
  after(this: void, delayMs: number, message: M): () => void
  /** Tells it, by the message that the function makes, when an actor is there no more. Calls it off. */
  watch(this: void, actor: ActorRef<never, unknown>, told: (end: ActorGone) => M): () => void
  /** An actor below this one, called `parent/name`: it stops with its parent. */
  spawn<N, S, R = void>(
    this: void,
    name: string,
    behaviour: Behaviour<N, S, R>,
    options: SpawnOptions<N, S>,
  ): Actor<N, R>
  /** As of the bus, but whoever gets a message knows its sender. */
  actor<N = unknown, R = unknown>(this: void, address: string): ActorRef<N, R>
  group<N = unknown, R = unknown>(this: void, name: string): Group<N, R>
}

/** What a full mailbox does with one message more. */
export type MailboxOverflow = 'reject' | 'drop-oldest' | 'drop-newest'

/** What becomes of an actor whose behaviour has thrown. */
export type FailurePolicy = 'restart' | 'stop' | 'escalate'

export interface SpawnOptions<M, S> extends Cancel {
  /** The state at the beginning and after each restart; a function makes it anew each time. */
  readonly initial: S | (() => S)
  /** What does not match is refused, and the behaviour does not see it. */
  readonly schema?: StandardSchemaV1<unknown, M>
  /** It hears what is told to these groups. */
  readonly groups?: readonly string[]
  /** Messages that wait at most. Default: 1024. */
  readonly mailbox?: number
  /** Default: 'reject'. */
  readonly overflow?: MailboxOverflow
  /** Default: 'restart'. */
  readonly failure?: FailurePolicy
  /** Restarts within `window`; one failure more stops it. Default: 5. */
  readonly restarts?: number
  /** Ms. Default: 60,000. */
  readonly window?: number
  /** Ms before the first restart, twice as many before each further one. Default: 100. */
  readonly backoff?: number
}

/** Why an actor is there no more. */
export type ActorEndReason =
  /** Its behaviour has said so. */
  | 'stopped'
  /** By `close`, its signal, or the end of its bus. */
  | 'closed'
  /** Its behaviour has thrown, and it does not start anew. */
  | 'failed'
  /** Its parent has stopped or started anew. */
  | 'parent'

export interface ActorEnd {
  readonly reason: ActorEndReason
  /** What its behaviour has thrown. */
  readonly error?: Error
}

/** The end of an actor that was watched. */
export interface ActorGone {
  readonly address: string
  /** 'gone': its peer has left. 'unknown': there was no such actor when it was to be watched. */
  readonly reason: ActorEndReason | 'gone' | 'unknown'
}

export interface DeliverOptions extends Cancel {
  /** Waits so many ms. Default: 5000. */
  readonly timeout?: number
}

export type AskOptions<R> = Omit<RequestOptions<R>, 'to'>

/** An actor of whichever peer, by its address. */
export interface ActorRef<M = unknown, R = unknown> {
  /** `name@peer`, or the name alone. */
  readonly address: string
  /**
   * Sends a message, at most once: nobody says whether it has come. Throws INVALID_VALUE,
   * TOO_LARGE, MAILBOX_FULL (of an actor of this bus), or as `publish` does.
   */
  tell(message: M): void
  /**
   * Sends a message, at least once: resolves when the actor has done what it says. Rejects with
   * NO_ACTOR, MAILBOX_FULL, CONFLICT, TIMEOUT, what the behaviour has thrown, or as `request` does.
   */
  deliver(message: M, options?: DeliverOptions): Promise<void>
  /** Sends a message, and waits for the reply. Rejects as `deliver` does. */
  ask(message: M, options?: AskOptions<R>): Promise<R>
}

/** An actor of this bus. */
export interface Actor<M = unknown, R = unknown> extends ActorRef<M, R>, AsyncDisposable {
  readonly name: string
  /** Messages that wait. */
  readonly queued: number
  /** Resolves when it has stopped. */
  readonly stopped: Promise<ActorEnd>
  /** Takes no more messages; resolves when the one at work is done, after 5 s at the latest. */
  close(): Promise<void>
}

/** The reply of one member of a group. */
export interface MemberReply<R = unknown> extends Omit<Reply<R>, 'sequence'> {
  /** Its address. */
  readonly actor: string
}

/** A member whose reply could not be had, and why. */
export interface MemberFailure {
  readonly actor: string
  readonly error: BusError
}

export interface AskAllReport extends GatherReport {
  readonly failures: readonly MemberFailure[]
}

/** Replies as they come; `break` calls it off. */
export interface AskingAll<R> extends AsyncIterable<MemberReply<R>> {
  readonly report: Promise<AskAllReport>
  /** All replies, once it has ended. */
  all(): Promise<MemberReply<R>[]>
}

/** All actors that were spawned with the name of the group, of all peers. */
export interface Group<M = unknown, R = unknown> {
  readonly name: string
  /** Tells all of them, by one packet. Throws as `publish` does. */
  tell(message: M): void
  /** Asks one of them: one of the peer that is the first to say that it has one. */
  ask(message: M, options?: AskOptions<R>): Promise<R>
  /** Asks all of them. Throws as `publish` does. */
  askAll(message: M, options?: Omit<GatherOptions<R>, 'to' | 'max'>): AskingAll<R>
}

/** What a bus does with actors. */
export interface ActorCalls {
  /**
   * Begins an actor of this bus. Throws INVALID_TOPIC, INVALID_OPTION, EXISTS (this bus has one of
   * the name; other peers may), LIMIT, DENIED or CLOSED.
   */
  spawn<M, S, R = void>(
    name: string,
    behaviour: Behaviour<M, S, R>,
    options: SpawnOptions<M, S>,
  ): Actor<M, R>
  /** An actor of any peer: `name@peer`, or by its name alone. Throws INVALID_TOPIC or CLOSED. */
  actor<M = unknown, R = unknown>(address: string): ActorRef<M, R>
  /** Throws INVALID_TOPIC or CLOSED. */
  group<M = unknown, R = unknown>(name: string): Group<M, R>
}
