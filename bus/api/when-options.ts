/** The public types of conditions: what `when` takes and gives. */
import type { PeerId } from './terms.ts'
import type { Reading, WatchOptions } from './variable-options.ts'

/** `V` is what is tested, `T` what the variables hold: the same, but with an aggregate. */
export interface WhenOptions<V, T = V> extends WatchOptions<T> {
  /** The test must have held for so many ms before it acts. Default: 0. */
  readonly for?: number
  /** Once it has acted it does so again only after this has been true. Default: the test is false. */
  readonly until?: (value: V) => boolean
  /** True: never acts; `told` is told when it would. Default: false. */
  readonly dryRun?: boolean
  /** Called with each step that it takes. */
  readonly told?: (step: WhenStep<V>) => void
  /** How often `act` may be at work at the same time, from 1. Default: 16. */
  readonly concurrency?: number
}

export interface AggregateOptions<V, T> extends WhenOptions<V, T> {
  /** What all variables together come to; `undefined` where that is nothing. */
  readonly aggregate: (readings: readonly Observed<T>[]) => V | undefined
}

/** The last that is known of a variable. */
export type Observed<T = unknown> = Pick<Reading<T>, 'name' | 'value' | 'from' | 'version'>

/** What `act` is called with. */
export interface Occasion<T = unknown> extends Observed<T> {
  /** How long the test has held, ms. */
  readonly held: number
  /** Aborts when the condition is given up. */
  readonly signal: AbortSignal
}

/** The same with an aggregate. */
export interface AggregateOccasion<V = unknown, T = unknown> {
  readonly value: V
  /** What it was made of. */
  readonly readings: readonly Observed<T>[]
  readonly held: number
  readonly signal: AbortSignal
}

/** What a condition does, and why it does not act. */
export type WhenStep<V = unknown> = {
  /** The variable and its owner; `undefined` with an aggregate. */
  readonly name: string | undefined
  readonly from: PeerId | undefined
  /** The last that is known; `undefined` where nothing is. */
  readonly value: V | undefined
  /** How long the test has held, ms. */
  readonly held: number
} & (
  | {
      readonly type: /** The test is true, and not for long enough yet. */
        | 'holds'
        /** It is not any more, or not known, or was over before its turn: nothing has been done. */
        | 'passed'
        /** It acts now. */
        | 'acts'
        /** It would act now, but for `dryRun`. */
        | 'would'
        /** `act` has come to its end. */
        | 'acted'
        /** `until` is true: it acts again the next time. */
        | 'over'
        /** It had acted, and the variable or its owner has gone. */
        | 'gone'
    }
  /** A function of the program has failed. */
  | { readonly type: 'failed'; readonly error: Error }
)

/** A condition that is looked at until it is closed or its bus is. */
export interface Condition extends AsyncDisposable {
  /** Of how many variables it holds and has been acted upon, and is not over; with an aggregate 0 or 1. */
  readonly holding: number
  /** How many calls of `act` are at work. */
  readonly working: number
  /** Resolves when it has been closed, rejects with the reason when it has come to its end otherwise. */
  readonly ended: Promise<void>
  /** Acts no more; resolves when what is at work has been done. */
  close(): Promise<void>
}
