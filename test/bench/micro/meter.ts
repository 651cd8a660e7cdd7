/** Measures what one operation takes: nanoseconds, and bytes that it allocates. */
import { quantile } from '../../sim/tables.ts'

export interface Operation {
  /** The part of the core that it is of. */
  readonly part: string
  readonly name: string
  /** What one call of `run` does so many times. Default: 1. */
  readonly times?: number
  readonly run: () => unknown
  /** Whether a result is what it should be. */
  readonly right: (result: unknown) => boolean
}

/** Of one operation: medians of the rounds. */
export interface Figure {
  readonly part: string
  readonly name: string
  readonly ns: number
  /** On the heap and in buffers; undefined where each round was disturbed by a collection. */
  readonly bytes: number | undefined
}

export interface Machine {
  readonly nowMs: () => number
  /** Bytes that are held. */
  readonly held: () => number
  /** Collects all garbage. */
  readonly collect: () => void
}

export interface Rounds {
  readonly rounds: number
  /** How long a round is to take, ms. */
  readonly roundMs: number
}

/** Throws an error when a result is wrong: what does nothing is quick. */
export function measure(
  operation: Operation,
  machine: Machine,
  { rounds, roundMs }: Rounds,
): Figure {
  const { part, name, times = 1, run, right } = operation
  if (!right(run())) throw new Error(`${part}, ${name}: the result is wrong`)
  const calls = callsIn(run, machine, roundMs)
  const nanoseconds: number[] = []
  const bytes: number[] = []
  for (let round = 0; round < rounds; round++) {
    const startedAt = machine.nowMs()
    repeat(run, calls)
    nanoseconds.push(((machine.nowMs() - startedAt) * 1e6) / (calls * times))
    // Few, so that no collection comes between.
    const some = Math.min(calls, COUNTED)
    machine.collect()
    const before = machine.held()
    repeat(run, some)
    const grown = machine.held() - before
    if (grown >= 0) bytes.push(grown / (some * times))
  }
  return { part, name, ns: median(nanoseconds)!, bytes: median(bytes) }
}

/** How many calls take so long; the code is warm afterwards. */
function callsIn(run: () => unknown, machine: Machine, roundMs: number): number {
  for (let calls = 1; ; calls *= 2) {
    const startedAt = machine.nowMs()
    repeat(run, calls)
    if (machine.nowMs() - startedAt >= roundMs || calls >= CALLS_MAX) return calls
  }
}

/** What comes last is kept until the next call, so that nobody can leave the call out. */
let kept: unknown

function repeat(run: () => unknown, calls: number): void {
  for (let call = 0; call < calls; call++) kept = run()
  if (kept === repeat) throw new Error('never')
}

function median(values: readonly number[]): number | undefined {
  const ordered = values.toSorted((a, b) => a - b)
  return ordered.length === 0 ? undefined : quantile(ordered, 0.5)
}

const COUNTED = 2000
const CALLS_MAX = 2 ** 24
