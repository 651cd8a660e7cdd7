/** Seeds 2001 to 2140: each one a world of its own, all checkers on. */
import { describe, expect, it } from 'vitest'
import { range, sweep } from './sweep.ts'

describe('worlds of seeds', () => {
  it.each([
    [2001, 2035],
    [2036, 2070],
    [2071, 2105],
    [2106, 2140],
  ])('%i to %i keep every promise', (first, last) => {
    expect(sweep(range(first, last))).toEqual([])
  })
})
