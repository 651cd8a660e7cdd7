/** Variable-length integers against the examples of RFC 9000 and by round trip. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Reader } from '../../../../bus/core/wire/cursor.ts'
import { VARINT_MAX, varintSize, writeVarint } from '../../../../bus/core/wire/varint.ts'
import { hex, unhex } from '../crypto.ts'

describe('varint', () => {
  it.each([
    // RFC 9000, appendix A.1; its eight-byte example is beyond what is taken here.
    ['9d7f3e7d', 494_878_333],
    ['7bbd', 15_293],
    ['25', 37],
  ])('writes and reads the example %s of RFC 9000', (text, value) => {
    const bytes = new Uint8Array(varintSize(value))
    expect(writeVarint(bytes, 0, value)).toBe(bytes.length)
    expect(hex(bytes)).toBe(text)
    expect(new Reader(bytes).varint()).toBe(value)
  })

  it('reads the two-byte spelling of 37 that RFC 9000 shows', () => {
    expect(new Reader(unhex('4025')).varint()).toBe(37)
  })

  it.each([
    ['00', 0],
    ['3f', 0x3f],
    ['4040', 0x40],
    ['7fff', 0x3fff],
    ['80004000', 0x4000],
    ['bfffffff', 0x3fffffff],
    ['c000000040000000', 0x40000000],
    ['c0000000ffffffff', 0xffffffff],
    ['c000000100000000', 0x100000000],
    ['c000ffffffffffff', VARINT_MAX],
  ])('writes %s at the edge of a size', (text, value) => {
    const bytes = new Uint8Array(varintSize(value))
    writeVarint(bytes, 0, value)
    expect(hex(bytes)).toBe(text)
  })

  it.each(['c001000000000000', 'c01fffffffffffff', 'c2197c5eff14e88c', 'ffffffffffffffff'])(
    'refuses %s, which is beyond the largest',
    (text) => {
      const reader = new Reader(unhex(text))
      expect([reader.varint(), reader.failed]).toEqual([0, true])
    },
  )

  it('survives the round trip, in the smallest size that holds the value', () => {
    const exponents = fc.double({ min: 0, max: 48, noNaN: true })
    const values = exponents.map((exponent) => Math.min(VARINT_MAX, Math.floor(2 ** exponent) - 1))
    fc.assert(
      fc.property(values, fc.nat(3), (value, before) => {
        const size = varintSize(value)
        const bytes = new Uint8Array(before + size)
        expect(writeVarint(bytes, before, value)).toBe(before + size)
        const reader = new Reader(bytes, before)
        expect([reader.varint(), reader.left, reader.failed]).toEqual([value, 0, false])
        expect(value).toBeGreaterThanOrEqual(size > 1 ? 2 ** (size * 4 - 2) : 0)
      }),
      { numRuns: 1000 },
    )
  })
})
