/** Token bucket that paces a process: takes `now`, answers when, holds no timer. */

/** A burst is at most this many packets: what a stock 208 KiB receive buffer holds with room. */
export const BURST_PACKETS = 64
/** A burst of large packets is bounded in bytes instead, for the same reason. */
export const BURST_SIZE: number = 128 * 1024

/** Burst in bytes for packets of a size: 64 packets or 128 KiB, and at least two packets. */
export function burstOf(packetSize: number): number {
  return Math.max(2 * packetSize, Math.min(BURST_PACKETS * packetSize, BURST_SIZE))
}

export class TokenBucket {
  #rate: number
  readonly #burst: number
  #tokens: number
  #at: number

  /** `rate` in bytes a second, `burst` in bytes; starts full. */
  constructor(rate: number, burst: number, now: number) {
    this.#rate = rate
    this.#burst = burst
    this.#tokens = burst
    this.#at = now
  }

  /** Changes the rate from now on. */
  setRate(now: number, rate: number): void {
    this.#refill(now)
    this.#rate = rate
  }

  /** Takes `size` bytes if they are there. */
  take(now: number, size: number): boolean {
    this.#refill(now)
    if (this.#tokens < size) return false
    this.#tokens -= size
    return true
  }

  /** When `size` bytes will be there, ms; `now` when they already are. */
  when(now: number, size: number): number {
    this.#refill(now)
    const missing = size - this.#tokens
    if (missing <= 0) return now
    // So much comes within a turn that a timer, which takes a millisecond, would be the limit.
    if (this.#burst <= this.#rate * TURN_SECONDS) return now + TURN_MS
    return now + Math.max(WAIT_MIN_MS, (missing * 1000) / this.#rate)
  }

  #refill(now: number): void {
    if (now <= this.#at) return
    const earned = ((now - this.#at) * this.#rate) / 1000
    this.#tokens = Math.min(this.#burst, this.#tokens + earned)
    this.#at = now
  }
}

/** A deadline no farther away than this is that of the next turn. */
export const TURN_MS = 0.004
/** What a turn takes. */
const TURN_SECONDS = 80e-6
/** A wait so short that adding it to `now` changes nothing would be asked for again for ever. */
const WAIT_MIN_MS = 0.01
