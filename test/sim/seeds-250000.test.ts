/** Seeds from 250,001 on: worlds in which the owner removes members, who go on listening. */
import { describe, expect, it } from 'vitest'
import { mayRevoke, planOf } from './plan.ts'
import { runSeed } from './run.ts'
import { range, sweep } from './sweep.ts'

describe('worlds of seeds', () => {
  it.each([
    [250_001, 250_015],
    [250_016, 250_030],
    [250_031, 250_045],
  ])('%i to %i keep every promise', (first, last) => {
    expect(sweep(range(first, last))).toEqual([])
  })

  it('remove somebody in most of those that rotate and do not close', () => {
    const removing = [...range(250_001, 250_045)].filter((seed) => mayRevoke(planOf(seed)))
    expect(removing.length).toBeGreaterThan(15)
    const told = removing.slice(0, 8).filter((seed) => {
      let found = false
      runSeed(seed, { line: (line) => (found ||= / revoked epoch \d+/.test(line)) })
      return found
    })
    // Some have no third process to spare, or the dice spare it.
    expect(told.length).toBeGreaterThanOrEqual(3)
    // Older seeds mean what they did.
    expect([...range(200_001, 200_050)].some((seed) => mayRevoke(planOf(seed)))).toBe(false)
  })
})
