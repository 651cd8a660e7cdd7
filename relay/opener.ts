/** Opens packets for a relay, of which strangers cannot make it open more than so many in vain. */
import type { Sealer } from '../bus/core/seal/sealer.ts'

export class Opener {
  readonly #sealer: Sealer
  #failures = 0
  #secondEnds = 0

  constructor(sealer: Sealer) {
    this.#sealer = sealer
  }

  /** `undefined` when it does not open, without a key too, or when this second has had its share. */
  open(now: number, packet: Uint8Array, key: Uint8Array | undefined): Uint8Array | undefined {
    if (!key) return undefined
    if (now >= this.#secondEnds) {
      this.#secondEnds = now + 1000
      this.#failures = 0
    }
    if (this.#failures >= FAILURES_MAX) return undefined
    const body = this.#sealer.open(packet, key)
    if (!body) this.#failures += 1
    return body
  }
}

/** Packets a second that do not open; at 3 us each they cost little. */
const FAILURES_MAX = 2000
