/** What signatures have said of the packets of a stream that is being received: leaves by number. */

export class Proofs {
  readonly #leafByNumber = new Map<number, Uint8Array>()

  /** What packet `number` has to be, if that is known. */
  of(number: number): Uint8Array | undefined {
    return this.#leafByNumber.get(number)
  }

  learn(number: number, leaf: Uint8Array): void {
    this.#leafByNumber.set(number, leaf)
    if (this.#leafByNumber.size <= LEAVES_KEPT_MAX) return
    for (const oldest of this.#leafByNumber.keys()) {
      this.#leafByNumber.delete(oldest)
      return
    }
  }

  /** Packets below `number` are of no use any more. */
  release(number: number): void {
    for (const known of this.#leafByNumber.keys()) {
      if (known < number) this.#leafByNumber.delete(known)
    }
  }
}

/** Twice as many as packets of a stream that may wait for an earlier one. */
const LEAVES_KEPT_MAX = 16_384
