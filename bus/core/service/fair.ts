/**
 * What waits for its turn when more comes than can be looked at: each source has its turns,
 * however much another one sends, and what is pushed out is drawn by lot.
 *
 * Lots, because a queue would belong to whoever fills it first, and the newest alone to whoever
 * sends most.
 */
export class Fair<T> {
  readonly #sizeMax: number
  readonly #unit: () => number
  readonly #itemsBySource = new Map<string, T[]>()
  #size = 0

  /** `unit` draws from 0 to 1, 1 excluded. */
  constructor(sizeMax: number, unit: () => number) {
    this.#sizeMax = sizeMax
    this.#unit = unit
  }

  get size(): number {
    return this.#size
  }

  /** Whether nothing had to go for it. */
  add(source: string, item: T): boolean {
    const isFull = this.#size >= this.#sizeMax
    if (isFull) this.#drawFrom(this.#largest(source))
    const items = this.#itemsBySource.get(source)
    if (items) items.push(item)
    else this.#itemsBySource.set(source, [item])
    this.#size += 1
    return !isFull
  }

  /** One of a source that has waited longest for its turn, and is then the last. */
  take(): T | undefined {
    for (const source of this.#itemsBySource.keys()) {
      const item = this.#drawFrom(source)
      const rest = this.#itemsBySource.get(source)
      this.#itemsBySource.delete(source)
      if (rest) this.#itemsBySource.set(source, rest)
      return item
    }
    return undefined
  }

  /** Who has most; of several with one item each any, for then there is one source for each. */
  #largest(source: string): string {
    let largest = source
    let most = this.#itemsBySource.get(source)?.length ?? 0
    for (const [other, { length }] of this.#itemsBySource) {
      if (length > most) [largest, most] = [other, length]
    }
    if (most > 1) return largest
    return [...this.#itemsBySource.keys()][Math.floor(this.#unit() * this.#size)]!
  }

  #drawFrom(source: string): T {
    const items = this.#itemsBySource.get(source)!
    const [item] = items.splice(Math.floor(this.#unit() * items.length), 1)
    if (items.length === 0) this.#itemsBySource.delete(source)
    this.#size -= 1
    return item!
  }
}
