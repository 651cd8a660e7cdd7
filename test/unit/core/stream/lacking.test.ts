/** Questions for blocks: how many packets they name, and whose questions stand for the own one. */
import { describe, expect, it } from 'vitest'
import { Metrics } from '../../../../bus/core/metrics.ts'
import { Blocks } from '../../../../bus/core/stream/blocks.ts'
import { Holes } from '../../../../bus/core/stream/holes.ts'
import { coverage, isMendable, lessen } from '../../../../bus/core/stream/lacking.ts'
import { NakFlag } from '../../../../bus/core/wire/nak.ts'
import { BLOCK, blockOf } from '../../../../bus/core/wire/parity.ts'
import { heard, numbersOf, question } from './asking.ts'

/** A receiver to which packets 1 to `count` have come but for those that are lost. */
function lacking(count: number, lost: readonly number[]) {
  const blocks = new Blocks({ used: 0, max: 1e6 }, new Metrics())
  const holes = new Holes()
  for (let number = 1; number <= count; number++) {
    if (!lost.includes(number)) blocks.keep(0, number, new Uint8Array(30))
    else holes.show({ from: number, to: number, shownAt: 0, dueAt: 10 })
  }
  const row = (index: number, last: number): void => {
    const base = blockOf(last)
    const missing = holes.within(base, last)
    blocks.add(base, { row: index, count: last - base + 1, sum: new Uint8Array(9) }, missing)
  }
  return { blocks, holes, row, roomTo: Infinity }
}

/** A question for these packets, and what is left of it. */
function lessened(parts: ReturnType<typeof lacking>, ...numbers: readonly number[]) {
  const ask = { ...question(...numbers), shownAt: 0 }
  const parity = lessen(0, ask, parts)
  return { parity, numbers: numbersOf(ask) }
}

describe('a question', () => {
  it('names as many packets of a block as symbols lack', () => {
    const parts = lacking(2 * BLOCK, [3, 9, 40, 70, 71])
    expect(lessened(parts, 3, 9, 40, 70, 71)).toEqual({ parity: true, numbers: [3, 9, 40, 70, 71] })
    parts.row(0, 64)
    parts.row(5, 128)
    expect(lessened(parts, 3, 9, 40, 70, 71)).toEqual({ parity: true, numbers: [3, 9, 70] })
  })

  it('does not count rows for more than they cover', () => {
    const parts = lacking(BLOCK, [3, 9, 40])
    parts.row(0, 10)
    parts.row(1, 4)
    expect(lessened(parts, 3, 9, 40).numbers).toEqual([3])
    const other = lacking(BLOCK, [3, 40, 41])
    other.row(0, 10)
    expect(lessened(other, 3, 40, 41).numbers).toEqual([3, 40])
  })

  it('is for the packets themselves where one of its blocks is not kept, or lacks too much', () => {
    const parts = lacking(2 * BLOCK, [3, 70])
    parts.blocks.distrust(0, 65)
    expect(lessened(parts, 3, 70)).toEqual({ parity: false, numbers: [3, 70] })
    const many = Array.from({ length: 33 }, (_, i) => i + 5)
    expect(isMendable(0, 1, lacking(BLOCK, many))).toBe(false)
    expect(isMendable(0, 1, lacking(BLOCK, many.slice(1)))).toBe(true)
  })

  it('is for the packets themselves where there is no room for the rest of a block', () => {
    const parts = { ...lacking(2 * BLOCK, [3, 70]), roomTo: 80 }
    expect(lessened(parts, 3)).toEqual({ parity: true, numbers: [3] })
    expect(lessened(parts, 70)).toEqual({ parity: false, numbers: [70] })
    const asked = { ...heard(70), flags: NakFlag.parity }
    expect(coverage(0, asked, parts)(hole(70))).toBe(false)
    expect(coverage(0, asked, { ...parts, roomTo: Infinity })(hole(70))).toBe(true)
  })
})

function hole(from: number, to = from) {
  return { from, to, shownAt: 0, dueAt: 0, askedAt: -Infinity, asks: 0 }
}

describe('a question of somebody else', () => {
  const covered = (parts: ReturnType<typeof lacking>, ...numbers: readonly number[]) => {
    return coverage(0, { ...heard(...numbers), flags: NakFlag.parity }, parts)
  }

  it('for parity stands for the own one where it names as many, whichever they are', () => {
    const parts = lacking(BLOCK, [3, 9])
    expect(covered(parts, 50, 51)(hole(3))).toBe(true)
    expect(covered(parts, 50)(hole(3))).toBe(false)
    parts.row(0, 64)
    expect(covered(parts, 50)(hole(3))).toBe(true)
  })

  it('for parity must do for every block of a hole', () => {
    const parts = lacking(2 * BLOCK, [64, 65])
    expect(covered(parts, 5, 80)(hole(64, 65))).toBe(true)
    expect(covered(parts, 5)(hole(64, 65))).toBe(false)
  })

  it('for parity is of no use to who has not kept the block', () => {
    const parts = lacking(BLOCK, [3])
    parts.blocks.distrust(0, 1)
    expect(covered(parts, 3)(hole(3))).toBe(false)
    expect(coverage(0, heard(3), parts)(hole(3))).toBe(true)
    const none = { ...parts, blocks: undefined }
    expect(coverage(0, { ...heard(3), flags: NakFlag.parity }, none)(hole(3))).toBe(false)
  })
})
