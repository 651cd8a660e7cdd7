/**
 * Makes a failing plan smaller while it still breaks the same rule: fewer faults, hosts, processes,
 * topics and acts, shorter storms.
 *
 * Each try is a whole run, so nothing is assumed of how the parts of a plan hang together; what
 * does not fail any more is simply not taken.
 */
import { COUNTABLE, type Countable, type Overrides, planWith } from './overrides.ts'
import { type Outcome, runSeed } from './run.ts'

export interface ShrinkOptions {
  /** Where to begin. Default: the plan of the seed. */
  readonly overrides?: Overrides
  /** Runs at most. */
  readonly runs: number
  /** Told of each smaller plan. */
  readonly smaller?: (outcome: Outcome, runs: number) => void
}

/** The smallest failing run that was found; the first one when the seed does not fail. */
export function shrink(seed: number, options: ShrinkOptions): Outcome {
  const first = runSeed(seed, { overrides: options.overrides ?? {} })
  if (!first.violation) return first
  const shrinker = new Shrinker(first, options)
  while (shrinker.round()) continue
  return shrinker.best
}

class Shrinker {
  best: Outcome
  readonly #options: ShrinkOptions
  #runs = 1

  constructor(first: Outcome, options: ShrinkOptions) {
    this.best = first
    this.#options = options
  }

  /** One pass over everything; false when it has found nothing smaller, or may try no more. */
  round(): boolean {
    const before = this.best
    for (const list of LISTS) this.#shorten(list)
    for (const count of COUNTABLE) this.#lower(count)
    this.#dropActs()
    return this.best !== before && this.#runs < this.#options.runs
  }

  /** Whether the plan fails in the same way with this; then it is the best. */
  #try(change: Overrides): boolean {
    if (this.#runs >= this.#options.runs) return false
    this.#runs += 1
    const { seed, overrides, violation } = this.best
    const outcome = runSeed(seed, { overrides: { ...overrides, ...change } })
    if (outcome.violation?.rule !== violation?.rule) return false
    this.best = outcome
    this.#options.smaller?.(outcome, this.#runs)
    return true
  }

  #plan(): ReturnType<typeof planWith> {
    return planWith(this.best.seed, this.best.overrides ?? {})
  }

  /** Leaves entries out, one by one; none at all where that is possible. */
  #shorten(list: (typeof LISTS)[number]): void {
    const sizeMin = list === 'faults' ? 0 : 1
    const entries = [...this.#plan()[list]]
    if (entries.length > sizeMin && this.#try({ [list]: entries.slice(0, sizeMin) })) return
    for (const entry of entries) {
      const left = [...this.#plan()[list]].filter((other) => other !== entry)
      if (left.length >= sizeMin) this.#try({ [list]: left })
    }
  }

  #lower(count: Countable): void {
    const least = LEAST[count]
    for (;;) {
      const value = this.#plan()[count]
      if (value <= least) return
      const smaller = [least, Math.max(least, Math.floor(value / 2)), value - 1]
      if (!smaller.some((candidate) => this.#try({ [count]: candidate }))) return
    }
  }

  /** Halves first, then ever smaller parts: Zeller's delta debugging. */
  #dropActs(): void {
    const all = Array.from({ length: this.best.acts }, (_, number) => number)
    let kept = this.best.overrides?.acts?.filter((number) => number < this.best.acts) ?? all
    for (
      let size = Math.ceil(kept.length / 2);
      size > 0;
      size = size > 1 ? Math.ceil(size / 2) : 0
    ) {
      for (let from = 0; from < kept.length;) {
        const left = [...kept.slice(0, from), ...kept.slice(from + size)]
        if (this.#try({ acts: left })) kept = left
        else from += size
      }
    }
  }
}

const LISTS = ['faults', 'topics', 'patterns', 'deliveries', 'sizes'] as const
const LEAST: Readonly<Record<Countable, number>> = {
  hosts: 1,
  segments: 1,
  processes: 2,
  fold: 0,
  packetSize: 1232,
  burstMax: 1,
  stormMs: 500,
  bursts: 1,
  volume: 10_000,
  rotations: 0,
}
