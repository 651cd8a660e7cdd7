/** What a simulated process has in place of a machine: virtual time, and chance from a seed. */
import type { Identity } from '../api/options.ts'
import type { System } from '../io/runtime.ts'
import { nodeSystem } from '../io/system.ts'
import type { Random } from './random.ts'
import type { Schedule } from './schedule.ts'

export class SimulatedProcess {
  readonly #schedule: Schedule
  readonly #random: Random
  #alive = true

  constructor(schedule: Schedule, random: Random) {
    this.#schedule = schedule
    this.#random = random
  }

  /** Nothing that was planned happens any more. */
  end(): void {
    this.#alive = false
  }

  /** The cryptography is the machine's own; everything else is simulated. */
  async system(identity: Identity): Promise<System> {
    const machine = await nodeSystem(identity)
    const schedule = this.#schedule
    return {
      env: { ...machine.env, random: (size) => this.#random.bytes(size) },
      now: () => schedule.time,
      wallOffset: EPOCH_MS,
      turn: (then, takesMs = 0) => void this.#after(takesMs, then),
      after: (delayMs, then) => this.#after(delayMs, then),
      sign: (message) => machine.sign(message),
      verify: (...given) => machine.verify(...given),
      unbox: (given) => machine.unbox(given),
    }
  }

  #after(delayMs: number, then: () => void): () => void {
    let wanted = true
    this.#schedule.after(delayMs, () => {
      if (wanted && this.#alive) then()
    })
    return () => void (wanted = false)
  }
}

/** When simulations begin, as messages tell it: 2026-01-01. */
const EPOCH_MS = 1_767_225_600_000
