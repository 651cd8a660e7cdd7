/** First in, first out for each of many keys, which take turns: nobody's many delay another's few. */
import { Ring } from '../ring.ts'

export class FairQueue<T> {
  readonly #queues = new Map<string, Ring<T>>()
  readonly #sizeMax: number
  #size = 0

  /** `sizeMax`: most items of one key. */
  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax
  }

  get size(): number {
    return this.#size
  }

  /** The item whose turn it is. */
  get first(): T | undefined {
    for (const queue of this.#queues.values()) return queue.first
    return undefined
  }

  /** False when the key has as many as it may. */
  push(key: string, item: T): boolean {
    let queue = this.#queues.get(key)
    if (!queue) this.#queues.set(key, (queue = new Ring<T>()))
    if (queue.size >= this.#sizeMax) return false
    queue.push(item)
    this.#size += 1
    return true
  }

  /** Takes `first` out; the next key has its turn. */
  shift(): void {
    for (const [key, queue] of this.#queues) {
      queue.shift()
      this.#size -= 1
      this.#queues.delete(key)
      if (queue.size > 0) this.#queues.set(key, queue)
      return
    }
  }
}
