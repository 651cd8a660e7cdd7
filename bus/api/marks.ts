/** What stands at one place between two messages of a queue: gaps, merged as far as possible, and the live mark. */
import type { Gap, Live } from './options.ts'

/** An item that is no message. */
export type Mark = Gap | Live

/**
 * Holds at most one gap for each publisher, topic and cause. Gaps at one place have no message of
 * the same publisher and topic between them, so two of them merge into one that spans both: nothing
 * from `from` to `to` will come, `count` of them by this cause, the others by the other gaps here.
 */
export class Marks {
  readonly #tally: Tally
  readonly #marksByKey = new Map<string, Mark>()
  /** Kept between shifts: a new iterator would walk over everything that was deleted before. */
  #order: MapIterator<[string, Mark]> | undefined

  constructor(tally: Tally) {
    this.#tally = tally
  }

  add(mark: Mark): void {
    const key = keyOf(mark)
    const held = this.#marksByKey.get(key)
    if (held === undefined) this.#tally.gaps++
    const merged = held?.type === 'gap' && mark.type === 'gap' ? span(held, mark) : mark
    this.#marksByKey.set(key, merged)
  }

  /** Takes over the marks of another place, which is no more. */
  addAll(marks: Marks | undefined): void {
    for (let mark = marks?.shift(); mark !== undefined; mark = marks?.shift()) this.add(mark)
  }

  shift(): Mark | undefined {
    if (this.#marksByKey.size === 0) return undefined
    this.#order ??= this.#marksByKey.entries()
    const { value } = this.#order.next()
    if (value === undefined) return undefined
    const [key, mark] = value
    this.#marksByKey.delete(key)
    this.#tally.gaps--
    // An iterator that has seen the end stays there, whatever is added later.
    if (this.#marksByKey.size === 0) this.#order = undefined
    return mark
  }
}

/** What the gaps at all places of one queue amount to. */
export interface Tally {
  gaps: number
}

/** Identifiers and causes hold no blank, so that no two triples make the same key. */
function keyOf(mark: Mark): string {
  return mark.type === 'live' ? 'live' : `${mark.publisher} ${mark.cause} ${mark.topic}`
}

function span(a: Gap, b: Gap): Gap {
  const from = Math.min(a.from, b.from)
  return { ...a, from, to: Math.max(a.to, b.to), count: a.count + b.count }
}
