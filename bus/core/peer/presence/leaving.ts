/**
 * The last words: the goodbye once more, and again, for one packet may be lost.
 *
 * A publisher that did not hear it would wait for this peer's cursors until it is sure of its end.
 */
import type { Context } from '../context.ts'

export class Leaving {
  readonly #context: Context
  readonly #packet: Uint8Array
  readonly #done: () => void
  #left: number

  /** The goodbye has been said once; where anybody is known it is said again, then it is `done`. */
  constructor(context: Context, packet: Uint8Array, done: () => void) {
    this.#context = context
    this.#packet = packet
    this.#left = context.roster.size > 0 ? REPEATS : 0
    this.#done = done
  }

  /** Nothing else is to be done any more, whatever was. */
  begin(now: number): void {
    this.#context.timers.clearAll()
    if (this.#left === 0) return this.#done()
    this.#context.timers.set('close', now + AGAIN_MS)
  }

  onTimer(now: number): void {
    this.#context.transmit(this.#context.controlGroup, this.#packet)
    this.#left -= 1
    this.begin(now)
  }
}

const AGAIN_MS = 5
/** How often a goodbye is repeated, also by who does not linger: others wait to hear it. */
const REPEATS = 2
