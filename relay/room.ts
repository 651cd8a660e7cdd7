/** What may wait for one link: when all of them together have too much, each has its share. */
import type { LinkOutbox } from '../bus/io/link-outbox.ts'
import type { RelayLimits } from './limits.ts'

export class Room {
  readonly #limits: RelayLimits
  #size = 0
  #at = -Infinity

  constructor(limits: RelayLimits) {
    this.#limits = limits
  }

  /** Bytes for one of these links. */
  ofOne(now: number, links: ReadonlySet<{ readonly outbox: LinkOutbox }>): number {
    if (now - this.#at < LOOK_MS) return this.#size
    const { bufferSize, buffersSize } = this.#limits
    let waiting = 0
    for (const { outbox } of links) waiting += outbox.waiting
    const share = Math.floor(buffersSize / Math.max(1, links.size))
    this.#size = waiting > buffersSize / 2 ? Math.min(bufferSize, share) : bufferSize
    this.#at = now
    return this.#size
  }
}

/** The sum of what waits is looked at this often. */
const LOOK_MS = 100
