/** Named deadlines in a fixed table; the core holds no timer objects, the driver arms one. */

const TIMER_NAMES = [
  'hello',
  'beacon',
  'batch',
  'announce',
  'pace',
  'learn',
  'receive',
  'heartbeat',
  'interest',
  'housekeeping',
  'epoch',
  'close',
  'meet',
  'seek',
  'live',
  'proof',
  'answer',
  'answered',
  'unicast',
  'share',
] as const

export type TimerName = (typeof TIMER_NAMES)[number]

/** Deadlines in ms of the driver's monotonic clock; `Infinity` means not set. */
export class Timers {
  readonly #deadlines = new Map<TimerName, number>()
  #next = Infinity

  set(name: TimerName, at: number): void {
    const before = this.at(name)
    this.#deadlines.set(name, at)
    if (at <= this.#next) this.#next = at
    else if (before === this.#next) this.#look()
  }

  /** Sets the deadline unless an earlier one stands. */
  setBefore(name: TimerName, at: number): void {
    if (at < this.at(name)) this.set(name, at)
  }

  clearAll(): void {
    this.#deadlines.clear()
    this.#next = Infinity
  }

  clear(name: TimerName): void {
    if (this.#deadlines.delete(name)) this.#look()
  }

  at(name: TimerName): number {
    return this.#deadlines.get(name) ?? Infinity
  }

  /** The earliest deadline, or `Infinity`. */
  get next(): number {
    return this.#next
  }

  /** Removes and returns one timer that is due, in the table's order, or `undefined`. */
  due(now: number): TimerName | undefined {
    if (this.#next > now) return undefined
    for (const name of TIMER_NAMES) {
      if (this.at(name) > now) continue
      this.clear(name)
      return name
    }
    return undefined
  }

  #look(): void {
    let next = Infinity
    for (const at of this.#deadlines.values()) if (at < next) next = at
    this.#next = next
  }
}
