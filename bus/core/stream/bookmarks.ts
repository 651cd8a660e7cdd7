/**
 * Where the streams of instances that have gone were left.
 *
 * An instance that was only out of reach comes back as itself: its streams go on where they were
 * left, so that nothing is delivered twice and what was missed is reported.
 */
import type { GapCause } from '../output.ts'

export interface Bookmark {
  /** The packet that would have been next. */
  readonly next: number
  /** The index of the message that would have been next. */
  readonly index: number
  /** When the stream was left, ms of the driver's clock. */
  readonly at: number
  /** Messages that had been given up. */
  readonly lost: number
  /** Why packets were passed over since the last message, if any were. */
  readonly cause?: GapCause | undefined
  /** The subscriptions that have been given, or told of, everything before. */
  readonly subscriptions: readonly number[]
}

export class Bookmarks {
  readonly #marksByInstance = new Map<bigint, Map<number, Bookmark>>()
  readonly #sizeMax: number
  #size = 0

  /** `sizeMax`: most marks. */
  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax
  }

  get size(): number {
    return this.#size
  }

  /** Puts a mark; the instances that have been gone longest make room. */
  put(instance: bigint, stream: number, mark: Bookmark): void {
    for (const oldest of this.#marksByInstance.keys()) {
      if (this.#size < this.#sizeMax) break
      this.#drop(oldest)
    }
    let marks = this.#marksByInstance.get(instance)
    if (!marks) this.#marksByInstance.set(instance, (marks = new Map<number, Bookmark>()))
    if (!marks.has(stream)) this.#size += 1
    marks.set(stream, mark)
  }

  /** Takes a mark out. */
  take(instance: bigint, stream: number): Bookmark | undefined {
    const marks = this.#marksByInstance.get(instance)
    const mark = marks?.get(stream)
    if (!marks || !mark) return undefined
    marks.delete(stream)
    this.#size -= 1
    if (marks.size === 0) this.#marksByInstance.delete(instance)
    return mark
  }

  #drop(instance: bigint): void {
    this.#size -= this.#marksByInstance.get(instance)?.size ?? 0
    this.#marksByInstance.delete(instance)
  }
}
