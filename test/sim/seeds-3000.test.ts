/** Seeds 3001 to 3200: each one a world of its own, all checkers on. */
import { describe, expect, it } from 'vitest'
import { range, sweep } from './sweep.ts'

describe('worlds of seeds', () => {
  it.each([
    [3001, 3050],
    [3051, 3100],
    [3101, 3150],
    [3151, 3200],
  ])('%i to %i keep every promise', (first, last) => {
    expect(sweep(range(first, last))).toEqual([])
  })
})
