/** The holes of a stream: which packets are missing, when they are asked for, and by whom. */
import { describe, expect, it } from 'vitest'
import { covers, Holes } from '../../../../bus/core/stream/holes.ts'
import { NAK_SPAN } from '../../../../bus/core/wire/nak.ts'
import { question } from './asking.ts'
import { asked, rules } from './asking-holes.ts'

/** Ranges that are missed at 0 and due at `dueAt`. */
function missing(ranges: readonly (readonly [number, number])[], dueAt = 10): Holes {
  const holes = new Holes()
  for (const [from, to] of ranges) holes.show({ from, to, shownAt: 0, dueAt })
  return holes
}

/** Somebody else asks at 5, by a question that is answered with what it names by `againAt`. */
const overheard = (holes: Holes, named: ReturnType<typeof question>, againAt = 60): boolean =>
  holes.overheard(5, againAt, (hole) => covers(named, hole))

describe('what is missing', () => {
  it('is nothing at first', () => {
    const holes = new Holes()
    expect([holes.first, holes.count, holes.dueAt]).toEqual([undefined, 0, Infinity])
    expect(asked(holes, 1e9)).toEqual([])
  })

  it('splits where a packet comes in the middle, and shrinks where one comes at an end', () => {
    const holes = missing([[3, 9]])
    expect(holes.fill(1, 6)).toMatchObject({ from: 3, to: 9, shownAt: 0 })
    expect([holes.count, holes.first]).toMatchObject([2, { from: 3, to: 5 }])
    holes.fill(1, 3)
    holes.fill(1, 5)
    expect([holes.count, holes.first]).toMatchObject([2, { from: 4, to: 4 }])
    expect(holes.fill(1, 4)).toMatchObject({ from: 4, to: 4 })
    expect([holes.count, holes.first]).toMatchObject([1, { from: 7, to: 9 }])
  })

  it('does not change by a packet that was not missing', () => {
    const holes = missing([
      [3, 4],
      [8, 9],
    ])
    const found = [2, 5, 7, 10].map((number) => holes.fill(1, number))
    expect([found, holes.count]).toEqual([[undefined, undefined, undefined, undefined], 2])
  })

  it('ends at a number below which nothing counts any more', () => {
    const holes = missing([
      [3, 5],
      [8, 12],
    ])
    holes.dropBelow(3)
    expect(holes.first).toMatchObject({ from: 3, to: 5 })
    holes.dropBelow(10)
    expect([holes.count, holes.first]).toMatchObject([1, { from: 10, to: 12 }])
    holes.dropBelow(13)
    expect([holes.count, holes.dueAt]).toEqual([0, Infinity])
  })

  it('says when it was missed and asked for to whoever fills it', () => {
    const holes = missing([[3, 5]])
    expect(holes.fill(5, 4)).toMatchObject({ shownAt: 0, askedAt: -Infinity })
    asked(holes, 12)
    expect(holes.fill(20, 5)).toMatchObject({ shownAt: 0, askedAt: 12 })
  })
})

describe('a question', () => {
  it('waits for its time, names everything due at once, and waits for the answer', () => {
    const holes = missing([
      [3, 4],
      [9, 9],
    ])
    expect([holes.dueAt, asked(holes, 9)]).toEqual([10, []])
    expect(asked(holes, 10)).toEqual([3, 4, 9])
    expect([holes.dueAt, asked(holes, 10), asked(holes, 109)]).toEqual([110, [], []])
    expect(asked(holes, 110)).toEqual([3, 4, 9])
  })

  it('takes what is due soon along, but never for that alone', () => {
    const holes = new Holes()
    for (const [from, dueAt] of [
      [1, 10],
      [5, 14],
      [9, 15],
      [11, 16],
    ] as const) {
      holes.show({ from, to: from, shownAt: 0, dueAt })
    }
    expect(asked(holes, 9, { soonMs: 5 })).toEqual([])
    expect(asked(holes, 10, { soonMs: 5 })).toEqual([1, 5, 9])
    expect(holes.dueAt).toBe(16)
  })

  it('takes what has been asked for before along from farther', () => {
    const holes = missing([[1, 1]], 10)
    holes.show({ from: 5, to: 5, shownAt: 0, dueAt: 30 })
    expect(asked(holes, 10)).toEqual([1])
    expect(asked(holes, 30)).toEqual([5])
    holes.show({ from: 9, to: 9, shownAt: 30, dueAt: 130 })
    // 1 is due at 110, 5 at 130, and 9 for the first time.
    expect(asked(holes, 110, { againSoonMs: 20 })).toEqual([1, 5])
    expect(holes.dueAt).toBe(130)
  })

  it('asks for what it has asked for often ever more rarely', () => {
    const holes = missing([[1, 1]], 0)
    const times: number[] = []
    for (let now = 0; now <= 5000; now += 1) if (asked(holes, now).length > 0) times.push(now)
    const waits = times.slice(1).map((time, at) => time - times[at]!)
    expect(waits.slice(0, 8)).toEqual([100, 100, 100, 100, 150, 200, 313, 469])
    expect(waits.at(-1)).toBe(500)
    // While nothing comes at all, that is the receiver's business.
    expect(asked(holes, 6000, { flowing: false })).toEqual([1])
    expect(holes.dueAt).toBe(6100)
  })

  it('says since when the oldest of it has been missing', () => {
    const holes = new Holes()
    holes.show({ from: 1, to: 2, shownAt: 3, dueAt: 10 })
    holes.show({ from: 5, to: 6, shownAt: 4, dueAt: 10 })
    holes.fill(5, 1)
    expect(holes.ask(10, rules(10))).toMatchObject({ first: 2, shownAt: 3 })
  })

  it('has a bitmap as long as its last packet needs', () => {
    const sizes = [1, 8, 9, 16, 17].map((to) => missing([[1, to]]).ask(10, rules(10))?.missing)
    expect(sizes.map((bitmap) => bitmap?.length)).toEqual([1, 1, 2, 2, 3])
    expect(missing([[5, 7]]).ask(10, rules(10))?.missing).toEqual(Uint8Array.of(0b1110_0000))
  })

  it('spans as much as a record can name; the rest is asked for in further ones', () => {
    const holes = missing([
      [10, 10],
      [20, 9000],
    ])
    const spans: number[][] = []
    for (let numbers = asked(holes, 10); numbers.length > 0; numbers = asked(holes, 10)) {
      spans.push([numbers[0]!, numbers.at(-1)!, numbers.length])
    }
    expect(spans).toEqual([
      [10, 10 + NAK_SPAN - 1, NAK_SPAN - 9],
      [10 + NAK_SPAN, 9 + 2 * NAK_SPAN, NAK_SPAN],
      [10 + 2 * NAK_SPAN, 9000, 9000 - 9 - 2 * NAK_SPAN],
    ])
    expect(holes.dueAt).toBe(110)
  })

  it('costs no more for a hole that reaches to the end of all numbers', () => {
    const holes = missing([[2, 2 ** 48 - 1]])
    expect(asked(holes, 10)).toHaveLength(NAK_SPAN)
    overheard(holes, question(2, 3), 500)
    expect([holes.fill(10, 2 ** 40)?.to, holes.count]).toEqual([2 ** 48 - 1, 3])
  })

  it('names nothing behind the number up to which packets are of use', () => {
    const holes = missing([
      [3, 9],
      [20, 21],
    ])
    expect(asked(holes, 10, { last: 2 })).toEqual([])
    expect(holes.dueAt).toBe(110)
    expect(asked(holes, 110, { last: 5 })).toEqual([3, 4, 5])
    expect(asked(holes, 210, { last: 20 })).toEqual([3, 4, 5, 6, 7, 8, 9, 20])
  })

  it('is not asked again for what lies behind an answer that is just coming', () => {
    const holes = missing([[3, 9]])
    asked(holes, 10)
    holes.fill(100, 3)
    holes.fill(100, 5)
    // 4 was passed over: it is lost again. What comes behind 5 is on its way.
    expect(asked(holes, 110)).toEqual([4])
    expect(holes.dueAt).toBe(200)
    expect(asked(holes, 200)).toEqual([6, 7, 8, 9])
  })

  it('is asked at once for what is new, whatever answers are coming', () => {
    const holes = missing([[3, 5]])
    asked(holes, 10)
    holes.fill(20, 3)
    holes.show({ from: 9, to: 9, shownAt: 20, dueAt: 21 })
    expect(asked(holes, 21)).toEqual([9])
  })
})

describe('a question of somebody else', () => {
  it('stands for the own one where it covers it', () => {
    const holes = missing([
      [3, 4],
      [9, 9],
    ])
    expect(overheard(holes, question(2, 3, 4, 9))).toBe(true)
    expect(asked(holes, 59)).toEqual([])
    expect(asked(holes, 60)).toEqual([3, 4, 9])
  })

  it('leaves to be asked for what it does not cover', () => {
    const holes = missing([
      [3, 4],
      [9, 10],
    ])
    expect(overheard(holes, question(3, 4, 9))).toBe(false)
    expect(asked(holes, 10)).toEqual([9, 10])
    expect(asked(holes, 60)).toEqual([3, 4])
  })

  it.each([
    ['before', question(1, 2)],
    ['behind', question(40, 41)],
    ['with the same end', question(4)],
    ['with the same beginning', question(3)],
  ])('changes nothing when it lies %s', (_, nak) => {
    const holes = missing([[3, 4]])
    expect(overheard(holes, nak)).toBe(false)
    expect(asked(holes, 10)).toEqual([3, 4])
  })

  it('does not stand for an own one that it does not cover, however late that is due', () => {
    const holes = missing([[3, 4]], 80)
    expect(overheard(holes, question(40))).toBe(false)
  })

  it('never makes the own one earlier', () => {
    const holes = missing([[3, 4]], 80)
    overheard(holes, question(3, 4))
    expect(asked(holes, 79)).toEqual([])
    expect(asked(holes, 80)).toEqual([3, 4])
  })

  it('counts as having asked: what then comes is its answer', () => {
    const holes = missing([[3, 4]])
    expect(overheard(holes, question(3, 4)) && holes.fill(20, 3)?.askedAt).toBe(5)
  })

  it('covers nothing where nothing is missing', () => {
    expect(overheard(new Holes(), question(3))).toBe(false)
  })
})

describe('a standstill', () => {
  it('gives everything its full time again and asks for nothing before the grace is over', () => {
    const holes = new Holes()
    holes.show({ from: 1, to: 1, shownAt: 0, dueAt: 10 })
    holes.show({ from: 3, to: 3, shownAt: 600, dueAt: 900 })
    holes.postpone(500, 520)
    expect(holes.first).toMatchObject({ shownAt: 500, dueAt: 520 })
    expect([asked(holes, 519), asked(holes, 520), asked(holes, 900)]).toEqual([[], [1], [1, 3]])
  })
})
