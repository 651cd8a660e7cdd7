/**
 * How long what comes waits until this process takes it, told by its own packets to everybody, which
 * come back to it the same way.
 *
 * A process that hears more than it has time for reads what was said seconds ago. Its answers are as
 * late, and whoever asks again because of that makes it worse for all: so it says less itself, and
 * takes answers for longer.
 */

export class Backlog {
  /** When each was sent that has not come back, in that order. */
  readonly #sentAtByNumber = new Map<number, number>()
  #sentAt = -Infinity
  #tookMs = 0
  #ms = 0
  #toldAt = -Infinity

  /** A control packet has left to everybody. */
  sent(now: number, number: number): void {
    if (now - this.#sentAt < SAMPLE_MS) return
    this.#sentAt = now
    this.#sentAtByNumber.set(number, now)
    if (this.#sentAtByNumber.size <= SAMPLES_MAX) return
    for (const oldest of this.#sentAtByNumber.keys()) {
      this.#sentAtByNumber.delete(oldest)
      return
    }
  }

  /** Whether it would tell something if that packet came back. */
  awaits(number: number): boolean {
    return this.#sentAtByNumber.has(number)
  }

  /** It has come back, and is genuine: whether that took long. */
  returned(now: number, number: number): boolean {
    const tookMs = now - (this.#sentAtByNumber.get(number) ?? now)
    this.#sentAtByNumber.delete(number)
    // One that is late alone was sent just before this process stood still.
    const ms = Math.min(BACKLOG_MAX_MS, tookMs, this.#tookMs)
    // A little is a busy moment; and rare beacons look like those of a crowd (`crowdOf`).
    this.#ms = ms < LONG_MS ? 0 : ms
    this.#tookMs = tookMs
    this.#toldAt = now
    return tookMs >= LONG_MS
  }

  /** What the last two took at least, ms; 0 below a second, and where nothing comes back. */
  get ms(): number {
    return this.#ms
  }

  /** How long a question and its answer wait, where others on the same processors are as late, ms. */
  get roundTripMs(): number {
    return 2 * this.#ms
  }

  /** Called every now and then: what was told long ago counts no more. */
  age(now: number): void {
    if (now - this.#toldAt >= VALID_MS) this.#ms = this.#tookMs = 0
  }
}

/** One in so long is looked for. */
const SAMPLE_MS = 250
/** Half a minute's. */
const SAMPLES_MAX = 128
/** Late. */
const LONG_MS = 1000
/** More than this is no reason to take answers for even longer. */
const BACKLOG_MAX_MS = 20_000
/** Most of what comes back to a process that is far behind is lost. */
const VALID_MS = 30_000
