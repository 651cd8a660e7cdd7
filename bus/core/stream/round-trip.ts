/** How long an acknowledgement takes, and when what has none is sent again (RFC 6298). */

export class RoundTrip {
  #ms: number | undefined
  #variance = 0
  readonly #startMs: number

  /** `rttMs`: what is known of the way before anything was acknowledged. */
  constructor(rttMs: number | undefined) {
    this.#startMs = START_MS + 2 * (rttMs ?? 0)
  }

  /** An acknowledgement took `ms` of what was sent once: of what was sent twice nobody knows. */
  measured(ms: number): void {
    if (this.#ms === undefined) {
      this.#ms = ms
      this.#variance = ms / 2
      return
    }
    this.#variance += (Math.abs(this.#ms - ms) - this.#variance) / 4
    this.#ms += (ms - this.#ms) / 8
  }

  /** How long to wait for an acknowledgement of what has been sent so often, ms. */
  patience(times: number): number {
    const usual =
      this.#ms === undefined ? this.#startMs : this.#ms + Math.max(SLACK_MS, 4 * this.#variance)
    const first = Math.min(MAX_MS, Math.max(MIN_MS, usual))
    return Math.min(MAX_MS, first * 2 ** Math.min(DOUBLINGS_MAX, times - 1))
  }
}

/** Of a local network, with the time that acknowledgements are gathered for. */
const START_MS = 50
/** Timers are no finer than a millisecond, and who acknowledges gathers for some. */
const SLACK_MS = 10
const MIN_MS = 25
const MAX_MS = 1000
const DOUBLINGS_MAX = 10
