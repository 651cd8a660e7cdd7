/** What readings come to: of many, of one, of none, and of what is no number. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../../bus/api/options.ts'
import { count, groupBy, max, mean, min, percentile } from '../../../bus/api/variables/aggregate.ts'
import { code } from './asking.ts'

const from = '0123456789abcdef' as PeerId
const reading = (value: number) => ({ name: 'load', value, from, version: 1, age: 0, rtt: 1 })
const loads = [3, 1, 2, 10].map(reading)

describe('readings', () => {
  it('are counted, compared and averaged', () => {
    expect([count(loads), min(loads), max(loads), mean(loads)]).toEqual([4, 1, 10, 4])
    expect([min([-0.5, 7]), max(new Set([-0.5, 7])), mean([1, 2])]).toEqual([-0.5, 7, 1.5])
  })

  it('have percentiles by the nearest rank', () => {
    const percents = [0, 25, 26, 50, 75, 76, 100]
    expect(percents.map((percent) => percentile(loads, percent))).toEqual([1, 1, 2, 2, 3, 10, 10])
    const hundred = Array.from({ length: 100 }, (_, i) => 100 - i)
    expect([percentile(hundred, 95), percentile(hundred, 99)]).toEqual([95, 99])
    for (const percent of [-1, 101, Number.NaN]) {
      expect(() => percentile(loads, percent)).toThrow(code('INVALID_OPTION', /from 0 to 100/))
    }
  })

  it('are nothing when there are none', () => {
    expect([count([]), min([]), max([]), mean([]), percentile([], 50)]).toEqual([
      0,
      undefined,
      undefined,
      undefined,
      undefined,
    ])
  })

  it('make groups in the order in which they come', () => {
    const groups = groupBy(loads, ({ value }) => (value > 2 ? 'high' : 'low'))
    expect([...groups].map(([key, group]) => [key, group.map(({ value }) => value)])).toEqual([
      ['high', [3, 10]],
      ['low', [1, 2]],
    ])
  })

  it('that are no numbers are refused, and their owner named', () => {
    const bad = [reading(1), { ...reading(2), value: '2' as unknown as number }]
    for (const of of [min, max, mean]) {
      expect(() => of(bad)).toThrow(code('INVALID_VALUE', /"load" of peer 0123456789abcdef/))
    }
    expect(() => percentile([1, Number.NaN], 5)).toThrow(code('INVALID_VALUE', /one of the values/))
    expect(count(bad)).toBe(2)
  })

  it('of any numbers lie between the least and the greatest', () => {
    const numbers = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1 })
    fc.assert(
      fc.property(numbers, fc.nat(100), (values, percent) => {
        const middle = percentile(values, percent)!
        const notMore = values.filter((value) => value <= middle).length
        expect(values).toContain(middle)
        expect(notMore / values.length).toBeGreaterThanOrEqual(percent / 100 - 1e-9)
        expect(mean(values)).toBeGreaterThanOrEqual(min(values)!)
        expect(mean(values)).toBeLessThanOrEqual(max(values)!)
      }),
    )
  })
})
