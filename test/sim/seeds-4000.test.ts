/** Seeds 4001 to 4200: worlds in which topics are signed, and a member may forge. */
import { describe, expect, it } from 'vitest'
import { range, sweep } from './sweep.ts'

describe('worlds of seeds', () => {
  it.each([
    [4001, 4050],
    [4051, 4100],
    [4101, 4150],
    [4151, 4200],
  ])('%i to %i keep every promise', (first, last) => {
    expect(sweep(range(first, last))).toEqual([])
  })
})
