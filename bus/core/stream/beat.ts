/** When a stream says where it stands: soon after its last packet, then ever more rarely. */

export class Beat {
  /** Next heartbeat, or `Infinity`. */
  at: number = Infinity
  /** How long its wait is. */
  waitMs: number = MIN_MS
  /** Receivers have asked for packets again: they may until then. */
  lossyUntil: number = -Infinity
  /** The first packet since the last heartbeat. */
  #busyAt: number | undefined

  /** A packet has left. */
  sent(now: number): void {
    this.waitMs = now < this.lossyUntil ? LOSSY_MS : MIN_MS
    // A busy stream beats, too: receivers learn from it how many they are.
    this.#busyAt ??= now
    this.at = Math.min(now + this.waitMs, this.#busyAt + BUSY_MS)
  }

  /** There is news, though no packet has left. */
  soon(now: number): void {
    this.waitMs = MIN_MS
    this.at = Math.min(this.at, now + MIN_MS)
  }

  /** A heartbeat has left: the next one comes after twice the time. */
  decay(now: number): void {
    this.#busyAt = undefined
    this.waitMs = Math.min(MAX_MS, this.waitMs * 2)
    this.at = now + this.waitMs
  }
}

/** The first heartbeat after a packet: soon where packets are being lost, else later. */
const LOSSY_MS = 5
const MIN_MS = 40
/** The longest time without one while packets are sent. */
const BUSY_MS = 250
const MAX_MS = 30_000
