/** Deadlines of many things: which are due, which is next, and in what order. */
import { describe, expect, it } from 'vitest'
import { Deadlines } from '../../../bus/core/deadlines.ts'
import { Random } from '../../../bus/testing/random.ts'

describe('deadlines', () => {
  it('tell what is due in the order in which it came, however it was moved', () => {
    const deadlines = new Deadlines<string>()
    expect([deadlines.next, deadlines.due(Infinity)]).toEqual([Infinity, []])
    deadlines.set('a', 30)
    deadlines.set('b', 10)
    deadlines.set('c', 20)
    expect(deadlines.next).toBe(10)
    expect(deadlines.due(9)).toEqual([])
    expect(deadlines.due(20)).toEqual(['b', 'c'])
    deadlines.set('a', 5)
    expect([deadlines.next, deadlines.due(20)]).toEqual([5, ['a', 'b', 'c']])
    deadlines.delete('a')
    deadlines.delete('nobody')
    deadlines.set('a', 5)
    // Who has left and comes again comes last.
    expect(deadlines.due(20)).toEqual(['b', 'c', 'a'])
    expect([...deadlines]).toEqual(['b', 'c', 'a'])
  })

  it('are those of a plain list, whatever is set, moved and deleted', () => {
    const random = new Random(7, 'deadlines')
    const deadlines = new Deadlines<number>()
    const plain = new Map<number, number>()
    for (let i = 0; i < 5000; i++) {
      const one = random.integer(0, 60)
      if (random.chance(0.3)) {
        deadlines.delete(one)
        plain.delete(one)
      } else {
        const at = random.integer(0, 100)
        deadlines.set(one, at)
        plain.set(one, at)
      }
      const now = random.integer(0, 100)
      const due = [...plain].filter(([, at]) => at <= now).map(([name]) => name)
      expect(deadlines.due(now)).toEqual(due)
      expect(deadlines.next).toBe(Math.min(Infinity, ...plain.values()))
    }
    expect([...deadlines]).toEqual([...plain.keys()])
  })

  it('look at few of many when one is due', () => {
    const deadlines = new Deadlines<number>()
    let looks = 0
    const counted = (at: number): number => ({ valueOf: () => ((looks += 1), at) }) as never
    for (let i = 0; i < 10_000; i++) deadlines.set(i, counted(i))
    looks = 0
    expect(deadlines.due(2)).toEqual([0, 1, 2])
    deadlines.set(2, counted(20_000))
    expect(looks).toBeLessThan(100)
  })
})
