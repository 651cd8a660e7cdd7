/** What finding the subscriptions of a topic costs: look-ups are counted, not timed. */
import { describe, expect, it, vi } from 'vitest'
import { Subscriptions } from '../../../bus/core/peer/subscribing/subscriptions.ts'
import { parsePattern } from '../../../bus/core/topic/pattern.ts'

describe('the subscriptions that match a topic', () => {
  it('are found by as many look-ups among 10,000 that do not match as among none', () => {
    const counts = [0, 100, 10_000].map((unrelated) => {
      const subscriptions = withRelated(unrelated)
      const { found, lookups } = counted(() => subscriptions.matching(TOPIC))
      expect(found.toSorted((a, b) => a - b)).toEqual([1, 2, 3])
      return lookups
    })
    expect(counts[0]).toBeGreaterThan(0)
    expect(counts).toEqual(counts.map(() => counts[0]))
  })

  it('are none by as many look-ups, too', () => {
    const counts = [10, 10_000].map((unrelated) => {
      const subscriptions = withRelated(unrelated)
      const { found, lookups } = counted(() => subscriptions.matching(['yard', '7', 'light']))
      expect(found).toEqual([])
      return lookups
    })
    expect(counts[1]).toBe(counts[0])
  })

  it('cost no more once 10,000 others have come and gone', () => {
    const subscriptions = withRelated(10_000)
    for (let id = 0; id < 10_000; id++) subscriptions.delete(FIRST_UNRELATED + id)
    const { lookups } = counted(() => subscriptions.matching(TOPIC))
    const fresh = withRelated(0)
    expect(lookups).toBe(counted(() => fresh.matching(TOPIC)).lookups)
  })
})

/** Three that match, and so many that do not, with wildcards as well. */
function withRelated(unrelated: number): Subscriptions {
  const subscriptions = new Subscriptions()
  const add = (id: number, text: string): void => {
    const parsed = parsePattern(text)
    if (!parsed.ok) throw new Error(parsed.fault)
    const rest = { since: 0, group: undefined, history: undefined, proof: 'group' } as const
    subscriptions.add(id, { pattern: parsed.pattern, ...rest })
  }
  const related = ['home/*/light', 'home/kitchen/**', 'home/kitchen/light']
  for (const [at, text] of related.entries()) add(at + 1, text)
  for (let at = 0; at < unrelated; at++) {
    add(FIRST_UNRELATED + at, `site/${at}/${['*', '**', 'light', '{what}'][at % 4]}`)
  }
  return subscriptions
}

/** Each node of the tree that a match visits looks the segment up in a map of its own. */
function counted(run: () => readonly number[]): { found: number[]; lookups: number } {
  const get = vi.spyOn(Map.prototype, 'get')
  try {
    const found = [...run()]
    return { found, lookups: get.mock.calls.length }
  } finally {
    get.mockRestore()
  }
}

const TOPIC = ['home', 'kitchen', 'light']
const FIRST_UNRELATED = 100
