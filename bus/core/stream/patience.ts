/**
 * How a receiver goes on asking when no packet comes: whom, and how much later again.
 *
 * A round is as long as an answer takes. After a few without any packet the multicast answers may
 * be what does not come through: then the publisher is asked to answer by unicast, every third
 * time by way of the control group, and ever more rarely.
 */

export class Patience {
  /** Rounds of questions since a packet last came. */
  #barren = 0
  /** When the last round is over. */
  #roundUntil = -Infinity

  /** Rounds since a packet came. */
  get barren(): number {
    return this.#barren
  }

  /** Whether asking in the ordinary way has not helped. */
  get tried(): boolean {
    return this.#barren >= PATIENT_FROM
  }

  /** Whether it is time to ask by way of the control group. */
  get toAll(): boolean {
    return this.tried && this.#barren % 3 === 0
  }

  /** A packet has come. */
  rewarded(): void {
    this.#barren = 0
  }

  /** Something is asked for; answers take about `roundMs`. Returns when to ask for it again. */
  asked(now: number, roundMs: number): number {
    if (now >= this.#roundUntil) {
      this.#roundUntil = now + roundMs
      this.#barren += 1
    }
    const doublings = Math.min(DOUBLINGS_MAX, Math.max(0, this.#barren - PATIENT_FROM))
    return now + Math.max(roundMs, Math.min(AGAIN_MAX_MS, roundMs * 2 ** doublings))
  }
}

const PATIENT_FROM = 2
const DOUBLINGS_MAX = 6
const AGAIN_MAX_MS = 500
