/** The field of bytes: its laws, and sums of products over many bytes at once. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addProduct,
  addProducts,
  inverse,
  product,
  scale,
} from '../../../../bus/core/stream/galois.ts'

const byte = fc.integer({ min: 0, max: 255 })
const bytes = fc.uint8Array({ maxLength: 40 })

describe('a product', () => {
  it('is that of polynomials modulo x^8 + x^4 + x^3 + x^2 + 1', () => {
    expect([product(2, 128), product(0, 7), product(1, 7), product(3, 7)]).toEqual([29, 0, 7, 9])
  })

  it('keeps the laws of a field', () => {
    fc.assert(
      fc.property(byte, byte, byte, (a, b, c) => {
        expect(product(a, b)).toBe(product(b, a))
        expect(product(a, product(b, c))).toBe(product(product(a, b), c))
        expect(product(a, b ^ c)).toBe(product(a, b) ^ product(a, c))
      }),
    )
  })

  it('with the inverse is 1, and 0 has none', () => {
    for (let a = 1; a < 256; a++) expect(product(a, inverse(a))).toBe(1)
    expect(() => inverse(0)).toThrow(RangeError)
  })
})

describe('many bytes at once', () => {
  it('are multiplied and added one by one', () => {
    fc.assert(
      fc.property(bytes, byte, (source, factor) => {
        const target = new Uint8Array(source.length).fill(5)
        addProduct(target, source, factor)
        expect([...target]).toEqual([...source].map((value) => 5 ^ product(value, factor)))
        scale(target, factor)
        const scaled = [...source].map((value) => product(5 ^ product(value, factor), factor))
        expect([...target]).toEqual(scaled)
      }),
    )
  })

  it('of any number of sources, of any length, add up to what they do one after the other', () => {
    const sources = fc.array(fc.tuple(bytes, byte), { maxLength: 11 })
    fc.assert(
      fc.property(sources, (pairs) => {
        const together = new Uint8Array(40)
        const [all, factors] = [pairs.map(([source]) => source), pairs.map(([, factor]) => factor)]
        addProducts(together, all, factors)
        const single = new Uint8Array(40)
        for (const [source, factor] of pairs) addProduct(single, source, factor)
        expect(together).toEqual(single)
      }),
    )
  })
})
