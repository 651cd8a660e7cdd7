/** Values as people type them. */
import { describe, expect, it } from 'vitest'
import {
  decimal,
  flag,
  history,
  list,
  oneOf,
  seconds,
  size,
  text,
  whole,
} from '../../../bus/cli/values.ts'

describe('whole numbers', () => {
  const bounds = { min: 1, max: 10 }
  it.each([
    ['1', 1],
    ['10', 10],
    ['007', 7],
    [5, 5],
  ])('take %j', (raw, value) => {
    expect(whole(raw, 'option --n', bounds)).toBe(value)
  })

  it.each(['0', '11', '', ' 1', '1.0', '1e0', '0x1', '-1', 'NaN', 1.5, Number.NaN, true, null, []])(
    'refuse %j and name the bounds',
    (raw) => {
      expect(() => whole(raw, 'option --n', bounds)).toThrow(
        /^option --n is .*: a whole number from 1 to 10$/,
      )
    },
  )
})

describe('sizes', () => {
  it.each([
    ['1', 1],
    ['500k', 500_000],
    ['20M', 20e6],
    ['4G', 4e9],
    ['999999T', 999_999e12],
  ])('take %j', (raw, value) => {
    expect(size(raw, 'x')).toBe(value)
  })

  it.each(['0', '', 'G', '4g', '4 G', '1.5G', '-1', '1000000T', 4.5, null, true])(
    'refuse %j',
    (raw) => {
      expect(() => size(raw, 'x')).toThrow(/^x is .*: a whole number of bytes, or one with k, M/)
    },
  )
})

describe('history', () => {
  it.each([
    ['last', 'last'],
    ['all', 'all'],
    ['0', 0],
    ['12', 12],
    ['60s', { since: 60_000 }],
    ['0.5s', { since: 500 }],
  ])('takes %j', (raw, value) => {
    expect(history(raw, 'x')).toEqual(value)
  })

  it.each([
    '',
    'first',
    '-1',
    '1.5',
    '60 s',
    's',
    '1e3',
    '5m',
    '99999999999999999999',
    '9999999999s',
  ])('refuses %j', (raw) => {
    expect(() => history(raw, 'x')).toThrow('last, all, a number of messages (5), or seconds')
  })
})

describe('decimals and seconds', () => {
  it('take fractions within the bounds', () => {
    expect(decimal('0.5', 'x', { min: 0.5, max: 2 })).toBe(0.5)
    expect(seconds('1.2345', 'x', { min: 0, max: 2 })).toBe(1235)
    expect(() => decimal('0.4', 'x', { min: 0.5, max: 2 })).toThrow('a number from 0.5 to 2')
    expect(() => decimal('.5', 'x', { min: 0.5, max: 2 })).toThrow('x is ".5"')
  })
})

describe('flags', () => {
  it.each([true, 'true', '1', 'yes', 'on', 'TRUE', 'Yes', 'oN'])('are set by %j', (raw) => {
    expect(flag(raw, 'x')).toBe(true)
  })

  it.each([false, 'false', '0', 'no', 'off', 'False', 'NO', 'oFf'])('are not by %j', (raw) => {
    expect(flag(raw, 'x')).toBe(false)
  })

  it.each(['', 'y', 'perhaps', 1, 0, null])('are not decided by %j', (raw) => {
    expect(() => flag(raw, 'x')).toThrow('true or false (also 1, yes, on; 0, no, off)')
  })
})

describe('the others', () => {
  it('take what they name and refuse the rest', () => {
    expect(oneOf('a', 'x', ['a', 'b'])).toBe('a')
    expect(() => oneOf('c', 'x', ['a', 'b'])).toThrow('x is "c": one of a, b')
    expect(text('a', 'x')).toBe('a')
    expect(() => text('', 'x')).toThrow('x is ""')
    expect(list('a', 'x')).toEqual(['a'])
    expect(list(['a', 'b'], 'x')).toEqual(['a', 'b'])
    expect(() => list([], 'x')).toThrow('at least one')
    expect(() => list(['a', ''], 'x')).toThrow('x is ""')
  })
})
