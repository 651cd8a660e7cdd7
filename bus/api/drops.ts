/** Counts the messages that a queue drops and reports them as gaps, a burst at a time. */
import type { Gap, GapCause, Message } from './options.ts'

/** What is needed of a message to say that it is missing. */
export type Traced = Pick<Message, 'type' | 'topic' | 'from' | 'sequence'>

/** The same text for the messages of one publisher on one topic; identifiers hold no blank. */
export function streamKey(publisher: string, topic: string): string {
  return `${publisher} ${topic}`
}

/** The gap that a dropped message leaves. */
export function gapOf(
  { topic, from: publisher, sequence: from }: Traced,
  cause: GapCause = 'overflow',
): Gap {
  return { type: 'gap', topic, publisher, from, to: from, count: 1, cause }
}

/**
 * A report spans only consecutive messages: those between two drops may have been delivered. It is
 * made in a microtask, since a burst of packets drops many messages in one turn and whoever pushes
 * them is in the middle of something.
 */
export class Drops {
  readonly #report: (gaps: readonly Gap[]) => void
  #count = 0
  #gaps: Growing[] = []
  readonly #latestByKey = new Map<string, Growing>()
  #latest: Growing | undefined

  constructor(report: (gaps: readonly Gap[]) => void) {
    this.#report = report
  }

  get count(): number {
    return this.#count
  }

  add(message: Traced, cause: GapCause = 'overflow'): void {
    if (cause === 'overflow') this.#count++
    const { topic, from: publisher, sequence } = message
    let gap = this.#latest
    // A burst is mostly of one topic: then no key has to be made.
    if (gap === undefined || gap.topic !== topic || gap.publisher !== publisher) {
      gap = this.#latestByKey.get(streamKey(publisher, topic))
    }
    if (gap !== undefined && gap.to + 1 === sequence && gap.cause === cause) {
      gap.to = sequence
      gap.count++
    } else {
      if (this.#gaps.length === 0) queueMicrotask(() => this.#flush())
      gap = gapOf(message, cause)
      this.#gaps.push(gap)
      this.#latestByKey.set(streamKey(publisher, topic), gap)
    }
    this.#latest = gap
  }

  #flush(): void {
    const gaps = this.#gaps
    this.#gaps = []
    this.#latest = undefined
    this.#latestByKey.clear()
    this.#report(gaps)
  }
}

/** A gap that is not reported yet. */
type Growing = { -readonly [Key in keyof Gap]: Gap[Key] }
