/** Virtual time: a binary heap of events, ordered by time and, at one time, by arrival. */

interface Event {
  readonly at: number
  readonly tie: number
  readonly act: () => void
}

export class Schedule {
  /** Milliseconds since the world began. */
  time = 0
  #ties = 0
  readonly #heap: Event[] = []

  get size(): number {
    return this.#heap.length
  }

  /** Runs `act` at a time; what is past happens next. */
  at(time: number, act: () => void): void {
    const event = { at: Math.max(time, this.time), tie: this.#ties++, act }
    const heap = this.#heap
    let place = heap.push(event) - 1
    while (place > 0) {
      const parent = (place - 1) >> 1
      if (!before(event, heap[parent]!)) break
      heap[place] = heap[parent]!
      place = parent
    }
    heap[place] = event
  }

  after(delayMs: number, act: () => void): void {
    this.at(this.time + delayMs, act)
  }

  /** Runs everything up to a time, and stops the clock there. */
  runUntil(time: number): void {
    while (this.step(time)) continue
    this.time = time
  }

  /** Runs the next event, unless it comes after this time. */
  step(time: number): boolean {
    const next = this.#heap[0]
    if (!next || next.at > time) return false
    this.#shift()
    this.time = next.at
    next.act()
    return true
  }

  #shift(): void {
    const heap = this.#heap
    const last = heap.pop()!
    if (heap.length === 0) return
    let place = 0
    for (;;) {
      let child = 2 * place + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child += 1
      if (!before(heap[child]!, last)) break
      heap[place] = heap[child]!
      place = child
    }
    heap[place] = last
  }
}

function before(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.tie < b.tie)
}
