/** Holes of blocks that parity mends: asked for together, sooner or later than others. */
import { describe, expect, it } from 'vitest'
import { type AskRules, Holes } from '../../../../bus/core/stream/holes.ts'
import { numbersOf } from './asking.ts'

const whole = { block: 8, mendable: (): boolean => true }

/** Ranges that are missed at 0 and due at 10. */
function missing(ranges: readonly (readonly [number, number])[]): Holes {
  const holes = new Holes()
  for (const [from, to] of ranges) holes.show({ from, to, shownAt: 0, dueAt: 10 })
  return holes
}

/** What is asked for at `now`, and would be again 100 ms later. */
function asked(holes: Holes, now: number, rest: Pick<AskRules, 'block' | 'mendable'> = whole) {
  return numbersOf(
    holes.ask(now, {
      last: Infinity,
      againAt: now + 100,
      flowing: true,
      soonMs: 0,
      againSoonMs: 0,
      ...rest,
    }),
  )
}

describe('blocks that parity mends', () => {
  it('are asked for as a whole once anything of them is due', () => {
    const holes = missing([[3, 3]])
    holes.show({ from: 6, to: 6, shownAt: 0, dueAt: 500 })
    holes.show({ from: 9, to: 10, shownAt: 0, dueAt: 500 })
    expect(asked(holes, 10)).toEqual([3, 6])
    expect(holes.dueAt).toBe(110)
  })

  it('are asked for apart from others', () => {
    const holes = missing([
      [3, 3],
      [9, 9],
      [18, 18],
    ])
    const rest = { block: 8, mendable: (base: number) => base === 9 }
    expect(asked(holes, 10, rest)).toEqual([3, 18])
    expect(asked(holes, 10, rest)).toEqual([9])
    expect(asked(holes, 10, rest)).toEqual([])
  })

  it('are asked for sooner when they are over, but not again what has been asked for', () => {
    const holes = missing([[3, 3]])
    expect(asked(holes, 10)).toEqual([3])
    holes.show({ from: 6, to: 6, shownAt: 10, dueAt: 80 })
    holes.hurry(8, 20)
    holes.hurry(8, 60)
    expect(holes.dueAt).toBe(20)
    expect(asked(new Holes(), 20)).toEqual([])
  })

  it('are given another time to come when something of them has', () => {
    const holes = missing([
      [3, 3],
      [9, 9],
    ])
    holes.renew(1, 8, 30)
    expect(asked(holes, 10)).toEqual([9])
    expect(asked(holes, 30)).toEqual([3])
  })

  it('lack what is within them', () => {
    const holes = missing([
      [3, 5],
      [8, 12],
    ])
    expect([holes.within(1, 8), holes.within(5, 9)]).toEqual([
      [3, 4, 5, 8],
      [5, 8, 9],
    ])
    expect([holes.within(6, 7), holes.within(13, 99)]).toEqual([[], []])
  })
})
