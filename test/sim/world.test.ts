/** The simulator itself: replays are exact, and known failures stay mended. */
import { describe, expect, it } from 'vitest'
import { KNOWN_SEEDS } from './known-seeds.ts'
import { planOf } from './plan.ts'
import { Random } from '../../bus/testing/random.ts'
import { runSeed } from './run.ts'
import { Schedule } from '../../bus/testing/schedule.ts'
import { sweep } from './sweep.ts'

describe('a simulated world', () => {
  it('runs the same way each time', () => {
    for (const seed of [3, 16, 174]) {
      const [one, other] = [runSeed(seed), runSeed(seed)]
      expect(other.hash).toBe(one.hash)
      expect(other.events).toBe(one.events)
    }
  })

  it('runs another way for another seed', () => {
    expect(new Set([1, 2, 3, 4].map((seed) => runSeed(seed).hash)).size).toBe(4)
  })

  it('delivers messages, and loses some where there are faults', () => {
    const outcomes = [1, 2, 3, 4, 5, 6].map((seed) => runSeed(seed))
    expect(outcomes.every(({ delivered }) => delivered > 0)).toBe(true)
    expect(outcomes.some(({ lost }) => lost > 0)).toBe(true)
  })

  it.each([...KNOWN_SEEDS])('%i: never again: %s', (seed) => {
    expect(sweep([seed])).toEqual([])
  })
})

describe('a plan', () => {
  it('switches every fault on in some seeds and off in others', () => {
    const plans = Array.from({ length: 200 }, (_, seed) => planOf(seed))
    expect(plans.some(({ calm }) => calm)).toBe(true)
    expect(plans.some(({ faults }) => faults.size > 10)).toBe(true)
    expect(plans.some(({ realSignatures }) => realSignatures)).toBe(true)
    expect(plans.some(({ owned }) => owned)).toBe(true)
  })
})

describe('the schedule', () => {
  it('runs events by time, and at one time in the order of their arrival', () => {
    const schedule = new Schedule()
    const random = new Random(1)
    const seen: [number, number][] = []
    for (let i = 0; i < 500; i++) {
      const at = random.integer(0, 40)
      schedule.at(at, () => seen.push([at, i]))
    }
    schedule.runUntil(50)
    expect(seen).toHaveLength(500)
    expect(seen).toEqual(seen.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]))
  })
})
