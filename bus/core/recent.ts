/** Which packets have been seen lately: the last so many, by their nonces. */

export class Recent {
  readonly #sizeMax: number
  /** In the order in which they came. */
  readonly #seen = new Set<string>()

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax
  }

  has(nonce: string): boolean {
    return this.#seen.has(nonce)
  }

  add(nonce: string): void {
    this.#seen.add(nonce)
    if (this.#seen.size <= this.#sizeMax) return
    for (const oldest of this.#seen) {
      this.#seen.delete(oldest)
      return
    }
  }
}
