/** The packets that are kept for parity: from when, until when, how many. */
import { describe, expect, it } from 'vitest'
import { Metrics } from '../../../../bus/core/metrics.ts'
import { Blocks } from '../../../../bus/core/stream/blocks.ts'
import { BLOCK } from '../../../../bus/core/wire/parity.ts'

function keeping(max = 1e6) {
  const [budget, metrics] = [{ used: 0, max }, new Metrics()]
  const blocks = new Blocks(budget, metrics)
  const keep = (from: number, to: number, now = 0): void => {
    for (let number = from; number <= to; number++) blocks.keep(now, number, new Uint8Array(100))
  }
  return { blocks, budget, metrics, keep }
}

describe('packets', () => {
  it('are kept from the first whole block on', () => {
    const { blocks, keep } = keeping()
    keep(10, 70)
    expect([1, 65, 129].map((base) => blocks.able(0, base))).toEqual([false, true, true])
  })

  it('are kept for ten seconds, and again from the block behind a loss', () => {
    const { blocks, budget, keep } = keeping()
    keep(1, 5)
    expect(budget.used).toBeGreaterThan(500)
    keep(6, 6, 10_001)
    expect([budget.used, blocks.active]).toEqual([0, false])
    blocks.lost(20_000, 70)
    keep(71, 140, 20_000)
    expect([65, 129].map((base) => blocks.able(20_000, base))).toEqual([false, true])
    keep(141, 141, 29_999)
    expect(blocks.active).toBe(true)
  })

  it('are forgotten when nothing before is missing, and give their room back', () => {
    const { blocks, budget, keep } = keeping()
    keep(1, 130)
    const all = budget.used
    blocks.release(66)
    expect(budget.used).toBeLessThan(all)
    blocks.release(131)
    keep(60, 64)
    const { used } = budget
    keep(131, 131)
    expect(budget.used).toBeGreaterThan(used)
    blocks.clear()
    expect(budget.used).toBe(0)
  })

  it('are not kept beyond the bound, and their block is not mended then', () => {
    const { blocks, budget, metrics, keep } = keeping(BLOCK * 200)
    keep(1, 2 * BLOCK)
    expect(metrics.get('blocksFull')).toBe(1)
    expect([1, 65].map((base) => blocks.able(0, base))).toEqual([true, false])
    expect(budget.used).toBeLessThanOrEqual(budget.max)
  })

  it('are kept no more, until the next loss, when their numbers leap', () => {
    const { blocks, budget, metrics, keep } = keeping()
    for (let number = 1; number < 400 * 2 ** 30; number += 2 ** 30) keep(number, number)
    expect([metrics.get('blocksFull'), budget.used, blocks.active]).toEqual([1, 0, false])
    blocks.lost(1, 10)
    expect(blocks.active).toBe(true)
  })
})

describe('rows', () => {
  it('are wanted once, as long as their block can be mended', () => {
    const { blocks, keep } = keeping()
    keep(1, 63)
    const row = { row: 7, count: 40, sum: new Uint8Array(9) }
    expect(blocks.wants(0, 1, 7)).toBe(true)
    blocks.add(1, row, [3, 4])
    expect([blocks.wants(0, 1, 7), blocks.wants(0, 1, 8)]).toEqual([false, true])
    blocks.distrust(0, 1)
    expect(blocks.wants(0, 1, 8)).toBe(false)
    expect([blocks.able(9999, 65), blocks.able(10_000, 65)]).toEqual([false, true])
  })

  it('that cover nothing that is missing are not kept', () => {
    const { blocks, keep } = keeping()
    keep(1, 64)
    for (let row = 0; row < 3; row++) {
      blocks.add(1, { row, count: 10, sum: new Uint8Array(9) }, [3, 4, 5, 6])
    }
    expect(blocks.worth(1, [3, 4, 5, 6])).toBe(3)
    blocks.add(1, { row: 9, count: 64, sum: new Uint8Array(9) }, [40, 41])
    expect(blocks.worth(1, [40, 41])).toBe(1)
    expect(blocks.wants(0, 1, 0)).toBe(true)
  })
})

describe('the rest of a block', () => {
  it('is waited for when packets come fast, and not when they do not', () => {
    const { blocks } = keeping()
    for (let number = 1; number <= 100; number++) {
      blocks.keep(number / 4, number, new Uint8Array(9))
    }
    expect(blocks.restMs(25, 100)).toBeCloseTo((28 / 4) * 1.5)
    expect([blocks.restMs(25, 128), blocks.moreMs]).toEqual([0, 0.5])
    for (let number = 101; number <= 200; number++) {
      blocks.keep(number * 10, number, new Uint8Array(9))
    }
    expect([blocks.restMs(2000, 200), blocks.moreMs]).toEqual([0, 20])
    const fresh = keeping()
    fresh.keep(1, 5)
    expect([fresh.blocks.restMs(0, 10), fresh.blocks.restMs(0, 64)]).toEqual([0, 0])
  })
})
