/**
 * Times in which this peer could hear nothing: its process stood still, or its own way was gone.
 *
 * Nobody is given up for them: what was waited for may lie unread in the socket, and the silence of
 * the others says nothing about them.
 */

export class Outage {
  readonly #mostMs: number
  readonly #forgive: (now: number, ms: number) => void
  /** When the world last gave this peer something to do. */
  #ranAt: number
  #from = -Infinity
  /** Until when the outage has been forgiven; `undefined`: there is a way. */
  #seen: number | undefined

  /**
   * `mostMs`: a way that is gone for longer counts against the others. `forgive` is told that
   * nothing could be heard for so many ms.
   */
  constructor(now: number, mostMs: number, forgive: (now: number, ms: number) => void) {
    this.#ranAt = now
    this.#mostMs = mostMs
    this.#forgive = forgive
  }

  /** The process runs: late, if it has stood still. `deadline`: when it was to run. */
  ran(now: number, deadline: number): void {
    // A deadline may have been set to what was already past: that is no standing still.
    const lateMs = now - Math.max(deadline, this.#ranAt)
    this.#ranAt = now
    if (lateMs > STALL_MS) this.#forgive(now, lateMs)
  }

  /** Nothing comes or goes any more. */
  begin(now: number): void {
    if (this.#seen !== undefined) return
    this.#from = now
    this.#seen = now
  }

  /** Time has passed, and this may still be an outage. */
  pass(now: number): void {
    if (this.#seen === undefined) return
    const until = Math.max(this.#seen, Math.min(now, this.#from + this.#mostMs))
    const ms = until - this.#seen
    this.#seen = until
    if (ms > 0) this.#forgive(now, ms)
  }

  /** There is a way again. */
  end(now: number): void {
    this.pass(now)
    this.#seen = undefined
  }
}

/** A deadline missed by more than this means that the process was not running. */
const STALL_MS = 50
