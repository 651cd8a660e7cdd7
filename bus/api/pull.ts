/** The consumer's end of a queue: an async iterator whose `next` calls may wait for items. */
import { Ring } from '../core/ring.ts'

/** Where a Pull takes its items from. */
export interface Source<T> {
  /** The next item, if one is there. */
  take(): T | undefined
  /** The consumer has broken off: forget everything. */
  drop(): void
}

/**
 * The owner hands each new item to `offer` first and keeps it only when nobody waits for it; so
 * while somebody waits, the source is empty. After `end` the source is emptied, then the iterator
 * is done, or rejects once with the reason given.
 */
export class Pull<T extends object> implements AsyncIterableIterator<T, undefined> {
  readonly #source: Source<T>
  readonly #waiting = new Ring<Waiter<T>>()
  #ended = false
  #reason: unknown

  constructor(source: Source<T>) {
    this.#source = source
  }

  get ended(): boolean {
    return this.#ended
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const value = this.#source.take()
    if (value !== undefined) return Promise.resolve({ done: false, value })
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      if (this.#ended) this.#settle()
    })
  }

  /** What `break` calls. */
  return(): Promise<IteratorResult<T, undefined>> {
    this.#source.drop()
    this.end()
    return Promise.resolve(DONE)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** Gives the item to the longest waiting `next`; false when none waits. */
  offer(value: T): boolean {
    const waiter = this.#waiting.shift()
    waiter?.resolve({ done: false, value })
    return waiter !== undefined
  }

  /** No more items will come; the first end counts. */
  end(reason?: unknown): void {
    if (this.#ended) return
    this.#ended = true
    this.#reason = reason
    this.#settle()
  }

  /** The reason is told once, as an async generator tells its exception. */
  #settle(): void {
    for (let waiter = this.#waiting.shift(); waiter; waiter = this.#waiting.shift()) {
      if (this.#reason === undefined) waiter.resolve(DONE)
      else waiter.reject(this.#reason)
      this.#reason = undefined
    }
  }
}

interface Waiter<T> {
  resolve(result: IteratorResult<T, undefined>): void
  reject(reason: unknown): void
}

const DONE = { done: true, value: undefined } as const
