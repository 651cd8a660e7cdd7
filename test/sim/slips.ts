/**
 * A clock that is wrong in more than its rate: it stands still for a while, or leaps.
 *
 * Time as a process has it is true time without the stretches in which its clock stood still, and
 * with the leaps that it made. Timers go by that clock as well.
 */

export interface Slip {
  /** True time, ms. */
  readonly at: number
  /** It stands still for so long. */
  readonly stillMs?: number
  /** It leaps forward by so much. */
  readonly leapMs?: number
}

export class Slips {
  readonly #slips: readonly Slip[]

  /** In the order of their times, none within another. */
  constructor(slips: readonly Slip[]) {
    this.#slips = slips
  }

  /** What the clock shows at a true time. */
  shown(time: number): number {
    let shown = time
    for (const { at, stillMs = 0, leapMs = 0 } of this.#slips) {
      if (time < at) break
      shown += leapMs - Math.min(stillMs, time - at)
    }
    return shown
  }

  /** The first true time, from `time` on, at which it shows so much. */
  trueTime(time: number, shown: number): number {
    let from = time
    for (const { at, stillMs = 0 } of this.#slips) {
      if (at + stillMs <= from) continue
      // Before the slip it goes as true time does.
      const before = from + Math.max(0, shown - this.shown(from))
      if (from < at && before < at) return before
      from = at + stillMs
      if (this.shown(from) >= shown) return stillMs > 0 ? from : at
    }
    return from + Math.max(0, shown - this.shown(from))
  }
}
