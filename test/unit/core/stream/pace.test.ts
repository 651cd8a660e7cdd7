/** The token bucket: its rate, its burst, and that waiting as long as it says is enough. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  BURST_PACKETS,
  BURST_SIZE,
  burstOf,
  TokenBucket,
} from '../../../../bus/core/stream/pace.ts'

describe('TokenBucket', () => {
  it('starts full and gives what was earned since', () => {
    const bucket = new TokenBucket(1000, 500, 0)
    expect(bucket.take(0, 500)).toBe(true)
    expect(bucket.take(0, 1)).toBe(false)
    expect(bucket.when(0, 100)).toBe(100)
    expect(bucket.take(99, 100)).toBe(false)
    expect(bucket.take(100, 100)).toBe(true)
  })

  it('holds no more than its burst, however long nothing is sent', () => {
    const bucket = new TokenBucket(1_000_000, 500, 0)
    expect(bucket.take(1_000_000, 500)).toBe(true)
    expect(bucket.take(1_000_000, 1)).toBe(false)
  })

  it('says now while enough is there', () => {
    const bucket = new TokenBucket(1000, 500, 0)
    expect([bucket.when(7, 500), bucket.take(7, 500)]).toEqual([7, true])
  })

  it('earns nothing by a clock that stands still or goes back', () => {
    const bucket = new TokenBucket(1000, 500, 100)
    bucket.take(100, 500)
    expect([bucket.take(100, 1), bucket.take(50, 1)]).toEqual([false, false])
    expect(bucket.take(101, 1)).toBe(true)
  })

  it('lets pass at most its burst and its rate over any time', () => {
    const rate = fc.integer({ min: 1000, max: 10 ** 9 })
    const steps = fc.array(
      fc.tuple(fc.double({ min: 0, max: 50, noNaN: true }), fc.integer({ min: 1, max: 1500 })),
      { maxLength: 300 },
    )
    fc.assert(
      fc.property(rate, steps, (bytesPerSecond, tries) => {
        const bucket = new TokenBucket(bytesPerSecond, 3000, 0)
        let [now, passed] = [0, 0]
        for (const [waitMs, size] of tries) {
          now += waitMs
          if (bucket.take(now, size)) passed += size
        }
        expect(passed).toBeLessThanOrEqual(3000 + (now * bytesPerSecond) / 1000 + 0.01)
      }),
    )
  })

  it('names a later moment when it refuses, and soon a moment at which it gives', () => {
    // The peer asks again at exactly that moment: naming the same one again would be for ever.
    const start = fc.double({ min: 0, max: 10 ** 10, noNaN: true })
    const sizes = fc.array(fc.integer({ min: 26, max: 1500 }), { minLength: 20, maxLength: 100 })
    const rate = fc.double({ min: 1000, max: 10 ** 11, noNaN: true })
    fc.assert(
      fc.property(start, rate, sizes, (first, bytesPerSecond, packets) => {
        const bucket = new TokenBucket(bytesPerSecond, 3000, first)
        let now = first
        for (const size of packets) {
          let tries = 0
          while (!bucket.take(now, size)) {
            const next = bucket.when(now, size)
            expect(next).toBeGreaterThan(now)
            now = next
            // Where a burst comes within a turn, moments are those of turns.
            expect(++tries).toBeLessThan(25)
          }
        }
      }),
      { numRuns: 2000 },
    )
  })
})

describe('burstOf', () => {
  it('is 64 packets, at most 128 KiB, at least two packets', () => {
    expect(burstOf(1232)).toBe(BURST_PACKETS * 1232)
    expect(burstOf(9000)).toBe(BURST_SIZE)
    expect(burstOf(65_000)).toBe(BURST_SIZE)
    expect(burstOf(100_000)).toBe(200_000)
  })
})
