/** Whose challenges this peer has echoed lately: in a crowd one answer must do for a while. */
import { answerSpread } from '../../service/presence.ts'

interface Within {
  readonly peers: number
  readonly readMs: number
}

export class Answered {
  /** When each was echoed, in that order. */
  readonly #atByChallenge = new Map<bigint, number>()

  add(now: number, challenge: bigint): void {
    this.#atByChallenge.delete(challenge)
    this.#atByChallenge.set(challenge, now)
    if (this.#atByChallenge.size <= KEPT_MAX) return
    for (const oldest of this.#atByChallenge.keys()) {
      this.#atByChallenge.delete(oldest)
      return
    }
  }

  /** Whether it has been echoed, as far as that is remembered. */
  knows(challenge: bigint): boolean {
    return this.#atByChallenge.has(challenge)
  }

  /**
   * Whether an answer has left for no longer than those of all take, or this one takes to be read.
   * `peers`: how many answer. Who lacks it all the same asks for it.
   */
  has(now: number, challenge: bigint, { peers, readMs }: Within): boolean {
    const waitMs = Math.max(answerSpread(peers), readMs)
    return now - (this.#atByChallenge.get(challenge) ?? -Infinity) < waitMs
  }
}

/** As many as leave within the longest spread: 32 each 40 ms for 2 s. */
const KEPT_MAX = 1600
