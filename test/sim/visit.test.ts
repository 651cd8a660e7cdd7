/** A process that comes, says one thing and goes: nobody who is there misses it without a word. */
import { expect, it } from 'vitest'
import { quantile } from './tables.ts'
import { visit } from './visit.ts'

it('is met by a subscriber that loses a twentieth of all packets, both ways', () => {
  const visits = visit({ subscribers: 1, loss: 0.05, visits: 1000, seed: 1 })
  expect(visits).toMatchObject({ delivered: 1000, told: 0, unmet: 0 })
})

it('is met by each of three that do, or they or it know of what was lost', () => {
  const visits = visit({ subscribers: 3, loss: 0.05, visits: 400, seed: 2 })
  expect(visits.unmet).toBe(0)
  expect(visits.delivered).toBeGreaterThanOrEqual(1199)
})

it('is met, with few exceptions, where a fifth is lost', () => {
  const visits = visit({ subscribers: 1, loss: 0.2, visits: 400, seed: 3 })
  expect(visits.unmet).toBeLessThanOrEqual(6)
  expect(visits.delivered).toBeGreaterThanOrEqual(393)
})

it('closes as soon as it can: nobody is there, or all have met it at once', () => {
  for (const subscribers of [0, 3]) {
    const { tookMs, named } = visit({ subscribers, loss: 0, visits: 20, seed: 4 })
    expect(named).toBe(0)
    expect(tookMs.at(-1)).toBeLessThan(320)
  }
})

it('is met by one of many, of whom each says a few words', () => {
  const [others, loss] = [40, 0.05]
  const visits = visit({ subscribers: 1, others, loss, visits: 10, seed: 5 })
  expect(visits).toMatchObject({ delivered: 10, unmet: 0 })
  // A hello, that it has met the publisher, and what is said again because it was lost.
  expect(visits.packets).toBeLessThan(5 * others)
  expect(quantile(visits.tookMs, 0.5)).toBeLessThan(1000)
})
