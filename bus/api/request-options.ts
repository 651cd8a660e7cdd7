/** The public types of asking and answering: what `respond`, `request` and `gather` take and give. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { BusError } from './errors.ts'
import type { Message } from './message.ts'
import type { Cancel, PeerId } from './terms.ts'

/** A question as its responder gets it. */
export interface Question<Q = unknown, P extends string = string> extends Message<Q, P> {
  /** Aborted when the asker has called it off, has gone, or waits no longer. */
  readonly signal: AbortSignal
}

/** Answers a question: with a value, a promise of one, or several, one after the other. */
export type Responding<Q, R, P extends string = string> = (
  question: Question<Q, P>,
) => R | Promise<R> | AsyncIterable<R>

export interface RespondOptions<Q> extends Cancel {
  /** Questions whose value does not match are answered with INVALID_VALUE. Default: the service's. */
  readonly schema?: StandardSchemaV1<unknown, Q>
  /**
   * Questions at work at once; further ones are answered with BUSY, or wait where it shares. Default:
   * `limits.answering`.
   */
  readonly concurrency?: number
  /**
   * A group: of the responders that name it, in whatever process, one answers each question, the
   * one with the least to do. What it has no room for waits in it. Default: answers all questions.
   */
  readonly share?: string
  /**
   * With `share`: a question that this one has begun and not answered when it is gone is given to
   * another, which does the work once more. Default: false, the asker gets `ABANDONED`.
   */
  readonly again?: boolean
}

/** Answers until it is closed. */
export interface Responder extends AsyncDisposable {
  readonly pattern: string
  /** Questions that are being answered now. */
  readonly working: number
  /** Takes no more questions; resolves when those at work have been answered. */
  close(): Promise<void>
}

/** One answer. */
export interface Reply<R = unknown> {
  readonly value: R
  readonly from: PeerId
  /** Which of this peer's answers to the question it is, from 0. */
  readonly sequence: number
  /** From the question to this answer, ms. */
  readonly rtt: number
}

export interface RequestOptions<R> extends Cancel {
  /** An answer that does not match is INVALID_VALUE. Default: the service's. */
  readonly schema?: StandardSchemaV1<unknown, R>
  /** Waits so many ms. Default: 5000. */
  readonly timeout?: number
  /** Asks this peer and no other. */
  readonly to?: PeerId
}

export interface GatherOptions<R> extends Cancel {
  readonly schema?: StandardSchemaV1<unknown, R>
  /** Ends after so many ms. Default: 5000. */
  readonly timeout?: number
  /** Ends so many ms after the last answer, once there is one. Default: waits for all. */
  readonly quiet?: number
  /** Ends after so many answers. Default: takes all. */
  readonly max?: number
  /**
   * Ends when these peers, or so many, have answered or cannot. Default: everybody who is here and
   * has to do with the topic.
   */
  readonly expect?: number | readonly PeerId[]
  /** Asks these peers and no others. */
  readonly to?: PeerId | readonly PeerId[]
}

/** What came of the question at one peer. */
export type Outcome = {
  readonly from: PeerId
  /** Answers of this peer that were taken. */
  readonly replies: number
} & (
  | { readonly type: 'answered'; readonly rtt: number }
  /** It has failed, has refused (DENIED) or is busy (BUSY), or its answer could not be taken. */
  | { readonly type: 'error'; readonly error: BusError }
  /** It is here, and answers no such questions. */
  | { readonly type: 'none' }
  /** It has not answered, or not to the end, in time. */
  | { readonly type: 'silent' }
  /** It has left before, or is not here; `asked`: the question may have come to it. */
  | { readonly type: 'gone'; readonly asked: boolean }
  /** The gathering ended before: by `max`, `break`, `signal` or the end of the bus. */
  | { readonly type: 'cancelled' }
)

/** Why a gathering has ended; 'complete': everybody that was expected has an outcome. */
export type GatherEnd = 'complete' | 'max' | 'quiet' | 'timeout' | 'break' | 'aborted' | 'closed'

export interface GatherReport {
  readonly end: GatherEnd
  /** One for each peer that was expected, or has said anything. */
  readonly outcomes: readonly Outcome[]
}

/** The answers as they come; errors of single peers are in the report. `break` calls it off. */
export interface Gathering<R> extends AsyncIterable<Reply<R>> {
  /** Resolves when it has ended, also when nobody iterates. */
  readonly report: Promise<GatherReport>
}
