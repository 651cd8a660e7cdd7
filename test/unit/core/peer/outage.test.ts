/** What time in which nothing could be heard is forgiven, and how much of it. */
import { expect, it } from 'vitest'
import { Outage } from '../../../../bus/core/peer/presence/outage.ts'

function outage(mostMs = 1000): { outage: Outage; forgiven: [number, number][] } {
  const forgiven: [number, number][] = []
  const forgive = (now: number, ms: number): void => void forgiven.push([now, ms])
  return { outage: new Outage(0, mostMs, forgive), forgiven }
}

it('forgives the time in which the process stood still', () => {
  const { outage: one, forgiven } = outage()
  one.ran(100, 90)
  one.ran(500, 120)
  // The deadline was past before: the process ran at 500.
  one.ran(530, 120)
  expect(forgiven).toEqual([[500, 380]])
})

it('forgives an outage piece by piece, and its end', () => {
  const { outage: one, forgiven } = outage()
  one.pass(50)
  one.begin(100)
  one.begin(200)
  one.pass(350)
  one.pass(350)
  one.end(500)
  one.pass(900)
  one.end(900)
  expect(forgiven).toEqual([
    [350, 250],
    [500, 150],
  ])
})

it('forgives no more than the most, for each outage anew', () => {
  const { outage: one, forgiven } = outage()
  one.begin(0)
  one.pass(700)
  one.pass(5000)
  one.end(9000)
  one.begin(10_000)
  one.end(10_100)
  expect(forgiven).toEqual([
    [700, 700],
    [5000, 300],
    [10_100, 100],
  ])
})
