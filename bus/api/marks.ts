/** The gaps that stand at one place between two messages of a queue, merged as far as possible. */
import type { Gap } from './options.ts'

/**
 * Holds at most one gap for each publisher, topic and cause. Gaps at one place have no message of
 * the same publisher and topic between them, so two of them merge into one that spans both: nothing
 * from `from` to `to` will come, `count` of them by this cause, the others by the other gaps here.
 */
export class Marks {
  readonly #tally: Tally
  readonly #gapsByKey = new Map<string, Gap>()
  /** Kept between shifts: a new iterator would walk over everything that was deleted before. */
  #order: MapIterator<[string, Gap]> | undefined

  constructor(tally: Tally) {
    this.#tally = tally
  }

  add(gap: Gap): void {
    // Identifiers and causes hold no blank, so that no two triples make the same key.
    const key = `${gap.publisher} ${gap.cause} ${gap.topic}`
    const held = this.#gapsByKey.get(key)
    if (held === undefined) this.#tally.gaps++
    this.#gapsByKey.set(key, held === undefined ? gap : span(held, gap))
  }

  /** Takes over the gaps of another place, which is no more. */
  addAll(marks: Marks | undefined): void {
    for (let gap = marks?.shift(); gap !== undefined; gap = marks?.shift()) this.add(gap)
  }

  shift(): Gap | undefined {
    if (this.#gapsByKey.size === 0) return undefined
    this.#order ??= this.#gapsByKey.entries()
    const { value } = this.#order.next()
    if (value === undefined) return undefined
    const [key, gap] = value
    this.#gapsByKey.delete(key)
    this.#tally.gaps--
    // An iterator that has seen the end stays there, whatever is added later.
    if (this.#gapsByKey.size === 0) this.#order = undefined
    return gap
  }
}

/** What the gaps at all places of one queue amount to. */
export interface Tally {
  gaps: number
}

function span(a: Gap, b: Gap): Gap {
  const from = Math.min(a.from, b.from)
  return { ...a, from, to: Math.max(a.to, b.to), count: a.count + b.count }
}
