/** Holes beside a model that takes packets one by one: both do the same, whatever happens when. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Holes } from '../../../../bus/core/stream/holes.ts'
import { AGAIN, asked } from './asking-holes.ts'

/** Something that happens at a time: packets `from` to `to` are missed, or packet `at` is meant. */
interface Step {
  readonly what: 'show' | 'fill' | 'drop' | 'ask'
  readonly now: number
  readonly at: number
  readonly from: number
  readonly to: number
}

/** Tells what the holes have answered. */
function play(holes: Holes, { what, now, at, from, to }: Step): unknown {
  switch (what) {
    case 'show':
      return holes.show({ from, to, shownAt: now, dueAt: now + (at % 50) })
    case 'fill':
      return holes.fill(now, at) !== undefined
    case 'drop':
      return holes.dropBelow(Math.floor(at / 8))
    case 'ask':
      return asked(holes, now, { soonMs: at % 10, againSoonMs: at % 25 })
  }
}

interface Missing {
  dueAt: number
  askedAt: number
  asks: number
}

/** The same, packet by packet, without a thought for speed. */
class Model {
  readonly #missing = new Map<number, Missing>()
  #flowed = 0
  #flowedAt = -Infinity

  get numbers(): number[] {
    return [...this.#missing.keys()].toSorted((a, b) => a - b)
  }

  get dueAt(): number {
    return Math.min(...[...this.#missing.values()].map(({ dueAt }) => dueAt))
  }

  play({ what, now, at, from, to }: Step): unknown {
    switch (what) {
      case 'show':
        for (let number = from; number <= to; number++) {
          this.#missing.set(number, { dueAt: now + (at % 50), askedAt: -Infinity, asks: 0 })
        }
        return undefined
      case 'fill':
        return this.#fill(now, at)
      case 'drop':
        for (const number of this.numbers) if (number < at >>> 3) this.#missing.delete(number)
        return undefined
      case 'ask':
        return this.#ask(now, at % 10, at % 25)
    }
  }

  #fill(now: number, number: number): boolean {
    const known = this.#missing.get(number)
    if (known && known.askedAt > -Infinity) {
      this.#flowed = number
      this.#flowedAt = now
    }
    return this.#missing.delete(number)
  }

  #ask(now: number, soonMs: number, againSoonMs: number): number[] {
    for (const [number, one] of this.#missing) {
      const flows = number > this.#flowed && one.askedAt > -Infinity && one.dueAt <= now
      if (flows) one.dueAt = Math.max(one.dueAt, this.#flowedAt + AGAIN)
    }
    const of = (number: number): Missing => this.#missing.get(number)!
    const first = this.numbers.find((number) => of(number).dueAt <= now) ?? Infinity
    const due = this.numbers.filter((number) => {
      const { askedAt, dueAt } = of(number)
      return number >= first && dueAt <= now + (askedAt > -Infinity ? againSoonMs : soonMs)
    })
    for (const number of due) {
      const asks = of(number).asks + 1
      const waitMs = Math.max(AGAIN, Math.min(500, (AGAIN * (asks - 2)) / 2))
      Object.assign(of(number), { askedAt: now, dueAt: now + waitMs, asks })
    }
    return due
  }
}

describe('holes', () => {
  it('are what a list of single packets would be, whatever happens when', () => {
    const what = fc.constantFrom<Step['what']>('show', 'fill', 'fill', 'fill', 'ask', 'ask', 'drop')
    const step = fc.record({ what, ms: fc.nat(60), size: fc.nat(20), at: fc.nat(200) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const [holes, model] = [new Holes(), new Model()]
        let [now, top] = [0, 0]
        for (const { ms, size, ...rest } of steps) {
          now += ms
          const from = top + 1 + (rest.at % 3)
          if (rest.what === 'show') top = from + size
          const whole = { ...rest, now, from, to: top }
          expect(play(holes, whole)).toEqual(model.play(whole))
          expect(holes.first?.from).toBe(model.numbers[0])
          // Never later than the earliest: then something would be asked for too late.
          expect(holes.dueAt).toBeLessThanOrEqual(model.dueAt)
        }
        holes.dropBelow(Infinity)
        expect([holes.count, holes.dueAt]).toEqual([0, Infinity])
      }),
      { numRuns: 500 },
    )
  })
})
