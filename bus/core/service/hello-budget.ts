/** What hellos may cost in one second: those that fail, in all and of each source, and own ones. */
import type { Limits } from '../limits.ts'

type Bounds = Pick<Limits, 'failedHellos' | 'failedHellosBySource' | 'askedHellos'>

export class HelloBudget {
  readonly #bounds: Bounds
  #failures = 0
  readonly #failuresBySource = new Map<string, number>()
  #asks = 0
  #secondEnds = 0

  constructor(bounds: Bounds) {
    this.#bounds = bounds
  }

  /** Whether strangers have already made this peer say as many hellos as they may. */
  get spent(): boolean {
    return this.#asks >= this.#bounds.askedHellos
  }

  /** A stranger makes this peer say a hello. */
  asks(): void {
    this.#asks += 1
  }

  /** Begins anew with each second. */
  at(now: number): void {
    if (now < this.#secondEnds) return
    this.#secondEnds = now + 1000
    this.#failures = 0
    this.#failuresBySource.clear()
    this.#asks = 0
  }

  /** Whether further hellos of this source are dropped unread. */
  isExhausted(source: string): boolean {
    const { failedHellos, failedHellosBySource } = this.#bounds
    const bySource = this.#failuresBySource.get(source) ?? 0
    return this.#failures >= failedHellos || bySource >= failedHellosBySource
  }

  /** `cost` is in openings of a hello that do not succeed. */
  failed(source: string, cost: number): void {
    this.#failures += cost
    this.#failuresBySource.set(source, (this.#failuresBySource.get(source) ?? 0) + cost)
  }
}
