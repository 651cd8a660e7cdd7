/** The public type of what a bus does with variables. */
import type { Topic } from './topic.ts'
import type {
  Exposed,
  ExposeOptions,
  Fetching,
  FetchOptions,
  Names,
  Change,
  SetAllOptions,
  SetOptions,
  SetReport,
  Variable,
  WatchOptions,
  Written,
} from './variable-options.ts'
import type {
  AggregateOccasion,
  AggregateOptions,
  Condition,
  Occasion,
  WhenOptions,
} from './when-options.ts'

/** What a bus does with variables. */
export interface VariableCalls {
  /**
   * Lets others read what the function gives, each time that they ask. Throws INVALID_TOPIC, EXISTS
   * (this bus exposes the name), DENIED, LIMIT or CLOSED.
   */
  expose<T>(
    name: string | Topic<T>,
    read: () => T | Promise<T>,
    options?: ExposeOptions<T>,
  ): Exposed
  /** Lets others read a value. Throws INVALID_VALUE and TOO_LARGE as well. */
  expose<T>(name: string | Topic<T>, value: T, options?: ExposeOptions<T>): Variable<T>
  /** Asks all peers for their variables, by one question. Throws as `publish` does. */
  fetch<T = unknown>(names: Names<T>, options?: FetchOptions<T>): Fetching<T>
  /**
   * Sets a variable of another peer, which judges whether it may. Rejects with DENIED, CHANGED,
   * CONFLICT (several peers expose the name), INVALID_VALUE, TOO_LARGE, UNSUPPORTED, NO_RESPONDER,
   * or as `request` does.
   */
  set<T>(name: string | Topic<T>, value: T, options?: SetOptions): Promise<Written<T>>
  /**
   * Sets a variable at all peers that expose it, at those that are named, or at those with tags;
   * each of them judges, and has an outcome. Rejects with INVALID_VALUE, TOO_LARGE, or as
   * `publish` throws.
   */
  setAll<T>(name: string | Topic<T>, value: T, options?: SetAllOptions): Promise<SetReport>
  /**
   * Gives what variables hold now, of all peers, and then what changes, until `break` or `signal`.
   * Of each variable the newest change waits for the program, and none before it.
   */
  watch<T = unknown>(names: Names<T>, options?: WatchOptions<T>): AsyncIterable<Change<T>>
  /**
   * Acts when the test has become true of a variable, for each variable by itself, and not again
   * before it is over. What the functions throw is told by `told` and by an `error` event.
   */
  when<T = unknown>(
    names: Names<T>,
    test: (value: T) => boolean,
    act: (occasion: Occasion<T>) => void | Promise<void>,
    options?: WhenOptions<T> & { readonly aggregate?: undefined },
  ): Condition
  /** The same of what all variables together come to. */
  when<T, V>(
    names: Names<T>,
    test: (value: V) => boolean,
    act: (occasion: AggregateOccasion<V, T>) => void | Promise<void>,
    options: AggregateOptions<V, T>,
  ): Condition
}
