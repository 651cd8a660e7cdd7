/** Repair in the simulator: all of a lossy transfer arrives, at the price that theory allows. */
import { expect, it } from 'vitest'
import { quantile } from './tables.ts'
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

it('asks a few times, not fifty, for what fifty receivers lack at once', () => {
  const naks = sharedLosses({ receivers: 50, losses: 100, seed: 1 }).toSorted((a, b) => a - b)
  expect(naks[0]).toBeGreaterThan(0)
  expect(quantile(naks, 0.99)).toBeLessThanOrEqual(10)
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
