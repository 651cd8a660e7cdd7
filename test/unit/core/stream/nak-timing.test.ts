/** When a receiver asks: the back-off among many, alone, what it learns, and its bounds. */
import { describe, expect, it } from 'vitest'
import { GroupRtt, NakTiming } from '../../../../bus/core/stream/nak-timing.ts'
import { Random } from '../../../../bus/testing/random.ts'

/** Always the same draw. */
const fixed = (unit: number): NakTiming => new NakTiming(() => unit)

/** The longest wait of a back-off that begins with this timing's group. */
function longest(grttMs: number, receivers: number): number {
  const timing = fixed(1 - 2 ** -32)
  timing.hear(grttMs, receivers)
  return timing.first()
}

/**
 * How many of a group ask for a packet that all of them lack, in each of many rounds: those whose
 * wait is over before the first question has reached them, half a round trip after it was asked.
 */
function askers(receivers: number, grttMs: number, rounds: number): number[] {
  const random = new Random(1, 'askers')
  const timing = new NakTiming(() => random.unit())
  timing.hear(grttMs, receivers)
  const counts: number[] = []
  for (let round = 0; round < rounds; round++) {
    const waits = Array.from({ length: receivers }, () => timing.first())
    const heardAt = Math.min(...waits) + grttMs / 2
    counts.push(waits.filter((wait) => wait < heardAt).length)
  }
  return counts.toSorted((a, b) => a - b)
}

describe('of many receivers that lack the same packet', () => {
  it.each([
    { receivers: 10, p99: 6 },
    { receivers: 100, p99: 9 },
    { receivers: 1000, p99: 12 },
  ])('few ask: $receivers, as RFC 5401 section 3.2.2.1 promises', ({ receivers, p99 }) => {
    const rounds = 600
    const counts = askers(receivers, 20, rounds)
    const mean = counts.reduce((sum, count) => sum + count, 0) / rounds
    // exp(1.2 L / 2K): L is the logarithm of the group and K = 4 the factor of the window.
    const promised = Math.exp((1.2 * (Math.log(receivers) + 1)) / 8)
    expect(Math.abs(mean - promised) / promised).toBeLessThan(0.12)
    expect(counts[Math.floor(rounds * 0.99)]).toBeLessThanOrEqual(p99)
    expect(counts[0]).toBe(1)
  })

  it('the smallest wait is none and the longest is four round trips', () => {
    const timing = fixed(0)
    timing.hear(20, 100)
    expect(timing.first()).toBe(1)
    expect(longest(20, 100)).toBeCloseTo(80 + 1, 3)
  })

  it('more receivers draw longer waits', () => {
    const waits = [2, 10, 100, 1000, 1e6].map((receivers) => {
      const timing = fixed(0.5)
      timing.hear(20, receivers)
      return timing.first()
    })
    expect(waits).toEqual(waits.toSorted((a, b) => a - b))
    expect(new Set(waits).size).toBe(waits.length)
  })

  it('the waits are spread also where packets come late', () => {
    const random = new Random(1, 'late')
    const timing = new NakTiming(() => random.unit())
    timing.hear(10, 100)
    timing.late(7)
    const waits = Array.from({ length: 100 }, () => timing.first())
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(8.75)
    expect(new Set(waits).size).toBe(100)
  })
})

describe('the bounds of the back-off', () => {
  it.each([
    [0, 4],
    [1, 4],
    [1.1, 4.4],
    [50, 200],
    [51, 200],
    [1e9, 200],
  ])('make of a round trip of %d ms a window of %d ms', (grttMs, windowMs) => {
    expect(longest(grttMs, 10)).toBeCloseTo(windowMs + 1, 3)
  })

  it('hold for as many receivers as a number can say', () => {
    expect(longest(10, Number.MAX_SAFE_INTEGER)).toBeCloseTo(40 + 1, 3)
  })

  it('take the own round trip where it is longer than the group is said to have', () => {
    const timing = fixed(1 - 2 ** -32)
    timing.hear(5, 10)
    timing.measured(30)
    expect(timing.first()).toBeCloseTo(120 + 1, 3)
  })
})

describe('a receiver that is alone', () => {
  it('waits only as long as packets may come in another order', () => {
    for (const unit of [0, 0.5, 0.999]) {
      const timing = fixed(unit)
      expect([timing.alone, timing.first()]).toEqual([true, 1])
      timing.hear(500, 1)
      expect([timing.alone, timing.first()]).toEqual([true, 1])
    }
  })

  it('is alone with no receiver or one, and not with two', () => {
    const timing = fixed(0.5)
    timing.hear(10, 0)
    expect(timing.alone).toBe(true)
    timing.hear(10, 2)
    expect(timing.alone).toBe(false)
    timing.hear(10, 1)
    expect(timing.alone).toBe(true)
  })

  it('asks again after two round trips, and among others after six, each a quarter longer at most', () => {
    for (const [receivers, rounds] of [
      [1, 2],
      [9, 6],
    ] as const) {
      const [soonest, latest] = [fixed(0), fixed(1 - 2 ** -32)]
      for (const timing of [soonest, latest]) timing.hear(20, receivers)
      expect(soonest.again()).toBe(20 * rounds)
      expect(latest.again()).toBeCloseTo(25 * rounds, 3)
    }
  })

  it('asks again after ten milliseconds at the earliest', () => {
    const timing = fixed(0)
    timing.hear(1, 1)
    expect(timing.again()).toBe(10)
  })
})

describe('packets that come late', () => {
  it('make a receiver wait a quarter longer than the latest of them', () => {
    const timing = fixed(0.5)
    timing.filled(8, false)
    expect(timing.first()).toBe(10)
    timing.filled(4, false)
    expect(timing.first()).toBe(10)
  })

  it('make it wait 50 ms at most', () => {
    const timing = fixed(0.5)
    timing.filled(1e9, false)
    expect(timing.first()).toBe(50)
  })

  it('are told from repairs by the question, and are not guessed at where others ask, too', () => {
    const [asked, unasked, among] = [fixed(0), fixed(0), fixed(0)]
    asked.filled(16, true)
    unasked.filled(16, false)
    among.count(3)
    among.filled(16, false)
    expect([asked, unasked, among].map((timing) => timing.first())).toEqual([1, 20, 1])
  })

  it('are forgotten little by little, as repairs show that nothing comes late any more', () => {
    const timing = fixed(0.5)
    timing.filled(40, false)
    timing.filled(100, true)
    expect(timing.first()).toBe(49)
    for (let i = 0; i < 1000; i++) timing.filled(100, true)
    expect(timing.first()).toBe(1)
  })
})

describe('round trips', () => {
  it('of a receiver are the shortest that it has seen, within bounds', () => {
    const timing = fixed(0.5)
    expect(timing.rttMs).toBe(undefined)
    for (const [measured, rtt] of [
      [1e9, 1000],
      [30, 30],
      [40, 30],
      [0, 1],
    ] as const) {
      timing.measured(measured)
      expect(timing.rttMs).toBe(rtt)
    }
  })

  it('of a group go up at once and down slowly, within bounds', () => {
    const group = new GroupRtt()
    expect(group.ms).toBe(10)
    group.hear(2)
    expect(group.ms).toBe(2)
    group.hear(100)
    expect(group.ms).toBe(100)
    group.hear(1)
    expect(group.ms).toBe(98)
    for (let i = 0; i < 1000; i++) group.hear(3)
    expect(group.ms).toBe(3)
    group.hear(Infinity)
    expect(group.ms).toBe(500)
    for (let i = 0; i < 1000; i++) group.hear(0)
    expect(group.ms).toBe(1)
  })
})
