/** Whom the benchmark measures in a round, and when it begins another one. */
import { describe, expect, it } from 'vitest'
import { fits, heatsOf } from '../../bench/speed/course.ts'

describe('a round of the benchmark', () => {
  const wanted = { places: ['host', 'net'], subscribers: [1, 2, 8], peers: ['a', 'b'] } as const

  it('has everybody with each number of subscribers, at each place', () => {
    const heats = heatsOf({ ...wanted, whole: ['a', 'b'] })
    expect(heats.map(({ place, subscribers }) => `${place} ${subscribers}`)).toEqual([
      'host 1',
      'host 2',
      'host 8',
      'net 1',
      'net 2',
      'net 8',
    ])
    expect(heats.every(({ peers }) => peers.join('') === 'ab')).toBe(true)
  })

  it('has those who are no headline with the least and the most subscribers alone', () => {
    const heats = heatsOf({ ...wanted, places: ['host'], whole: ['a'] })
    expect(heats.map(({ peers }) => peers.join(''))).toEqual(['ab', 'a', 'ab'])
  })

  it('is followed by another one if that, as long as the longest, ends in time', () => {
    expect(fits([100, 300], 700)).toBe(true)
    expect(fits([100, 300], 699)).toBe(false)
    expect(fits([100], Number.POSITIVE_INFINITY)).toBe(true)
  })
})
