/** What may pass in one second, counted under several names at once. */

export class Quota {
  readonly #countByName = new Map<string, number>()
  #secondEnds = 0

  /** Whether there is room under each name: then it is taken under all of them. */
  takes(
    now: number,
    bounds: readonly (readonly [name: string, max: number])[],
    count: number = 1,
  ): boolean {
    if (now >= this.#secondEnds) {
      this.#secondEnds = now + 1000
      this.#countByName.clear()
    }
    if (bounds.some(([name, max]) => this.#countOf(name) + count > max)) return false
    for (const [name] of bounds) this.#countByName.set(name, this.#countOf(name) + count)
    return true
  }

  #countOf(name: string): number {
    return this.#countByName.get(name) ?? 0
  }
}
