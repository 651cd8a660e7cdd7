/** Beacons: each peer's own pace, and a bound on what all of them send together. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  answerDelay,
  beaconInterval,
  crowdOf,
  jitteredInterval,
  statedInterval,
} from '../../../../bus/core/service/presence.ts'

const anyUnit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

describe('beacons', () => {
  it('come every half second while few are present', () => {
    expect([beaconInterval(1), beaconInterval(2), beaconInterval(37)]).toEqual([500, 500, 500])
  })

  it('take at most 8 KiB a second of the realm, as long as each comes within half a minute', () => {
    for (let peers = 1; peers <= 2234; peers++) {
      const bytesPerSecond = (peers * 110 * 1000) / beaconInterval(peers)
      expect(bytesPerSecond).toBeLessThanOrEqual(8 * 1024 + 0.001)
    }
  })

  it('come at least every half minute, and never sooner with more peers', () => {
    for (let peers = 1; peers <= 20_000; peers += 7) {
      expect(beaconInterval(peers)).toBeLessThanOrEqual(30_000)
      expect(beaconInterval(peers + 7)).toBeGreaterThanOrEqual(beaconInterval(peers))
    }
  })

  it('tell how many peers there are, once these are more than a few', () => {
    expect([1, 2, 37].map((peers) => crowdOf(statedInterval(peers)))).toEqual([0, 0, 0])
    for (let peers = 38; peers <= 2234; peers++) expect(crowdOf(statedInterval(peers))).toBe(peers)
    expect(crowdOf(statedInterval(100_000))).toBe(2234)
  })

  it('are spread around the mean and never rarer than stated', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), anyUnit, (peers, unit) => {
        const wait = jitteredInterval(peers, unit)
        expect(wait).toBeGreaterThanOrEqual(beaconInterval(peers) / 2)
        expect(wait).toBeLessThanOrEqual(statedInterval(peers))
      }),
    )
    expect(Number.isInteger(statedInterval(777))).toBe(true)
  })
})

describe('answers', () => {
  it('come at once at the earliest, within 10 ms among few and 2 s among many', () => {
    fc.assert(
      fc.property(fc.nat(100_000), anyUnit, (peers, unit) => {
        const delay = answerDelay(peers, unit)
        expect(delay).toBeGreaterThanOrEqual(0)
        expect(delay).toBeLessThanOrEqual(peers <= 5 ? 10 : 2000)
      }),
    )
  })

  it('are spread over two milliseconds for each peer that may answer', () => {
    expect(answerDelay(0, 0.5)).toBe(5)
    expect(answerDelay(100, 0.5)).toBe(100)
    expect(answerDelay(1000, 0.5)).toBe(1000)
    expect(answerDelay(10_000, 0.5)).toBe(1000)
  })
})
