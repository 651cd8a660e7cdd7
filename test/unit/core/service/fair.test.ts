/** Whoever sends most must not have all the turns. */
import { describe, expect, it } from 'vitest'
import { Fair } from '../../../../bus/core/service/fair.ts'
import { Random } from '../../../../bus/testing/random.ts'

function fair(sizeMax: number, seed = 1): Fair<string> {
  const random = new Random(seed, 'fair')
  return new Fair(sizeMax, () => random.between(0, 1))
}

describe('Fair', () => {
  it('gives each source its turn, and ends', () => {
    const waiting = fair(10)
    for (const item of ['a1', 'a2', 'a3']) waiting.add('a', item)
    waiting.add('b', 'b1')
    const taken = Array.from({ length: 4 }, () => waiting.take()!)
    expect(taken.map((item) => item[0])).toEqual(['a', 'b', 'a', 'a'])
    expect(new Set(taken)).toEqual(new Set(['a1', 'a2', 'a3', 'b1']))
    expect([waiting.size, waiting.take()]).toEqual([0, undefined])
  })

  it('pushes out what is of the source with most, when it is full', () => {
    const waiting = fair(8)
    expect(waiting.add('true', 'the one')).toBe(true)
    for (let i = 0; i < 7; i++) waiting.add('flood', `${i}`)
    for (let i = 7; i < 1000; i++) expect(waiting.add('flood', `${i}`)).toBe(false)
    expect(waiting.size).toBe(8)
    const taken = Array.from({ length: 2 }, () => waiting.take())
    expect(taken).toContain('the one')
  })

  it('leaves to chance which of many sources go, so that none can count on a place', () => {
    let kept = 0
    for (let seed = 0; seed < 200; seed++) {
      const waiting = fair(10, seed)
      waiting.add('true', 'the one')
      for (let i = 0; i < 19; i++) waiting.add(`made-up ${i}`, 'junk')
      while (waiting.size > 0) if (waiting.take() === 'the one') kept += 1
    }
    // Ten have pushed out one of ten each: 0.9 ** 10 is 0.35.
    expect(kept).toBeGreaterThan(40)
    expect(kept).toBeLessThan(100)
  })
})
