/** Counts the messages that a queue drops and reports them as gaps, a burst at a time. */
import type { Gap, Message } from './options.ts'

/** What is needed of a message to say that it is missing. */
export type Traced = Pick<Message, 'type' | 'topic' | 'from' | 'sequence'>

/** The same text for the messages of one publisher on one topic; identifiers hold no blank. */
export function streamKey(publisher: string, topic: string): string {
  return `${publisher} ${topic}`
}

/**
 * A report spans only consecutive messages: those between two drops may have been delivered. It is
 * made in a microtask, since a burst of packets drops many messages in one turn and whoever pushes
 * them is in the middle of something.
 */
export class Drops {
  readonly #report: (gaps: readonly Gap[]) => void
  #count = 0
  #gaps: Gap[] = []
  /** Where in `#gaps` the latest one of each publisher and topic is. */
  readonly #placesByKey = new Map<string, number>()

  constructor(report: (gaps: readonly Gap[]) => void) {
    this.#report = report
  }

  get count(): number {
    return this.#count
  }

  /** The gap that the message leaves. */
  add(message: Traced): Gap {
    const { topic, from: publisher, sequence: from } = message
    const gap: Gap = { type: 'gap', topic, publisher, from, to: from, count: 1, cause: 'overflow' }
    this.#count++
    if (this.#gaps.length === 0) queueMicrotask(() => this.#flush())
    const key = streamKey(publisher, topic)
    const place = this.#placesByKey.get(key) ?? this.#gaps.length
    const last = this.#gaps[place]
    if (last !== undefined && last.to + 1 === from) {
      this.#gaps[place] = { ...last, to: from, count: last.count + 1 }
    } else {
      this.#placesByKey.set(key, this.#gaps.length)
      this.#gaps.push(gap)
    }
    return gap
  }

  #flush(): void {
    const gaps = this.#gaps
    this.#gaps = []
    this.#placesByKey.clear()
    this.#report(gaps)
  }
}
