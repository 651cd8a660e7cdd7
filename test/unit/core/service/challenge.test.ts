/** Challenges: what counts as an echo, and for how long. */
import { describe, expect, it } from 'vitest'
import { Challenge } from '../../../../bus/core/service/challenge.ts'

function counting(): Challenge {
  let drawn = 0n
  return new Challenge(() => ++drawn)
}

describe('a challenge', () => {
  it('is answered by its own echo among others, and by no other', () => {
    const challenge = counting()
    expect(challenge.answeredBy([7n, challenge.value])).toBe(true)
    expect(challenge.answeredBy([7n])).toBe(false)
    expect(challenge.answeredBy([])).toBe(false)
  })

  it('counts for 5 to 10 s', () => {
    const challenge = counting()
    const first = challenge.value
    for (let now = 1000; now < 6000; now += 250) challenge.age(now)
    expect(challenge.value).toBe(first)
    challenge.age(6000)
    expect(challenge.value).not.toBe(first)
    expect(challenge.answeredBy([first])).toBe(true)
    challenge.age(10_999)
    expect(challenge.answeredBy([first])).toBe(true)
    challenge.age(11_000)
    expect(challenge.answeredBy([first])).toBe(false)
  })

  it('counts for as long as three answers wait to be read, where that is longer', () => {
    const challenge = counting()
    challenge.age(0)
    const first = challenge.value
    challenge.age(11_999, 4000)
    expect(challenge.value).toBe(first)
    challenge.age(12_000, 4000)
    expect(challenge.value).not.toBe(first)
    expect(challenge.answeredBy([first])).toBe(true)
  })

  it('counts no more once somebody has left', () => {
    const challenge = counting()
    challenge.age(0)
    const first = challenge.value
    challenge.age(5000)
    const second = challenge.value
    challenge.renew()
    expect(challenge.answeredBy([first, second])).toBe(false)
    expect(challenge.answeredBy([challenge.value])).toBe(true)
  })
})
