/** Milestones: never later than what is asked for, and not much earlier. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Milestones } from '../../../../bus/core/stream/milestones.ts'

describe('milestones', () => {
  it('know the index of a moment, rather too low than too high', () => {
    const waits = fc.array(fc.integer({ min: 0, max: 5000 }), { minLength: 1, maxLength: 400 })
    fc.assert(
      fc.property(waits, fc.nat(2_000_000), (steps, at) => {
        const stones = new Milestones()
        let now = 0
        let exact = 0
        for (const [index, ms] of steps.entries()) {
          now += ms
          stones.add({ at: now, index })
          if (now <= at) exact = index
        }
        expect(stones.indexAt(at)).toBeLessThanOrEqual(exact)
      }),
    )
  })

  it('err by a small part of how long ago it was, also after an hour of a message each ms', () => {
    const stones = new Milestones()
    const hourMs = 3_600_000
    for (let at = 0; at < hourMs; at++) stones.add({ at, index: at })
    for (const ago of [20, 100, 1000, 20_000, 300_000, 3_000_000]) {
      const short = hourMs - ago - stones.indexAt(hourMs - ago)
      expect(short).toBeGreaterThanOrEqual(0)
      expect(short).toBeLessThan(20 + ago * 0.5)
    }
  })

  it('know nothing before the first one: that is the beginning', () => {
    const stones = new Milestones()
    expect(stones.indexAt(5)).toBe(0)
    stones.add({ at: 10, index: 7 })
    expect([stones.indexAt(9), stones.indexAt(10)]).toEqual([0, 7])
  })
})
