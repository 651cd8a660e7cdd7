/** What `when` looks for: numbers in any form, equal values, and when it is over. */
import { describe, expect, it } from 'vitest'
import { alarmOf } from '../../../bus/cli/alarm.ts'
import type { PeerId } from '../../../bus/index.ts'

const from = '0123456789abcdef' as PeerId

describe('a bound', () => {
  it('is passed by numbers, and by text that is one', () => {
    const { test, until } = alarmOf({ above: '-0.5' })
    expect([0, -0.5, '-0.4', ' 1e2\n', '-1'].map(test)).toEqual([true, false, true, true, false])
    expect(until).toBeUndefined()
    expect(alarmOf({ below: '3' }).test('2.99')).toBe(true)
    for (const value of ['high', '', null, { a: 1 }, true, Uint8Array.of(1)]) {
      expect(() => test(value)).toThrow(/is no number/)
    }
  })

  it('is over on the other side of another one, and not on it', () => {
    const { until } = alarmOf({ above: '8', until: '6' })
    expect([7, 6, 5.9].map(until!)).toEqual([false, false, true])
    const back = alarmOf({ below: '8', until: '9' }).until!
    expect([8.5, 9, 9.1].map(back)).toEqual([false, false, true])
    expect(alarmOf({ above: '8', until: '8' }).until!(7)).toBe(true)
  })
})

describe('a value', () => {
  it('is compared as it is printed, or as JSON', () => {
    const { test } = alarmOf({ equals: 'on' })
    expect(['on', 'off', true].map(test)).toEqual([true, false, false])
    expect(alarmOf({ equals: '20' }).test(20)).toBe(true)
    const differs = alarmOf({ differs: '{"b":1,"a":[2]}', json: true }).test
    expect([{ a: [2], b: 1 }, { a: [2] }, '{"b":1,"a":[2]}'].map(differs)).toEqual([
      false,
      true,
      true,
    ])
  })
})

describe('an aggregate', () => {
  const readings = [1, '4', 1].map((value) => ({ name: 'a', from, version: 1, value }))

  it.each([
    ['count', 3],
    ['min', 1],
    ['max', 4],
    ['mean', 2],
  ])('%s of three is %d', (name, value) => {
    const { aggregate } = alarmOf({ above: '1', aggregate: name })
    expect(aggregate!(readings)).toBe(value)
  })

  it('of none is none, but for their count', () => {
    expect(alarmOf({ below: '1', aggregate: 'mean' }).aggregate!([])).toBeUndefined()
    expect(alarmOf({ below: '1', aggregate: 'count' }).aggregate!([])).toBe(0)
  })
})
