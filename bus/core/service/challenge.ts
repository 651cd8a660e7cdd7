/**
 * What a peer wants echoed in hellos: proof that one was made lately, and for this peer.
 *
 * An echo counts for 5 to 10 s after its challenge was sent, for longer where this peer reads late. A hello that was held back for longer,
 * by whoever recorded it while its sender lived, brings nobody back.
 */

export class Challenge {
  readonly #draw: () => bigint
  #value: bigint
  #before: bigint | undefined
  #drawnAt: number | undefined

  constructor(draw: () => bigint) {
    this.#draw = draw
    this.#value = draw()
  }

  get value(): bigint {
    return this.#value
  }

  /** Whether one of the echoes is that of this challenge, or of the one before it. */
  answeredBy(echoes: readonly bigint[]): boolean {
    if (echoes.includes(this.#value)) return true
    return this.#before !== undefined && echoes.includes(this.#before)
  }

  /** Draws a new one: no echo made until now counts any more. */
  renew(): void {
    this.#value = this.#draw()
    this.#before = undefined
  }

  /**
   * Draws a new one when it is time; answers to the last one may still be under way. `backlogMs`: how
   * long what comes waits to be read.
   */
  age(now: number, backlogMs = 0): void {
    const leastMs = Math.max(CHALLENGE_MS, backlogMs * WAITS)
    this.#drawnAt ??= now
    if (now - this.#drawnAt < leastMs) return
    this.#before = this.#value
    this.#value = this.#draw()
    this.#drawnAt = now
  }
}

/** Peers answer within 2 s. */
const CHALLENGE_MS = 5000
/** A hello waits to be read where it goes, and the answer to it here. */
const WAITS = 3
