/** A first-in first-out list with O(1) push and shift; its owner bounds it. */

export class Ring<T> {
  /** A power of two long, so that positions wrap with a mask. */
  #slots: (T | undefined)[] = Array<undefined>(SLOTS_MIN).fill(undefined)
  #head = 0
  #size = 0

  get size(): number {
    return this.#size
  }

  get first(): T | undefined {
    return this.#slots[this.#head]
  }

  /** The item this many places behind the first. */
  at(place: number): T | undefined {
    if (place < 0 || place >= this.#size) return undefined
    return this.#slots[(this.#head + place) & (this.#slots.length - 1)]
  }

  push(item: T): void {
    if (this.#size === this.#slots.length) this.#grow()
    this.#slots[(this.#head + this.#size) & (this.#slots.length - 1)] = item
    this.#size++
  }

  shift(): T | undefined {
    if (this.#size === 0) return undefined
    const item = this.#slots[this.#head]
    // A slot that kept its item would keep it from being freed.
    this.#slots[this.#head] = undefined
    this.#head = (this.#head + 1) & (this.#slots.length - 1)
    this.#size--
    return item
  }

  clear(): void {
    this.#slots = Array<undefined>(SLOTS_MIN).fill(undefined)
    this.#head = 0
    this.#size = 0
  }

  #grow(): void {
    const sorted = [...this.#slots.slice(this.#head), ...this.#slots.slice(0, this.#head)]
    this.#slots = [...sorted, ...Array<undefined>(sorted.length).fill(undefined)]
    this.#head = 0
  }
}

const SLOTS_MIN = 16
