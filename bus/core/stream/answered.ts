/**
 * The last packets that came after they had been asked for, and how late.
 *
 * When one of them comes a second time, the first was the packet itself and not its repair, as a
 * DSACK tells a TCP sender (RFC 3708).
 */

export class Answered {
  readonly #lateMs = new Map<number, number>()

  add(number: number, lateMs: number): void {
    this.#lateMs.set(number, lateMs)
    if (this.#lateMs.size <= KEPT) return
    for (const oldest of this.#lateMs.keys()) {
      this.#lateMs.delete(oldest)
      return
    }
  }

  /** How late it came, if it is one of them; forgotten then. */
  take(number: number): number | undefined {
    const lateMs = this.#lateMs.get(number)
    this.#lateMs.delete(number)
    return lateMs
  }
}

const KEPT = 256
