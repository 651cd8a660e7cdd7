/** Ranges of bytes: against a plain set of positions, and at the edges. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Ranges } from '../../../../bus/io/files/ranges.ts'

const SIZE = 40
const position = fc.integer({ min: 0, max: SIZE })
const step = fc.record({ add: fc.boolean(), from: position, to: position })

describe('ranges', () => {
  it('hold what a set of positions would', () => {
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const ranges = new Ranges()
        const set = new Set<number>()
        for (const { add, from, to } of steps) {
          const before = set.size
          for (const i of positions(from, to)) {
            if (add) set.add(i)
            else set.delete(i)
          }
          const added = add ? ranges.add({ from, to }) : ranges.remove({ from, to })
          expect(added).toBe(add ? set.size - before : undefined)
          const held = ranges.spans.flatMap((one) => positions(one.from, one.to))
          expect(held).toEqual([...set].toSorted((a, b) => a - b))
          expect(ranges.size).toBe(set.size)
          const lacking = ranges.lacking(SIZE).flatMap((one) => positions(one.from, one.to))
          expect(lacking).toEqual(positions(0, SIZE).filter((i) => !set.has(i)))
        }
        // Neighbours are one range.
        const edges = ranges.spans.flatMap(({ from, to }) => [from, to])
        expect(new Set(edges).size).toBe(edges.length)
      }),
    )
  })

  it('give the first piece from a position on', () => {
    const ranges = new Ranges([
      { from: 2, to: 5 },
      { from: 8, to: 9 },
    ])
    expect(ranges.from(0)).toEqual({ from: 2, to: 5 })
    expect(ranges.from(4)).toEqual({ from: 4, to: 5 })
    expect(ranges.from(5)).toEqual({ from: 8, to: 9 })
    expect(ranges.from(9)).toBeUndefined()
  })

  it('name no more pieces than are asked for', () => {
    const ranges = new Ranges([
      { from: 1, to: 2 },
      { from: 3, to: 4 },
    ])
    expect(ranges.lacking(9, 2)).toEqual([
      { from: 0, to: 1 },
      { from: 2, to: 3 },
    ])
  })
})

function positions(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i)
}
