/** What may be opened in vain: bounded in all and by source, and nobody is crowded out by others. */
import { describe, expect, it } from 'vitest'
import { VainBudget } from '../../../../bus/core/service/vain-budget.ts'

/** How many of so many from there are tried, when none of them opens. */
function tried(budget: VainBudget, source: string, { now = 0, count = 3000 } = {}): number {
  let tries = 0
  for (let i = 0; i < count; i++) {
    if (!budget.allows(now, source)) continue
    budget.failed(source)
    tries += 1
  }
  return tries
}

describe('a budget of what may fail', () => {
  it('has 500 a second for one source, and 2,000 for all', () => {
    const budget = new VainBudget()
    const sources = ['a', 'b', 'c', 'd', 'e']
    expect(sources.map((one) => tried(budget, one))).toEqual([500, 500, 500, 500, 0])
    expect(tried(budget, 'e', { now: 999 })).toBe(0)
    expect(tried(budget, 'e', { now: 1000 })).toBe(500)
  })

  it('has a share beside for a source from which something has opened', () => {
    const budget = new VainBudget()
    budget.opened('known')
    for (let i = 0; i < 3000; i++) if (budget.allows(0, `${i}`)) budget.failed(`${i}`)
    expect([budget.allows(0, 'other'), budget.allows(0, 'known')]).toEqual([false, true])
    expect(tried(budget, 'known')).toBe(500)
    // It takes nothing from others.
    expect(tried(budget, 'known', { now: 1000 })).toBe(500)
    expect(['a', 'b', 'c', 'd'].map((one) => tried(budget, one, { now: 1000 }))).toEqual([
      500, 500, 500, 500,
    ])
  })

  it('knows the last 64 such sources', () => {
    const budget = new VainBudget()
    budget.opened('stays')
    for (let i = 0; i < 64; i++) {
      budget.opened(`${i}`)
      if (i < 63) budget.opened('stays')
    }
    for (const one of ['a', 'b', 'c', 'd']) tried(budget, one)
    const known = ['0', '1', '63', 'stays'].map((one) => budget.allows(0, one))
    expect(known).toEqual([false, true, true, true])
  })
})
