/**
 * Whether multicast reaches from one peer to another, as the one that hears it judges.
 *
 * Quick to say no, since copies by unicast do no harm, and slow to say yes: a way that comes and
 * goes has to hold twice as long each time.
 */
export class Reach {
  #good = false
  /** Since when it has been heard without a break, and when last. */
  #since = -Infinity
  #at = -Infinity
  #intervalMs = 0
  #climbedAt = -Infinity
  #waitMs = WAIT_MIN_MS

  get good(): boolean {
    return this.#good
  }

  /** Heard by multicast, of one that speaks at least every `intervalMs`. */
  heard(now: number, intervalMs: number): void {
    if (!this.#isFresh(now)) this.#since = now
    this.#at = now
    this.#intervalMs = intervalMs
  }

  /** Time in which nothing could be heard does not count. */
  forgive(ms: number): void {
    this.#at += ms
  }

  /** Judges anew; true when the judgement is another one than before. */
  judge(now: number): boolean {
    const fresh = this.#isFresh(now)
    if (this.#good && !fresh) {
      const soon = now - this.#climbedAt < STEADY_MS
      this.#waitMs = soon ? Math.min(WAIT_MAX_MS, this.#waitMs * 2) : WAIT_MIN_MS
      this.#good = false
      return true
    }
    if (this.#good || !fresh || now - this.#since < this.#waitMs) return false
    this.#climbedAt = now
    this.#good = true
    return true
  }

  #isFresh(now: number): boolean {
    const patience = MISSED * Math.min(this.#intervalMs, INTERVAL_MAX_MS)
    return now - this.#at <= Math.max(PATIENCE_MIN_MS, patience)
  }
}

/** Two beacons and a half, each as late as it may be. */
const MISSED = 2.5
const PATIENCE_MIN_MS = 1500
const INTERVAL_MAX_MS = 60_000
const WAIT_MIN_MS = 1500
const WAIT_MAX_MS = 60_000
/** Who falls sooner than this after a climb waits twice as long before the next. */
const STEADY_MS = 60_000
