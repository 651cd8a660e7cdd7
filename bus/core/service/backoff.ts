/**
 * How often one stranger is asked who it is: at once, then after waits that double, at first up to
 * a second: publishers keep what a newcomer needs for ten, and questions and answers get lost.
 *
 * A realm of the same name under another key never answers; without this its packets and this
 * peer's questions would provoke each other for ever.
 */

const WAIT_MIN_MS = 250
const WAIT_SOON_MS = 1000
const WAIT_MAX_MS = 4000
/** So many questions take ten seconds. */
const SOON = 12
/** A stranger unheard for this long begins anew. */
const FORGET_MS = 60_000

interface Wait {
  /** It has said who it is, and is not let in. */
  readonly refused: boolean
  readonly at: number
  readonly until: number
  readonly waitMs: number
  readonly asked: number
}

export class Backoff {
  /** In the order of the last question. */
  readonly #waits = new Map<bigint, Wait>()
  #askedAt = -Infinity
  readonly #sizeMax: number

  /** `sizeMax`: strangers remembered; one more pushes the oldest out. */
  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax
  }

  /**
   * Whether this stranger may be asked now; if so, the next question has to wait longer. `answerMs`:
   * how long an answer takes at least.
   */
  allow(now: number, instance: bigint, answerMs = 0): boolean {
    const last = this.#waits.get(instance)
    if (last && now < last.until) return false
    const again = last && now < last.until + FORGET_MS
    const asked = again ? last.asked + 1 : 1
    const most = asked < SOON ? WAIT_SOON_MS : WAIT_MAX_MS
    const waitMs = again ? Math.min(most, last.waitMs * 2) : WAIT_MIN_MS
    this.#waits.delete(instance)
    const refused = again ? last.refused : false
    if (!refused) this.#askedAt = now
    this.#waits.set(instance, {
      refused,
      at: now,
      until: now + Math.max(waitMs, answerMs),
      waitMs,
      asked,
    })
    if (this.#waits.size > this.#sizeMax) this.#forgetOldest()
    return true
  }

  /** It has answered. */
  forget(instance: bigint): void {
    const last = this.#waits.get(instance)
    this.#waits.delete(instance)
    if (last?.at === this.#askedAt) this.#lookBack()
  }

  /** It has answered, and is not let in: it is asked as before, and nobody waits for it. */
  refuse(instance: bigint): void {
    const last = this.#waits.get(instance)
    if (!last) return
    this.#waits.set(instance, { ...last, refused: true })
    if (last.at === this.#askedAt) this.#lookBack()
  }

  /** When somebody was last asked who has not answered. */
  get askedAt(): number {
    return this.#askedAt
  }

  /** Everybody may be asked at once again. */
  clear(): void {
    this.#waits.clear()
  }

  #lookBack(): void {
    this.#askedAt = -Infinity
    // In the order of the last question: the newest is the last of them.
    for (const { at, refused } of this.#waits.values()) if (!refused) this.#askedAt = at
  }

  #forgetOldest(): void {
    for (const oldest of this.#waits.keys()) {
      this.#waits.delete(oldest)
      return
    }
  }
}
