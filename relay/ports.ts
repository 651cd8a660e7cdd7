/**
 * The private ports of links: UDP ports on a segment, mere numbers without one; and those that the
 * relay holds for peers who are elsewhere. Both may need the same one, and then share it.
 */
import { randomInt } from 'node:crypto'
import type { Segment } from './segment.ts'

export class Ports {
  readonly #segment: Segment | undefined
  readonly #users = new Map<number, number>()

  constructor(segment: Segment | undefined) {
    this.#segment = segment
  }

  /** The wanted port if it is one that a link may have and nobody has it; 0: there is none left. */
  open(wanted: number): number {
    const wish = wanted >= PORT_MIN && !this.#users.has(wanted) ? wanted : 0
    const port = this.#segment ? openIn(this.#segment, wish) : this.#numberOf(wish)
    if (port !== 0) this.#users.set(port, 1)
    return port
  }

  /** Makes sure that this very port is open; false: it belongs to somebody else. */
  hold(port: number): boolean {
    const users = this.#users.get(port) ?? 0
    if (users === 0 && (port < PORT_MIN || !this.#segment)) return false
    if (users === 0 && openIn(this.#segment!, port, true) === 0) return false
    this.#users.set(port, users + 1)
    return true
  }

  close(port: number): void {
    const users = this.#users.get(port) ?? 1
    if (users > 1) return void this.#users.set(port, users - 1)
    this.#users.delete(port)
    this.#segment?.closePort(port)
  }

  #numberOf(wish: number): number {
    if (wish !== 0) return wish
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const port = randomInt(PORT_MIN, PORT_MAX + 1)
      if (!this.#users.has(port)) return port
    }
    return 0
  }
}

function openIn(segment: Segment, wish: number, exactly = false): number {
  try {
    return segment.openPort(wish, exactly)
  } catch {
    return 0 // no port or no file is left
  }
}

/** A peer shall not take a port that a service of the relay's host may want: from here they are the system's. */
const PORT_MIN = 32_768
const PORT_MAX = 65_535
const TRIES_MAX = 64
