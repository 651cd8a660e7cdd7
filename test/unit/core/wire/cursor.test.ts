/** Reading never throws and never leaves its bounds; writing stops at its capacity. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Reader, Writer } from '../../../../bus/core/wire/cursor.ts'
import { counting, hex, unhex } from '../crypto.ts'

type Read = (reader: Reader) => unknown

const anyRead: fc.Arbitrary<Read> = fc.oneof(
  fc.constantFrom<Read>(
    (reader) => reader.uint8(),
    (reader) => reader.uint16(),
    (reader) => reader.uint32(),
    (reader) => reader.uint48(),
    (reader) => reader.uint64(),
    (reader) => reader.varint(),
  ),
  fc.integer({ min: -3, max: 40 }).map((size) => (reader: Reader) => reader.take(size)),
  fc.nat(40).map((size) => (reader: Reader) => reader.block(size)),
  fc.integer({ min: 1, max: 9 }).map((size) => (reader: Reader) => reader.count(size)),
)

describe('Reader', () => {
  it('reads every width in network byte order', () => {
    const reader = new Reader(
      unhex('01' + '0203' + '04050607' + '08090a0b0c0d' + 'ff00000000000001'),
    )
    expect(reader.uint8()).toBe(1)
    expect(reader.uint16()).toBe(0x0203)
    expect(reader.uint32()).toBe(0x04050607)
    expect(reader.uint48()).toBe(0x08090a0b0c0d)
    expect(reader.uint64()).toBe(0xff00000000000001n)
    expect([reader.left, reader.failed]).toEqual([0, false])
  })

  it('reads only what lies between its offset and its end', () => {
    const reader = new Reader(counting(10), 2, 5)
    expect([reader.left, ...reader.take(3)]).toEqual([3, 2, 3, 4])
    expect([reader.uint8(), reader.failed]).toEqual([0, true])
  })

  it('yields zeros and empty bytes from the first fault on', () => {
    const reader = new Reader(counting(4, 1))
    expect([reader.take(5).length, reader.failed]).toEqual([0, true])
    expect([reader.uint8(), reader.varint(), reader.count(1)]).toEqual([0, 0, 0])
    expect([reader.take(1).length, reader.block(9).length]).toEqual([0, 0])
  })

  it('refuses a block that is longer than its bound or than what is left', () => {
    expect(new Reader(unhex('0211ff')).block(1)).toHaveLength(0)
    expect([...new Reader(unhex('0211ff')).block(2)]).toEqual([0x11, 0xff])
    const short = new Reader(unhex('0311ff'))
    expect([short.block(9).length, short.failed]).toEqual([0, true])
  })

  it('refuses a count whose entries cannot all be there', () => {
    const four = new Reader(unhex('0400000000'))
    expect([four.count(1), four.failed]).toEqual([4, false])
    const huge = new Reader(unhex('c01fffffffffffff0000'))
    expect([huge.count(8), huge.failed]).toEqual([0, true])
  })

  it('never throws and never passes its end, whatever is read from whatever bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 40 }),
        fc.array(anyRead, { maxLength: 20 }),
        (bytes, reads) => {
          const reader = new Reader(bytes)
          for (const read of reads) {
            const before = reader.failed
            read(reader)
            expect(reader.left).toBeGreaterThanOrEqual(0)
            expect(reader.offset).toBeGreaterThanOrEqual(0)
            expect(reader.failed || !before).toBe(true)
          }
        },
      ),
      { numRuns: 2000 },
    )
  })
})

describe('Writer', () => {
  it('writes what a reader reads', () => {
    const uint48 = fc.integer({ min: 0, max: 2 ** 48 - 1 })
    const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
    fc.assert(
      fc.property(uint48, uint64, fc.uint8Array({ maxLength: 70 }), (number, id, bytes) => {
        const writer = new Writer(200)
        writer
          .uint8(number & 0xff)
          .uint16(number & 0xffff)
          .uint32(number % 2 ** 32)
        writer.uint48(number).uint64(id).varint(number).block(bytes)
        const reader = new Reader(writer.written)
        expect(reader.uint8()).toBe(number & 0xff)
        expect(reader.uint16()).toBe(number & 0xffff)
        expect(reader.uint32()).toBe(number % 2 ** 32)
        expect([reader.uint48(), reader.uint64(), reader.varint()]).toEqual([number, id, number])
        expect(hex(reader.block(70))).toBe(hex(bytes))
        expect([reader.left, reader.failed]).toEqual([0, false])
      }),
    )
  })

  it('fills its capacity and throws on one byte more', () => {
    const writer = new Writer(3)
    writer.put(counting(2))
    expect(writer.room).toBe(1)
    expect(() => writer.uint16(1)).toThrow(RangeError)
    expect(() => new Writer(1).varint(64)).toThrow(RangeError)
    expect(() => new Writer(1).put(counting(2))).toThrow(RangeError)
  })

  it('writes into bytes that exist, from an offset on', () => {
    const bytes = new Uint8Array(4)
    expect(hex(new Writer(bytes, 2).uint16(0x0102).written)).toBe('00000102')
    expect(hex(bytes)).toBe('00000102')
  })
})
