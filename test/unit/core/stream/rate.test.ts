/** The rate that gives way to loss: down where that helps, and how soon it comes back. */
import { describe, expect, it } from 'vitest'
import { Rate } from '../../../../bus/core/stream/rate.ts'

const SIZE = 1232
const CEILING = 10_000_000

/** Steps as often as packets leave, of which such a part is lost; tells when `done` holds. */
function until(rate: Rate, from: { now: number; loss: number }, done: () => boolean): number {
  let { now } = from
  const { loss } = from
  while (!done()) {
    rate.report(loss, 1)
    rate.step(now)
    now += Math.max(0.5, (SIZE * 1000) / rate.value)
  }
  return now
}

function low(): { readonly rate: Rate; readonly now: number } {
  const rate = new Rate(CEILING / 1000, CEILING, SIZE)
  const now = until(rate, { now: 0, loss: 0.5 }, () => rate.value <= CEILING / 1000)
  return { rate, now }
}

describe('a rate', () => {
  it('begins at its ceiling and stays there without loss', () => {
    const rate = new Rate(1000, CEILING, SIZE)
    let steps = 0
    until(rate, { now: 0, loss: 0 }, () => (steps += 1) > 10_000)
    expect(rate.value).toBe(CEILING)
  })

  it('falls to its floor and no lower while half of everything is lost', () => {
    expect(low().rate.value).toBe(CEILING / 1000)
  })

  it('comes back from its floor after 32 packets for each step of 8 %', () => {
    const { rate, now } = low()
    let packets = 0
    until(rate, { now, loss: 0 }, () => {
      packets += 1
      return rate.value >= CEILING / 500
    })
    // Nine steps double it, when the trial of the last cut is over.
    expect(packets).toBeGreaterThan(8 * 32)
    expect(packets).toBeLessThan(2 * 128 + 11 * 32)
  })

  it('stays where it is while a little is lost', () => {
    const { rate, now } = low()
    let steps = 0
    until(rate, { now, loss: 0.07 }, () => (steps += 1) > 2000)
    expect(rate.value).toBe(CEILING / 1000)
  })

  it('comes back where no cut helps: that much is lost at any rate', () => {
    const rate = new Rate(CEILING / 1000, CEILING, SIZE)
    let steps = 0
    let lowest = CEILING
    until(rate, { now: 0, loss: 0.2 }, () => {
      lowest = Math.min(lowest, rate.value)
      return (steps += 1) > 20_000
    })
    expect(lowest).toBeGreaterThan(CEILING / 2)
    expect(rate.value).toBe(CEILING)
  })
})
