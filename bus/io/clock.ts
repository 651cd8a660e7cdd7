/** A clock and timers, as what waits in bus/io is given them. */

export interface Clock {
  /** Ms of a clock that only goes forward. */
  now(): number
  /** Runs `then` after `delayMs`; the result cancels it. */
  after(delayMs: number, then: () => void): () => void
}
