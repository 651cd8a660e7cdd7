/** Repair in the simulator: all of a lossy transfer arrives, at the price that theory allows. */
import { expect, it } from 'vitest'
import { quantile } from './tables.ts'
import { cry, lostTails } from './tail.ts'
import { repairsAtBest, sharedLosses, transfer } from './transfer.ts'

it('delivers everything to four receivers that lose a tenth each, within the bound', () => {
  const [receivers, loss, messages] = [4, 0.1, 2000]
  const counts = transfer({ receivers, loss, messages, seed: 1 })
  expect(counts).toMatchObject({ due: 8000, delivered: 8000, reported: 0 })
  // The losses are there: about one packet in three lacks somewhere.
  expect(counts.lostPackets / messages).toBeGreaterThan(0.3)
  // Resending to all could not do with less than this, however well informed.
  const sentAgain = (counts.repairs + counts.parity) / messages
  expect(sentAgain).toBeLessThan(0.6 * repairsAtBest(loss, receivers))
})

it('sends every packet once when nothing is lost', () => {
  const counts = transfer({ receivers: 4, loss: 0, messages: 500, seed: 1 })
  expect(counts).toMatchObject({
    delivered: 2000,
    dataPackets: 500,
    repairs: 0,
    parity: 0,
    naks: 0,
  })
})

it.each([
  [10, 100],
  [50, 100],
  [100, 60],
])('asks a few times, not %i, for what so many receivers lack at once', (receivers, losses) => {
  const naks = sharedLosses({ receivers, losses, seed: 1 }).toSorted((a, b) => a - b)
  expect(naks[0]).toBeGreaterThan(0)
  expect(quantile(naks, 0.99)).toBeLessThanOrEqual(10)
})

it('delivers the last message of a burst within 100 ms of virtual time, also when it is lost', () => {
  const waits = lostTails({ receivers: 10, bursts: 100, seed: 1 })
  expect(waits).toHaveLength(1000)
  // It was lost: without that it takes a third of a millisecond.
  expect(waits[0]).toBeGreaterThan(1)
  expect(waits.at(-1)).toBeLessThanOrEqual(100)
})

it('lets one receiver that loses three tenths cost fifty others no time', () => {
  const setting = { receivers: 51, messages: 1000, seed: 1 }
  const [calm, cried] = [cry({ ...setting, loss: 0 }), cry({ ...setting, loss: 0.3 })]
  expect(calm).toMatchObject({ delivered: 51_000, reported: 0, sentAgain: 0 })
  expect(cried).toMatchObject({ delivered: 51_000, reported: 0 })
  const atBest = 1000 * repairsAtBest(0.3, 1)
  expect(cried.sentAgain).toBeGreaterThan(0.8 * atBest)
  expect(cried.sentAgain).toBeLessThan(1.25 * atBest)
  expect(quantile(cried.others, 0.99)).toBeLessThan(1.1 * quantile(calm.others, 0.99))
  // A repair and a question for each loss.
  expect(cried.heardByOthers).toBeLessThan(calm.heardByOthers + 2 * atBest)
})

it('over cables that carry a fifth of the rate sends little more than they carry', () => {
  const counts = transfer({ receivers: 2, loss: 0, messages: 4000, seed: 1, capacity: 1000 })
  expect(counts).toMatchObject({ due: 8000, delivered: 8000, reported: 0 })
  expect(counts.dataPackets).toBeLessThan(2 * 4000)
})

it('knows the price of repair', () => {
  expect(repairsAtBest(0.1, 1)).toBeCloseTo(1 / 9)
  expect(repairsAtBest(0, 8)).toBe(0)
})
