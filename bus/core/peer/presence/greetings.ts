/** Says hello by unicast to endpoints that have been named, ever more rarely until they answer. */
import { type Endpoint, endpointName } from '../../output.ts'
import type { Context } from '../context.ts'

interface Place {
  readonly endpoint: Endpoint
  tries: number
  at: number
}

export class Greetings {
  readonly #context: Context
  readonly #greet: (endpoint: Endpoint) => void
  #places = new Map<string, Place>()

  constructor(context: Context, greet: (endpoint: Endpoint) => void) {
    this.#context = context
    this.#greet = greet
  }

  /** All that are named; who was named before goes on where it stands. */
  name(now: number, endpoints: readonly Endpoint[]): void {
    const { limits, metrics } = this.#context
    const places = new Map<string, Place>()
    for (const { address, port } of endpoints) {
      const name = endpointName({ address, port })
      if (places.size >= limits.namedPeers && !places.has(name)) {
        metrics.count('namedFull')
        continue
      }
      const endpoint: Endpoint = { address, port, rung: 'unicast' }
      places.set(name, this.#places.get(name) ?? { endpoint, tries: 0, at: now })
    }
    this.#places = places
  }

  /** Greets those that are due, but who is `met` already; returns when the next one is. */
  step(now: number, met: readonly Endpoint[]): number {
    const names = new Set(met.map(endpointName))
    let next = Infinity
    for (const [name, place] of this.#places) {
      if (names.has(name)) {
        place.tries = 0
        place.at = now + WAIT_MIN_MS
      } else if (now >= place.at) {
        this.#context.metrics.count('greetings')
        this.#greet(place.endpoint)
        const waitMs = Math.min(WAIT_MAX_MS, WAIT_MIN_MS * 2 ** place.tries)
        place.tries = Math.min(place.tries + 1, TRIES_MAX)
        place.at = now + waitMs * (0.75 + 0.5 * this.#context.unit())
      }
      next = Math.min(next, place.at)
    }
    return next
  }
}

const WAIT_MIN_MS = 500
const WAIT_MAX_MS = 120_000
/** Where the wait grows no more. */
const TRIES_MAX = 8
