/** The gaps that stand at one place between two messages of a queue, merged as far as possible. */
import type { Gap } from './options.ts'

/**
 * Holds at most one gap for each publisher, topic and cause. Gaps at one place have no message of
 * the same publisher and topic between them, so two of them merge into one that spans both: nothing
 * from `from` to `to` will come, `count` of them by this cause, the others by the other gaps here.
 */
export class Marks {
  readonly #gapsByKey = new Map<string, Gap>()

  get size(): number {
    return this.#gapsByKey.size
  }

  add(gap: Gap): void {
    // Identifiers and causes hold no blank, so that no two triples make the same key.
    const key = `${gap.publisher} ${gap.cause} ${gap.topic}`
    const held = this.#gapsByKey.get(key)
    this.#gapsByKey.set(key, held === undefined ? gap : span(held, gap))
  }

  addAll(marks: Marks | undefined): void {
    if (marks === undefined) return
    for (const gap of marks.#gapsByKey.values()) this.add(gap)
  }

  shift(): Gap | undefined {
    for (const [key, gap] of this.#gapsByKey) {
      this.#gapsByKey.delete(key)
      return gap
    }
    return undefined
  }
}

function span(a: Gap, b: Gap): Gap {
  const from = Math.min(a.from, b.from)
  return { ...a, from, to: Math.max(a.to, b.to), count: a.count + b.count }
}
