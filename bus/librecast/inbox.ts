/** The bounded queue between a socket that cannot wait and a reader that may be slow. */
import type { Overflow } from '../api/options.ts'

export interface InboxLimits {
  readonly messages: number
  readonly size: number
  readonly overflow: Overflow
}

/** One reader is meant; several would share the messages between them. */
export class Inbox<T> {
  /** Messages that the overflow policy threw away. */
  dropped = 0

  readonly #limits: InboxLimits
  readonly #waiting: Waiting<T>[] = []
  readonly #readers: Reader<T>[] = []
  #size = 0
  #ended = false
  #failure: Error | undefined

  constructor(limits: InboxLimits) {
    this.#limits = limits
  }

  /** False when there was no room and the policy is to fail; the caller then ends the inbox. */
  push(item: T, size: number): boolean {
    if (this.#ended) return true
    const reader = this.#readers.shift()
    if (reader) {
      reader.resolve({ done: false, value: item })
      return true
    }
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
    if (this.#ended) return
    this.#ended = true
    this.#failure = failure
    for (const reader of this.#readers.splice(0)) this.#finish(reader)
  }

  next(): Promise<IteratorResult<T, undefined>> {
    return new Promise((resolve, reject) => {
      const reader = { resolve, reject }
      const first = this.#shift()
      if (first) resolve({ done: false, value: first.item })
      else if (this.#ended) this.#finish(reader)
      else this.#readers.push(reader)
    })
  }

  #fits(size: number): boolean {
    return this.#waiting.length < this.#limits.messages && this.#size + size <= this.#limits.size
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

  #finish(reader: Reader<T>): void {
    const failure = this.#failure
    this.#failure = undefined
    if (failure) reader.reject(failure)
    else reader.resolve({ done: true, value: undefined })
  }
}

interface Waiting<T> {
  readonly item: T
  readonly size: number
}

interface Reader<T> {
  readonly resolve: (result: IteratorResult<T, undefined>) => void
  readonly reject: (failure: Error) => void
}
