/** How often strangers are asked who they are. */
import { describe, expect, it } from 'vitest'
import { Backoff } from '../../../../bus/core/service/backoff.ts'

describe('Backoff', () => {
  it('asks at once, then after waits that double up to a second, and after ten of those up to four', () => {
    const backoff = new Backoff(8)
    const asked: number[] = []
    for (let now = 0; now <= 20_000; now += 50) if (backoff.allow(now, 1n)) asked.push(now)
    const soon = Array.from({ length: 9 }, (_, at) => 1750 + 1000 * at)
    expect(asked).toEqual([0, 250, 750, ...soon, 11_750, 15_750, 19_750])
  })

  it('asks again when an answer may have come, where that takes longer', () => {
    const backoff = new Backoff(8)
    const asked: number[] = []
    for (let now = 0; now <= 5000; now += 50) if (backoff.allow(now, 1n, 2000)) asked.push(now)
    expect(asked).toEqual([0, 2000, 4000])
  })

  it('begins anew with one that has answered, or was unheard for a minute', () => {
    const backoff = new Backoff(8)
    expect([backoff.allow(0, 1n), backoff.allow(100, 1n)]).toEqual([true, false])
    backoff.forget(1n)
    expect(backoff.allow(100, 1n)).toBe(true)
    backoff.clear()
    expect(backoff.allow(101, 1n)).toBe(true)
    expect(backoff.allow(351, 1n)).toBe(true)
    expect(backoff.allow(100_000, 1n)).toBe(true)
    expect(backoff.allow(100_250, 1n)).toBe(true)
  })

  it('remembers only so many, the last ones', () => {
    const backoff = new Backoff(2)
    for (const instance of [1n, 2n, 3n]) backoff.allow(0, instance)
    expect([3n, 2n, 1n].map((instance) => backoff.allow(1, instance))).toEqual([false, false, true])
  })

  it('tells when the last one was asked of those that have not answered', () => {
    const backoff = new Backoff(8)
    expect(backoff.askedAt).toBe(-Infinity)
    for (const [now, instance] of [
      [5, 1n],
      [7, 2n],
      [9, 3n],
    ] as const)
      backoff.allow(now, instance)
    backoff.forget(2n)
    expect(backoff.askedAt).toBe(9)
    backoff.forget(3n)
    expect(backoff.askedAt).toBe(5)
    backoff.allow(400, 1n)
    expect(backoff.askedAt).toBe(400)
    // They may still answer.
    backoff.clear()
    expect(backoff.askedAt).toBe(400)
  })

  it('waits for nobody that has answered and is not let in, however often it is asked', () => {
    const backoff = new Backoff(8)
    backoff.allow(5, 1n)
    backoff.allow(7, 2n)
    backoff.refuse(2n)
    backoff.refuse(3n)
    expect(backoff.askedAt).toBe(5)
    expect(backoff.allow(1000, 2n)).toBe(true)
    expect(backoff.askedAt).toBe(5)
  })
})
