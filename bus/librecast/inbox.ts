/** The bounded queue between a socket, which cannot wait, and a reader that may be slow. */
import type { Overflow } from '../api/options.ts'
import { Pull } from '../api/pull.ts'
import { Ring } from '../core/ring.ts'

export interface InboxLimits {
  readonly messages: number
  readonly size: number
  readonly overflow: Overflow
}

/** One reader is meant; several would share the messages between them. */
export class Inbox<T extends object> {
  /** Messages that the overflow policy threw away. */
  dropped = 0

  readonly #limits: InboxLimits
  readonly #waiting = new Ring<Waiting<T>>()
  readonly #pull: Pull<T>
  #size = 0

  constructor(limits: InboxLimits) {
    this.#limits = limits
    this.#pull = new Pull({ take: () => this.#shift()?.item, drop: () => {} })
  }

  /** False when there was no room and the policy is to fail; the caller then ends the inbox. */
  push(item: T, size: number): boolean {
    if (this.#pull.ended || this.#pull.offer(item)) return true
    if (this.#fits(size) || this.#makeRoom(size)) {
      this.#waiting.push({ item, size })
      this.#size += size
      return true
    }
    this.dropped += 1
    return this.#limits.overflow !== 'fail'
  }

  /** What waits can still be read; after it readers see the failure once, then the end. */
  end(failure?: Error): void {
    this.#pull.end(failure)
  }

  next(): Promise<IteratorResult<T, undefined>> {
    return this.#pull.next()
  }

  #fits(size: number): boolean {
    return this.#waiting.size < this.#limits.messages && this.#size + size <= this.#limits.size
  }

  #makeRoom(size: number): boolean {
    switch (this.#limits.overflow) {
      case 'drop-oldest':
        while (!this.#fits(size) && this.#shift()) this.dropped += 1
        return this.#fits(size)
      case 'latest':
        while (this.#shift()) this.dropped += 1
        return this.#fits(size)
      case 'drop-newest':
      case 'fail':
        return false
    }
  }

  #shift(): Waiting<T> | undefined {
    const first = this.#waiting.shift()
    if (first) this.#size -= first.size
    return first
  }
}

interface Waiting<T> {
  readonly item: T
  readonly size: number
}
