/** The private ports of links: UDP ports on a segment, mere numbers without one. */
import { randomInt } from 'node:crypto'
import type { Segment } from './segment.ts'

export class Ports {
  readonly #segment: Segment | undefined
  readonly #taken = new Set<number>()

  constructor(segment: Segment | undefined) {
    this.#segment = segment
  }

  /** The wanted port if it is one that a link may have and nobody has it; 0: there is none left. */
  open(wanted: number): number {
    const wish = wanted >= PORT_MIN && !this.#taken.has(wanted) ? wanted : 0
    const port = this.#segment ? openIn(this.#segment, wish) : this.#numberOf(wish)
    if (port !== 0) this.#taken.add(port)
    return port
  }

  close(port: number): void {
    this.#taken.delete(port)
    this.#segment?.closePort(port)
  }

  #numberOf(wish: number): number {
    if (wish !== 0) return wish
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const port = randomInt(PORT_MIN, PORT_MAX + 1)
      if (!this.#taken.has(port)) return port
    }
    return 0
  }
}

function openIn(segment: Segment, wish: number): number {
  try {
    return segment.openPort(wish)
  } catch {
    return 0 // no port or no file is left
  }
}

/** A peer shall not take a port that a service of the relay's host may want: from here they are the system's. */
const PORT_MIN = 32_768
const PORT_MAX = 65_535
const TRIES_MAX = 64
