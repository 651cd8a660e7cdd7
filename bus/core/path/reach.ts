/**
 * Whether multicast reaches from one peer to another, as the one that hears it judges.
 *
 * Quick to say no, since copies by unicast do no harm, and slow to say yes.
 */
import { patienceMs, Steadiness } from './steadiness.ts'

export class Reach {
  readonly #steadiness = new Steadiness()
  /** Since when it has been heard without a break, and when last. */
  #since = -Infinity
  #at = -Infinity
  #intervalMs = 0

  get good(): boolean {
    return this.#steadiness.good
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
    return this.#steadiness.judge(now, this.#isFresh(now) ? this.#since : undefined)
  }

  #isFresh(now: number): boolean {
    return now - this.#at <= patienceMs(this.#intervalMs)
  }
}
