/** What a simulation takes and gives: its public types. */
import type { Bus, ConnectOptions } from '../api/options.ts'

export interface SimulateOptions {
  /** The same seed gives the same run. Default: 1. */
  readonly seed?: number
  /** Which part of the datagrams is lost on the way to each host, 0 to 1. Default: 0. */
  readonly loss?: number
  /** Which part of them comes twice, 0 to 1. Default: 0. */
  readonly duplicate?: number
  /**
   * How long a datagram takes, ms, at least and at most. Each one takes its own time, so they
   * overtake one another. Default: [0.2, 0.2].
   */
  readonly delay?: readonly [number, number]
}

/** What `connect` takes, but for what belongs to a machine's network. */
export interface SimulatedOptions extends Omit<
  ConnectOptions,
  'scope' | 'interface' | 'port' | 'hops' | 'peers' | 'unicastPort' | 'native' | 'keyLog'
> {
  /** The host that the bus runs on; buses of one host always reach each other. Default: its name. */
  readonly host?: string
}

/** A network in one process. Its time passes in `run` and `until` only. */
export interface Simulation extends AsyncDisposable {
  readonly seed: number
  /** Virtual ms since the beginning. */
  readonly time: number
  /** A bus on this network, as `connect` gives one. Its realm needs no key file. */
  connect(options?: SimulatedOptions): Promise<Bus>
  /** Lets so many ms pass. */
  run(ms: number): Promise<void>
  /** Lets time pass until the promise settles; rejects with TIMEOUT after `ms`. Default: 60,000. */
  until<T>(promise: PromiseLike<T>, ms?: number): Promise<T>
  /** For programs under test: resolves when so many ms have passed. */
  sleep(ms: number): Promise<void>
  /**
   * Hosts of different groups do not reach each other, one of several groups reaches all of
   * those; those that no group names are one more.
   */
  partition(...groups: readonly (readonly string[])[]): void
  /** Ends every partition. */
  heal(): void
  /** Which part of the datagrams is lost on the way to this host from now on. */
  lose(host: string, part: number): void
  /**
   * From now on this host takes `ms` over each datagram; of those that have to wait, it keeps 1,024.
   * 0: it takes them at once.
   */
  slow(host: string, ms: number): void
  /** The process of this bus ends without a word: it does nothing any more. */
  crash(bus: Bus): void
  /** Closes every bus, without waiting for their receivers. */
  close(): Promise<void>
}
