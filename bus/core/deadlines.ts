/**
 * Things by when they are due: a binary heap, so that thousands of them cost little each time that
 * one is due.
 */

interface Entry<T> {
  readonly one: T
  at: number
  /** Where it is in the heap. */
  place: number
  /** The how-many-eth it was to come. */
  readonly order: number
}

export class Deadlines<T> {
  readonly #heap: Entry<T>[] = []
  readonly #entries = new Map<T, Entry<T>>()
  #came = 0

  /** Sets or moves the deadline. */
  set(one: T, at: number): void {
    const known = this.#entries.get(one)
    if (known?.at === at) return
    const entry = known ?? { one, at, place: this.#heap.length, order: this.#came++ }
    if (!known) {
      this.#entries.set(one, entry)
      this.#heap.push(entry)
    }
    entry.at = at
    this.#rise(entry)
    this.#sink(entry)
  }

  delete(one: T): void {
    const entry = this.#entries.get(one)
    if (!entry) return
    this.#entries.delete(one)
    const last = this.#heap.pop()!
    if (last === entry) return
    this.#put(last, entry.place)
    this.#rise(last)
    this.#sink(last)
  }

  /** The deadline of one, or `Infinity`. */
  at(one: T): number {
    return this.#entries.get(one)?.at ?? Infinity
  }

  /** The earliest deadline, or `Infinity`. */
  get next(): number {
    return this.#heap[0]?.at ?? Infinity
  }

  /** All that is due, in the order in which it came here; it stays. */
  due(now: number): T[] {
    const found: Entry<T>[] = []
    const look = (place: number): void => {
      const entry = this.#heap[place]
      if (!entry || entry.at > now) return
      found.push(entry)
      look(2 * place + 1)
      look(2 * place + 2)
    }
    look(0)
    return found.toSorted((a, b) => a.order - b.order).map(({ one }) => one)
  }

  /** All of them, in the order in which they came. */
  [Symbol.iterator](): IterableIterator<T> {
    return this.#entries.keys()
  }

  #rise(entry: Entry<T>): void {
    while (entry.place > 0) {
      const above = this.#heap[(entry.place - 1) >> 1]!
      if (above.at <= entry.at) return
      const { place } = above
      this.#put(above, entry.place)
      this.#put(entry, place)
    }
  }

  #sink(entry: Entry<T>): void {
    for (;;) {
      const left = this.#heap[2 * entry.place + 1]
      const right = this.#heap[2 * entry.place + 2]
      const below = right && right.at < left!.at ? right : left
      if (!below || entry.at <= below.at) return
      const { place } = below
      this.#put(below, entry.place)
      this.#put(entry, place)
    }
  }

  #put(entry: Entry<T>, place: number): void {
    this.#heap[place] = entry
    entry.place = place
  }
}
