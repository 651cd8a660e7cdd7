/** What a shared stream has published lately: for groups whose members it did not know yet. */
import { Ring } from '../ring.ts'
import { type Copies, type Held, type Kept, takeOut } from './copies.ts'
import type { Group } from './seat.ts'

export class Lately {
  readonly #copies: Copies
  readonly #ageMs: number
  readonly #held = new Ring<Held & { readonly kept: Kept }>()
  /** Index behind the last message. */
  next = 0

  /** `ageMs`: how long each of them is kept. */
  constructor(copies: Copies, ageMs: number) {
    this.#copies = copies
    this.#ageMs = ageMs
  }

  /** A message is published; without a copy nobody can have it later. */
  push(now: number, index: number, kept: Kept | undefined): void {
    this.next = index + 1
    if (!kept) return
    const asks = kept.message.question !== undefined
    this.#held.push({ index, first: index, at: now, asks, kept: this.#copies.use(kept) })
  }

  forget(now: number): void {
    const old = (): boolean => (this.#held.first?.at ?? Infinity) + this.#ageMs <= now
    while (old()) this.evict()
  }

  /** Gives the oldest copy up; false when there is none. */
  evict(): boolean {
    const held = this.#held.shift()
    this.#copies.unuse(held?.kept)
    return held !== undefined
  }

  /** The message with this index is for nobody who comes. */
  drop(index: number): void {
    this.#copies.unuse(takeOut(this.#held, index)?.kept)
  }

  /** Those since a time that a group could have had before its first, each with a copy of its own. */
  since(from: number, { first: before, questions }: Pick<Group, 'first' | 'questions'>): Held[] {
    const found: Held[] = []
    for (let place = 0; place < this.#held.size; place++) {
      const held = this.#held.at(place)!
      if (held.index >= before) break
      if (held.at < from || (questions && !held.asks)) continue
      found.push({ ...held, asks: questions, kept: this.#copies.use(held.kept) })
    }
    return found
  }
}
