/** The negative acknowledgement: round trip, its bounds, and which packets it names. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concat } from '../../../../bus/core/bytes.ts'
import { Reader, Writer } from '../../../../bus/core/wire/cursor.ts'
import {
  eachMissing,
  mark,
  type Nak,
  NAK_SPAN,
  NakFlag,
  names,
  namesBeyond,
  readNak,
  writeNak,
} from '../../../../bus/core/wire/nak.ts'
import { VARINT_MAX } from '../../../../bus/core/wire/varint.ts'
import { unhex } from '../crypto.ts'
import { question } from '../stream/asking.ts'
import { anyUint64, anyVarint } from './any.ts'

const plain: Nak = {
  type: 'nak',
  target: 1n,
  flags: 0,
  rttUs: 0,
  missed: 0,
  all: 0,
  stream: 1,
  first: 10,
  missing: Uint8Array.of(0b1000_0001, 0b0100_0000),
}

const anyNak: fc.Arbitrary<Nak> = fc.record({
  type: fc.constant('nak' as const),
  target: anyUint64,
  flags: fc.nat(255),
  rttUs: anyVarint,
  missed: anyVarint,
  all: anyVarint,
  stream: anyVarint,
  first: anyVarint.map((number) => Math.max(1, number)),
  missing: fc.uint8Array({ maxLength: NAK_SPAN / 8 }),
})

const bytesOf = (nak: Nak): Uint8Array => writeNak(new Writer(1232), nak)

function read(bytes: Uint8Array): Nak | undefined {
  const reader = new Reader(bytes)
  const nak = readNak(reader)
  return reader.failed || reader.left > 0 ? undefined : nak
}

function numbersOf(nak: Nak, most = Infinity): number[] {
  const found: number[] = []
  eachMissing(nak, (number) => found.push(number) < most)
  return found
}

describe('a nak', () => {
  it('survives the round trip', () => {
    fc.assert(
      fc.property(anyNak, (nak) => {
        expect(read(bytesOf(nak))).toEqual(nak)
      }),
    )
  })

  it('has the bytes of the diagram', () => {
    const nak = { ...plain, target: 0x0123456789abcdefn, flags: NakFlag.solo, rttUs: 850 }
    expect(bytesOf(nak)).toEqual(
      unhex('0123456789abcdef' + '01' + '4352' + '00' + '00' + '01' + '0a' + '8140'),
    )
  })

  it('tells whether it names anything behind a packet', () => {
    const about = (...numbers: number[]) => ({ ...plain, ...question(...numbers) })
    expect([9, 11, 12, 13].map((number) => namesBeyond(about(10, 12), number))).toEqual([
      true,
      true,
      false,
      false,
    ])
    expect(namesBeyond(about(VARINT_MAX), 12)).toBe(true)
    expect(namesBeyond({ ...plain, missing: new Uint8Array(0) }, 0)).toBe(false)
  })

  it('is refused when it is cut before its bitmap', () => {
    const head = bytesOf({ ...plain, missing: new Uint8Array(0) })
    expect(read(head)).toBeDefined()
    for (let size = 0; size < head.length; size++)
      expect(read(head.subarray(0, size))).toBe(undefined)
  })

  it('names as many packets as its span and is refused with one byte more', () => {
    const whole = { ...plain, missing: new Uint8Array(NAK_SPAN / 8).fill(0xff) }
    expect(numbersOf(read(bytesOf(whole))!)).toHaveLength(NAK_SPAN)
    expect(read(concat(bytesOf(whole), Uint8Array.of(0)))).toBe(undefined)
  })

  it('is refused from packet 0, which is none', () => {
    expect(read(bytesOf({ ...plain, first: 0 }))).toBe(undefined)
  })

  it('leaves room for itself in every control packet', () => {
    const largest = { ...plain, rttUs: VARINT_MAX, stream: VARINT_MAX, first: VARINT_MAX }
    const bytes = bytesOf({ ...largest, missing: new Uint8Array(NAK_SPAN / 8) })
    expect(bytes.length).toBeLessThan(600)
  })
})

describe('the bitmap of a nak', () => {
  it('counts from the highest bit of its first byte', () => {
    expect(numbersOf(plain)).toEqual([10, 17, 19])
  })

  it('names what was marked and nothing else, one by one and all in order', () => {
    const places = fc.uniqueArray(fc.nat(NAK_SPAN - 1), { maxLength: 200 })
    fc.assert(
      fc.property(places, fc.integer({ min: 1, max: 2 ** 48 }), (marked, first) => {
        const missing = new Uint8Array(NAK_SPAN / 8)
        for (const place of marked) mark(missing, place)
        const nak = { ...plain, first, missing }
        const sorted = marked.toSorted((a, b) => a - b).map((place) => first + place)
        expect(numbersOf(nak)).toEqual(sorted)
        for (const number of sorted) expect(names(nak, number)).toBe(true)
        const others = [first - 1, first + NAK_SPAN, ...sorted.map((number) => number + 1)]
        const wrong = others.filter((number) => names(nak, number) && !sorted.includes(number))
        expect(wrong).toEqual([])
      }),
    )
  })

  it('names nothing when it is empty or has no bit', () => {
    for (const missing of [new Uint8Array(0), new Uint8Array(NAK_SPAN / 8)]) {
      const nak = { ...plain, missing }
      expect([numbersOf(nak), names(nak, 10), names(nak, 9), names(nak, 11)]).toEqual([
        [],
        false,
        false,
        false,
      ])
    }
  })

  it('is left as soon as whoever reads it has enough', () => {
    expect(numbersOf(plain, 2)).toEqual([10, 17])
  })

  it('is read to its end and no further at the largest number there is', () => {
    const missing = new Uint8Array(NAK_SPAN / 8).fill(0xff)
    expect(numbersOf({ ...plain, first: VARINT_MAX, missing })).toHaveLength(NAK_SPAN)
    expect(names({ first: VARINT_MAX, missing }, VARINT_MAX)).toBe(true)
  })
})
