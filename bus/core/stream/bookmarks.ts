/**
 * Where the streams of instances that have gone were left.
 *
 * An instance that was only out of reach comes back as itself: its streams go on where they were
 * left, so that nothing is delivered twice and what was missed is reported.
 */

export interface Bookmark {
  /** The packet that would have been next. */
  readonly next: number
  /** The index of the message that would have been next. */
  readonly index: number
  /** When the stream was left, ms of the driver's clock. */
  readonly at: number
}

export class Bookmarks {
  readonly #marksByInstance = new Map<bigint, Map<number, Bookmark>>()
  readonly #instancesMax: number

  constructor(instancesMax: number) {
    this.#instancesMax = instancesMax
  }

  /** Puts a mark; the instance that has been gone longest makes room. */
  put(instance: bigint, stream: number, mark: Bookmark): void {
    const marks = this.#marksByInstance.get(instance)
    if (marks) {
      marks.set(stream, mark)
      return
    }
    if (this.#marksByInstance.size >= this.#instancesMax) {
      for (const oldest of this.#marksByInstance.keys()) {
        this.#marksByInstance.delete(oldest)
        break
      }
    }
    this.#marksByInstance.set(instance, new Map([[stream, mark]]))
  }

  /** Takes a mark out. */
  take(instance: bigint, stream: number): Bookmark | undefined {
    const marks = this.#marksByInstance.get(instance)
    const mark = marks?.get(stream)
    marks?.delete(stream)
    if (marks?.size === 0) this.#marksByInstance.delete(instance)
    return mark
  }
}
