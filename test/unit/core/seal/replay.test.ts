/** The replay window: its three verdicts at every edge, and against a plain set. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  REPLAY_WINDOW,
  ReplayWindow,
  type ReplayVerdict,
} from '../../../../bus/core/seal/replay.ts'

/** What the window stands for, in its plainest form. */
class Model {
  readonly #seen = new Set<number>()
  readonly #floor: number
  #highest: number

  constructor(floor: number) {
    this.#floor = floor
    this.#highest = floor
  }

  check(number: number): ReplayVerdict {
    if (number <= this.#floor || number <= this.#highest - REPLAY_WINDOW) return 'unknown'
    return this.#seen.has(number) ? 'replayed' : 'new'
  }

  accept(number: number): void {
    this.#seen.add(number)
    this.#highest = Math.max(this.#highest, number)
  }
}

describe('ReplayWindow', () => {
  it('takes each number once', () => {
    const window = new ReplayWindow()
    expect(window.check(1)).toBe('new')
    window.accept(1)
    expect([window.check(1), window.check(2), window.highest]).toEqual(['replayed', 'new', 1])
  })

  it('changes nothing by checking', () => {
    const window = new ReplayWindow()
    window.accept(5)
    expect(window.check(2 ** 48)).toBe('new')
    expect([window.check(4), window.check(5), window.highest]).toEqual(['new', 'replayed', 5])
  })

  it('refuses what lies at or below its floor as unknown', () => {
    const window = new ReplayWindow(1000)
    expect([window.check(0), window.check(999), window.check(1000)]).toEqual(
      Array<string>(3).fill('unknown'),
    )
    expect(window.check(1001)).toBe('new')
  })

  it('tells a replay up to its last number and does not know one further back', () => {
    for (const highest of [REPLAY_WINDOW, REPLAY_WINDOW + 1, 10_000, 2 ** 32, 2 ** 48 - 1]) {
      const window = new ReplayWindow()
      const last = highest - REPLAY_WINDOW + 1
      window.accept(last)
      window.accept(highest)
      expect([window.check(last), window.check(highest)]).toEqual(['replayed', 'replayed'])
      expect(window.check(last + 1)).toBe('new')
      expect(window.check(last - 1)).toBe('unknown')
    }
  })

  it('forgets everything in a jump, and takes as new what the jump went over', () => {
    for (const jump of [REPLAY_WINDOW, REPLAY_WINDOW + 32, 2 ** 20, 2 ** 40, 2 ** 48 - 200]) {
      const window = new ReplayWindow()
      for (let number = 1; number <= 100; number++) window.accept(number)
      window.accept(100 + jump)
      expect(window.check(100)).toBe('unknown')
      expect(window.check(100 + jump)).toBe('replayed')
      for (let back = 1; back < Math.min(jump, REPLAY_WINDOW); back++) {
        expect(window.check(100 + jump - back)).toBe('new')
      }
    }
  })

  it('judges as a set of everything seen would', () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.integer({ min: -40, max: 40 }) },
      { weight: 2, arbitrary: fc.integer({ min: -REPLAY_WINDOW - 40, max: REPLAY_WINDOW + 40 }) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 2 ** 40 }) },
    )
    const start = fc.constantFrom(0, 1, 31, 32, 1000, 2 ** 32 - 5)
    fc.assert(
      fc.property(start, fc.array(step, { maxLength: 150 }), (floor, steps) => {
        const window = new ReplayWindow(floor)
        const model = new Model(floor)
        for (const move of steps) {
          const number = Math.max(0, window.highest + move)
          const verdict = model.check(number)
          expect(window.check(number)).toBe(verdict)
          if (verdict !== 'new') continue
          window.accept(number)
          model.accept(number)
        }
      }),
      { numRuns: 1000 },
    )
  })
})
