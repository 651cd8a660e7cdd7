/** What a member has been given of a shared stream and has not finished: how far it is done. */

export class Begun {
  /** Indices in the order in which they came, which is ascending; those that are done are marked. */
  readonly #pending = new Map<number, boolean>()
  /** Nothing at or below has still to come. */
  #high = -1

  /** Messages that are not finished. */
  get size(): number {
    return this.#pending.size
  }

  /** Takes one that has come; false when it has come before. */
  give(index: number): boolean {
    if (index <= this.#high) return false
    this.#high = index
    this.#pending.set(index, false)
    return true
  }

  /** Whether it is to be handled: it was given to the seat that is held now. */
  has(index: number): boolean {
    return this.#pending.get(index) === false
  }

  finish(index: number): void {
    if (!this.#pending.has(index)) return
    this.#pending.set(index, true)
    for (const [first, done] of this.#pending) {
      if (!done) return
      this.#pending.delete(first)
    }
  }

  /** All of its own before this index is done; `next` is the one that the stream has come to. */
  done(next: number): number {
    for (const index of this.#pending.keys()) return index
    return Math.max(next, this.#high + 1)
  }

  /** The seat is void: what has not been begun is another's. */
  clear(): void {
    this.#pending.clear()
  }
}
