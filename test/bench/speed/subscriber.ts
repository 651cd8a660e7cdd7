/** The subscriber of a run: counts what comes, in order or not, and says how far it has come. */
import { clockMs, numberOf, runOf, stampOf } from './payload.ts'
import { windowOf } from './window.ts'

export interface Heard {
  readonly messages: number
  /** Of a run that is over. */
  readonly late: number
  /** Came behind one with a higher number. */
  readonly disordered: number
  /** ms, sorted; of runs with stamps alone. */
  readonly latencies: readonly number[]
}

export class Hearing {
  readonly #acknowledge: (run: number, count: number) => void
  #run = 0
  #step = 1
  #stamped = false
  #messages = 0
  #next = 0
  #acknowledged = 0
  #late = 0
  #disordered = 0
  #latencies: number[] = []

  constructor(acknowledge: (run: number, count: number) => void) {
    this.#acknowledge = acknowledge
  }

  begin(run: number, { size, stamped }: { size: number; stamped: boolean }): void {
    this.#run = run
    this.#step = size === 0 ? 1 : windowOf(size).step
    this.#stamped = stamped
    this.#messages = this.#next = this.#acknowledged = this.#late = this.#disordered = 0
    this.#latencies = []
  }

  readonly hear = (payload: Uint8Array): void => {
    if (runOf(payload) !== this.#run) {
      this.#late += 1
      return
    }
    const number = numberOf(payload)
    this.#messages += 1
    if (number < this.#next) this.#disordered += 1
    else this.#next = number + 1
    if (this.#stamped) this.#latencies.push(clockMs() - stampOf(payload))
    // What is missing shall not hold up the others: how far it has come is what counts.
    if (this.#next - this.#acknowledged < this.#step) return
    this.#acknowledged = this.#next - (this.#next % this.#step)
    this.#acknowledge(this.#run, this.#acknowledged)
  }

  get heard(): Heard {
    return {
      messages: this.#messages,
      late: this.#late,
      disordered: this.#disordered,
      latencies: this.#latencies.toSorted((a, b) => a - b),
    }
  }
}
