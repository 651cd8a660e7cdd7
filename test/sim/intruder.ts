/** An outsider on the segment: junk, mutilated datagrams, and replays, of the dead as well. */
import type { Endpoint } from '../../bus/core/output.ts'
import type { Process } from './process.ts'
import type { Random } from '../../bus/testing/random.ts'

export class Intruder {
  readonly #random: Random
  readonly #captured: { readonly bytes: Uint8Array; readonly at: number }[] = []

  constructor(random: Random) {
    this.#random = random
  }

  /** Keeps some of what passes, from the beginning of the world on. */
  overhear(time: number, bytes: Uint8Array): void {
    if (bytes.length > CAPTURED_SIZE_MAX || !this.#random.chance(0.2)) return
    const captured = { bytes: bytes.slice(), at: time }
    if (this.#captured.length < CAPTURED_MAX) this.#captured.push(captured)
    else this.#captured[this.#random.integer(0, CAPTURED_MAX - 1)] = captured
  }

  /** A captured datagram again, from anywhere; long after the true one has come. */
  replay(time: number, victim: Process): void {
    const old = this.#captured.filter(({ at }) => at + REPLAY_MS < time)
    if (old.length > 0) victim.receive(this.#random.pick(old).bytes.slice(), this.#from())
  }

  /** Random bytes, or, where every bit is authenticated, a captured datagram with some changed. */
  junk(victim: Process): void {
    const random = this.#random
    const sealed = victim.options.config.realm.root !== undefined
    if (!sealed || this.#captured.length === 0 || random.chance(0.3)) {
      victim.receive(random.bytes(random.integer(0, 1300)), this.#from())
      return
    }
    victim.receive(this.#mutilated(random.pick(this.#captured).bytes), this.#from())
  }

  #mutilated(bytes: Uint8Array): Uint8Array {
    const random = this.#random
    const mutilated = bytes.slice(
      0,
      random.chance(0.3) ? random.integer(0, bytes.length) : undefined,
    )
    for (let i = random.integer(1, 3); i > 0 && mutilated.length > 0; i--) {
      const place = random.integer(0, Math.min(mutilated.length, random.pick([26, 1300])) - 1)
      mutilated[place]! ^= 1 << random.integer(0, 7)
    }
    return mutilated
  }

  #from(): Endpoint {
    const port = this.#random.integer(1024, 65_535)
    return { address: `fe80::bad:${this.#random.integer(0, 3)}%eth0`, port }
  }
}

const CAPTURED_MAX = 256
const CAPTURED_SIZE_MAX = 2000
/** A replay that overtakes the true datagram would be a loss, and calm seeds have none. */
const REPLAY_MS = 500
