/** The bar of a file: its share, its amounts, its width, and names that would act on a terminal. */
import { describe, expect, it } from 'vitest'
import { amount, barOf } from '../../../bus/cli/progress.ts'

const drawn = { name: 'disk.img', done: 2_621_440, size: 5_242_880, rate: 1_250_000, note: '' }

describe('the bar', () => {
  it('shows the share, the size and the rate', () => {
    expect(barOf({ ...drawn, note: 'confirmed by 0 of 3', columns: 80 })).toBe(
      'disk.img [##########----------]  50 % 5.2 MB 1.3 MB/s confirmed by 0 of 3',
    )
    expect(barOf({ ...drawn, done: 0, size: 0, rate: 0, columns: 80 })).toBe(
      'disk.img [####################] 100 % 0 B 0 B/s',
    )
  })

  it('is never as wide as the terminal, and prints no control characters', () => {
    expect(barOf({ ...drawn, columns: 20 })).toHaveLength(19)
    expect(barOf({ ...drawn, name: 'a\u001b[2Jb', columns: 80 })).toMatch(/^a\\x1b\[2Jb \[/)
  })
})

describe('an amount', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [99_940, '99.9 kB'],
    [99_960, '100 kB'],
    [999_600, '1.0 MB'],
    [16 * 1024 ** 3, '17.2 GB'],
    [5e15, '5000 TB'],
  ])('%d is %s', (bytes, text) => {
    expect(amount(bytes)).toBe(text)
  })
})
