/** The erasure code: any rows as many as symbols lack give these symbols back, and never others. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { coefficient, PLACES, type Row, ROWS, solve } from '../../../../bus/core/stream/erasure.ts'
import { addProduct, product } from '../../../../bus/core/stream/galois.ts'

/** Symbols whose bytes depend on their place. */
function symbolsOf(count: number, size = 5): Uint8Array[] {
  return Array.from({ length: count }, (_, place) => {
    return Uint8Array.from({ length: size }, (_byte, i) => (place * 31 + i * 7 + 1) & 0xff)
  })
}

function rowOf(symbols: readonly Uint8Array[], row: number, count = symbols.length): Row {
  const sum = new Uint8Array(Math.max(...symbols.slice(0, count).map(({ length }) => length)))
  for (let i = 0; i < count; i++) addProduct(sum, symbols[i]!, coefficient(row, i))
  return { row, count, sum }
}

/** Solves for the `unknown` places without looking at them. */
function solved(symbols: readonly Uint8Array[], rows: readonly Row[], unknown: readonly number[]) {
  return solve(rows, unknown, (place) => {
    expect(unknown).not.toContain(place)
    return symbols[place]!
  })
}

describe('a row', () => {
  it('multiplies each place by another factor, none of them 0', () => {
    for (let row = 0; row < ROWS; row++) {
      const factors = Array.from({ length: PLACES }, (_, place) => coefficient(row, place))
      expect(new Set([0, ...factors]).size).toBe(PLACES + 1)
    }
  })

  it('is that of a Cauchy matrix', () => {
    expect(product(coefficient(0, 0), 64)).toBe(1)
    expect(product(coefficient(5, 9), 69 ^ 9)).toBe(1)
  })
})

describe('rows', () => {
  it('give back any as many symbols of a block, whichever rows they are', () => {
    const block = fc.integer({ min: 1, max: PLACES }).chain((count) => {
      const places = fc.uniqueArray(fc.integer({ min: 0, max: count - 1 }), { minLength: 1 })
      const lost = places.map((all) => all.toSorted((a, b) => a - b))
      return fc.tuple(fc.constant(count), lost, fc.infiniteStream(fc.nat(ROWS - 1)))
    })
    fc.assert(
      fc.property(block, ([count, unknown, stream]) => {
        const symbols = symbolsOf(count)
        const numbers = new Set<number>()
        for (const row of stream) if (numbers.add(row).size === unknown.length) break
        const rows = [...numbers].map((row) => rowOf(symbols, row))
        expect(solved(symbols, rows, unknown)).toEqual(unknown.map((place) => symbols[place]))
      }),
      { numRuns: 60 },
    )
  })

  it('that are one too few tell nothing', () => {
    const symbols = symbolsOf(8)
    const rows = [0, 1].map((row) => rowOf(symbols, row))
    expect(solved(symbols, rows, [1, 4, 6])).toBeUndefined()
  })

  it('of symbols of different lengths give them back filled up with zeros', () => {
    const symbols = [Uint8Array.of(1, 2, 3), Uint8Array.of(4), Uint8Array.of(5, 6)]
    const rows = [7, 8].map((row) => rowOf(symbols, row))
    expect(solved(symbols, rows, [1, 2])).toEqual([Uint8Array.of(4, 0, 0), Uint8Array.of(5, 6, 0)])
  })

  it('over parts of a block tell what they can together', () => {
    const symbols = symbolsOf(20)
    const rows = [rowOf(symbols, 0, 5), rowOf(symbols, 1, 20), rowOf(symbols, 2, 12)]
    expect(solved(symbols, rows, [3, 9, 15])).toEqual([symbols[3], symbols[9], symbols[15]])
    // Two of them know only of the first five.
    const short = [rowOf(symbols, 0, 5), rowOf(symbols, 1, 5), rowOf(symbols, 2, 20)]
    expect(solved(symbols, short, [3, 9, 15])).toBeUndefined()
  })

  it('never give back anything but what was there, whatever they cover', () => {
    const parts = fc.array(fc.tuple(fc.nat(ROWS - 1), fc.integer({ min: 1, max: 16 })), {
      maxLength: 8,
    })
    const lost = fc.uniqueArray(fc.nat(15), { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(parts, lost, (given, unknown) => {
        const symbols = symbolsOf(16)
        const byRow = new Map(given)
        const rows = [...byRow].map(([row, count]) => rowOf(symbols, row, count))
        const found = solved(symbols, rows, unknown)
        const right = unknown.map((place) => symbols[place])
        expect(found?.map((symbol) => symbol.slice(0, 5)) ?? right).toEqual(right)
      }),
    )
  })
})
