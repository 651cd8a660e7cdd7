/**
 * What a peer wants echoed in hellos: proof that one was made lately, and for this peer.
 *
 * An echo counts for 5 to 10 s after its challenge was sent. A hello that was held back for longer,
 * by whoever recorded it while its sender lived, brings nobody back.
 */

export class Challenge {
  readonly #draw: () => bigint
  #value: bigint
  #before: bigint | undefined
  #agesAt: number | undefined

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

  /** Draws a new one when it is time; answers to the last one may still be under way. */
  age(now: number): void {
    this.#agesAt ??= now + CHALLENGE_MS
    if (now < this.#agesAt) return
    this.#before = this.#value
    this.#value = this.#draw()
    this.#agesAt = now + CHALLENGE_MS
  }
}

/** Peers answer within 2 s. */
const CHALLENGE_MS = 5000
