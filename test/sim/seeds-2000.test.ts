/** Seeds 2001 to 2200: each one a world of its own, all checkers on. */
import { describe, expect, it } from 'vitest'
import { range, sweep } from './sweep.ts'

describe('worlds of seeds', () => {
  it.each([
    [2001, 2050],
    [2051, 2100],
    [2101, 2150],
    [2151, 2200],
  ])('%i to %i keep every promise', (first, last) => {
    expect(sweep(range(first, last))).toEqual([])
  })
})
