/** Seeds 3001 to 3140: each one a world of its own, all checkers on. */
import { describe, expect, it } from 'vitest'
import { range, sweep } from './sweep.ts'

describe('worlds of seeds', () => {
  it.each([
    [3001, 3035],
    [3036, 3070],
    [3071, 3105],
    [3106, 3140],
  ])('%i to %i keep every promise', (first, last) => {
    expect(sweep(range(first, last))).toEqual([])
  })
})
