/** Transfers under loss: everything arrives, and repair costs what it must. */
import { describe, expect, it } from 'vitest'
import { transfer } from './transfer.ts'

const about = { messages: 1000, size: 1100, rate: 5_000_000, seed: 1 }

/** Sendings of one packet until each of `receivers` has it, when each loses it with this chance. */
function sendings(receivers: number, loss: number): number {
  let sum = 0
  for (let k = 0; k < 60; k++) sum += 1 - (1 - loss ** k) ** receivers
  return sum
}

describe('a transfer', () => {
  it.each([
    [1, 0.05],
    [4, 0.1],
    [8, 0.3],
  ])('to %i receivers that lose %d of the packets is complete', (receivers, loss) => {
    const counts = transfer({ ...about, receivers, loss })
    expect([counts.delivered, counts.lost]).toEqual([about.messages * receivers, 0])
    const bound = 1.25 * sendings(receivers, loss) * about.messages
    expect(counts.dataPackets).toBeLessThanOrEqual(bound)
  })

  it('over a cable that carries a fifth of the rate sends little more than what it carries', () => {
    const counts = transfer({ ...about, messages: 4000, receivers: 2, loss: 0, capacity: 1000 })
    expect([counts.delivered, counts.lost]).toEqual([8000, 0])
    expect(counts.dataPackets).toBeLessThan(2 * 4000)
  })

  it('has few ask for what fifty receivers lack', () => {
    const lostForAll = (number: number): boolean => number % 100 === 0
    const counts = transfer({ ...about, rate: 500_000, receivers: 50, loss: 0, lostForAll })
    expect([counts.delivered, counts.lost, counts.repairs]).toEqual([50_000, 0, 10])
    expect(counts.naks).toBeLessThanOrEqual(50)
  })
})
