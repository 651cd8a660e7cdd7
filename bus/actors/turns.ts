/**
 * Which actors have something to do: each takes one message, in turn.
 *
 * Actors that keep each other busy must not keep everything else from the processor: after so many
 * messages the rest waits until the program, its timers and the network have had their turn.
 */
import type { After } from '../api/matching.ts'
import { Ring } from '../core/ring.ts'

export interface Busy {
  /** Takes one message. Never throws. */
  run(): void
}

export class Turns {
  readonly #after: After
  readonly #ready = new Ring<Busy>()
  #planned = false

  constructor(after: After) {
    this.#after = after
  }

  add(one: Busy): void {
    this.#ready.push(one)
    if (this.#planned) return
    this.#planned = true
    queueMicrotask(() => this.#run())
  }

  #run(): void {
    for (let done = 0; done < TURN_MESSAGES; done++) {
      const one = this.#ready.shift()
      if (!one) break
      one.run()
    }
    this.#planned = this.#ready.size > 0
    if (this.#planned) this.#after(0, () => this.#run())
  }
}

/** About a millisecond of small ones. */
const TURN_MESSAGES = 1000
