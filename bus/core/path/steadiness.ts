/**
 * When a way that comes and goes is to be used: it falls at once, and climbs when it has held for
 * long enough, twice as long each time that it fell soon after a climb.
 */

export class Steadiness {
  #good = false
  #climbedAt = -Infinity
  #waitMs = WAIT_MIN_MS

  get good(): boolean {
    return this.#good
  }

  /**
   * `since`: when it began to hold without a break; undefined: it does not. True when the judgement
   * is another one than before.
   */
  judge(now: number, since: number | undefined): boolean {
    if (this.#good && since === undefined) {
      const soon = now - this.#climbedAt < STEADY_MS
      this.#waitMs = soon ? Math.min(WAIT_MAX_MS, this.#waitMs * 2) : WAIT_MIN_MS
      this.#good = false
      return true
    }
    if (this.#good || since === undefined || now - since < this.#waitMs) return false
    this.#climbedAt = now
    this.#good = true
    return true
  }

  /** It is another way from now on, and has not fallen. */
  reset(): void {
    this.#good = false
  }
}

/** How long a peer that speaks this often is waited for: two beacons and a half, each as late as it may be. */
export function patienceMs(intervalMs: number): number {
  return Math.max(PATIENCE_MIN_MS, 2.5 * Math.min(intervalMs, INTERVAL_MAX_MS))
}

const WAIT_MIN_MS = 1500
const WAIT_MAX_MS = 60_000
/** Who falls sooner than this after a climb waits twice as long before the next. */
const STEADY_MS = 60_000
const PATIENCE_MIN_MS = 1500
const INTERVAL_MAX_MS = 60_000
