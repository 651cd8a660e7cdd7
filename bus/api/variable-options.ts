/** The public types of variables: what `expose` and `fetch` take and give. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { BusError } from './errors.ts'
import type { Cancel, PeerId } from './terms.ts'
import type { Topic } from './topic.ts'

export interface ExposeOptions<T> {
  /** Values that do not match are refused, and what a function gives counts as failed. */
  readonly schema?: StandardSchemaV1<unknown, T>
  /** A function may take so many ms. Default: 1000. */
  readonly timeout?: number
  /** Whether others may set it, and who and what. Not of what a function gives. Default: false. */
  readonly writable?: boolean | ((from: PeerId, value: T) => boolean)
  /** Called when another has set it. */
  readonly written?: (value: T, from: PeerId) => void
}

/** What is exposed under a name, until it is closed or the bus is. */
export interface Exposed extends AsyncDisposable {
  readonly name: string
  /** Goes up with each change: each `set`, or each time that a function gives another value. */
  readonly version: number
  close(): Promise<void>
}

/** A variable that its owner sets. */
export interface Variable<T> extends Exposed {
  /** A copy, as others fetch it. */
  readonly value: T
  /** Throws INVALID_VALUE, TOO_LARGE or CLOSED, and then nothing has changed. */
  set(value: T): void
  /** Sets what the function makes of the value. */
  update(change: (value: T) => T): void
}

export interface FetchOptions<T> extends Cancel {
  /** A value that does not match is a failure of its peer. */
  readonly schema?: StandardSchemaV1<unknown, T>
  /** Asks this peer, or these, and no others. */
  readonly from?: PeerId | readonly PeerId[]
  /** Asks peers that have all these tags. */
  readonly where?: Readonly<Record<string, string>>
  /** True: also who exposes nothing has an outcome. Default: only with `from` or `where`. */
  readonly everyone?: boolean
  /** Ends when so many peers have given a value. Default: waits for all. */
  readonly min?: number
  /** Ends after so many ms. Default: 5000. */
  readonly timeout?: number
  /**
   * Gives first, and at once, what earlier fetches with this option have got within so many ms.
   * Default: nothing.
   */
  readonly stale?: number
}

/** One value of one peer. */
export interface Reading<T = unknown> {
  readonly name: string
  readonly value: T
  readonly from: PeerId
  readonly version: number
  /** How long before the answer its owner has set it, ms; 0 for what a function gave. */
  readonly age: number
  /** From the question to the answer, ms. */
  readonly rtt: number
  /** It comes from an earlier fetch, and `age` has grown since. */
  readonly stale: boolean
}

/** A variable that could not be had, and why. */
export interface VariableFailure {
  readonly name: string
  readonly error: BusError
}

/** What came of it at one peer. */
export type FetchOutcome = {
  readonly from: PeerId
  /** Values of this peer. */
  readonly values: number
  /** Its variables that match and could not be had. */
  readonly failures: readonly VariableFailure[]
} &
  /** All its variables that match, and there are some. */
  (
    | { readonly type: 'answered'; readonly rtt: number }
    /** It has failed, or at least one of its variables has. */
    | { readonly type: 'error'; readonly error: BusError }
    /** It does not give them, or may not expose what it has given. */
    | { readonly type: 'refused'; readonly error: BusError }
    /** It is here, and has no such variable. */
    | { readonly type: 'absent' }
    /** It has not answered, or not all, in time. */
    | { readonly type: 'silent' }
    /** It has left before, or is not here; `asked`: the question may have come to it. */
    | { readonly type: 'gone'; readonly asked: boolean }
    /** The fetch ended before: by `min`, `break`, `signal` or the end of the bus. */
    | { readonly type: 'cancelled' }
  )

/** Why a fetch has ended; 'complete': everybody that was expected has an outcome. */
export type FetchEnd = 'complete' | 'min' | 'timeout' | 'break' | 'aborted' | 'closed'

export interface FetchReport {
  readonly end: FetchEnd
  /** One for each peer that was expected, or has given anything. */
  readonly outcomes: readonly FetchOutcome[]
}

/** Values as they come; what could not be had is in the report. `break` calls it off. */
export interface Fetching<T> extends AsyncIterable<Reading<T>> {
  /** Resolves when it has ended, also when nobody iterates. */
  readonly report: Promise<FetchReport>
  /** All values, once it has ended; of each variable the newest. */
  all(): Promise<Reading<T>[]>
}

export interface SetOptions extends Cancel {
  /** The owner. Default: the only peer that exposes the name. */
  readonly to?: PeerId
  /** The version that is to be replaced, as a `Reading` has it; else CHANGED. Default: any. */
  readonly version?: number
  /** Waits so many ms. Default: 5000. */
  readonly timeout?: number
}

/** What a variable of another peer holds since it has been set. */
export type Written<T = unknown> = Pick<Reading<T>, 'name' | 'value' | 'from' | 'version'>

export interface SetAllOptions extends Cancel {
  /** The owners. Default: whoever exposes the name. */
  readonly to?: PeerId | readonly PeerId[]
  /** Peers that are here and have all these tags. */
  readonly where?: Readonly<Record<string, string>>
  /** Waits so many ms. Default: 5000. */
  readonly timeout?: number
}

/** What came of setting a variable at one peer. */
export type SetOutcome = { readonly from: PeerId } & (
  | { readonly type: 'written'; readonly value: unknown; readonly version: number }
  /** It stays as it was there: DENIED. */
  | { readonly type: 'refused'; readonly error: BusError }
  | { readonly type: 'error'; readonly error: BusError }
  /** It is here, and has no such variable. */
  | { readonly type: 'absent' }
  /** It has not answered in time, and may have set it. */
  | { readonly type: 'silent' }
  /** It has left before, or is not here; `asked`: the question may have come to it. */
  | { readonly type: 'gone'; readonly asked: boolean }
  /** It was called off before, and may have been set. */
  | { readonly type: 'cancelled' }
)

export interface SetReport {
  /** Why it has ended; 'complete': everybody that was meant has an outcome. */
  readonly end: Exclude<FetchEnd, 'min' | 'break'>
  readonly outcomes: readonly SetOutcome[]
}

export interface WatchOptions<T> extends Cancel {
  /** A value that does not match comes as failed. */
  readonly schema?: StandardSchemaV1<unknown, T>
  readonly from?: PeerId | readonly PeerId[]
  /** Of peers that have all these tags. */
  readonly where?: Readonly<Record<string, string>>
  /** How often owners call functions, ms. Default: 1000. */
  readonly every?: number
}

/** Something about a variable that was not known before. */
export type Change<T = unknown> = { readonly name: string; readonly from: PeerId } & (
  | {
      readonly type: 'value'
      readonly value: T
      readonly version: number
      /** How long it had been so when its owner said it, ms. */
      readonly age: number
    }
  /** It cannot be had. */
  | { readonly type: 'failed'; readonly error: BusError }
  /** It is exposed no more, or its owner has gone. */
  | { readonly type: 'gone' }
)

/** One name or pattern, or several. */
export type Names<T> = string | Topic<T> | readonly string[]
