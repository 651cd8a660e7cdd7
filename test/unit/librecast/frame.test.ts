/** The framed messages of Librecast: one vector, and every way to be malformed. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { OPERATIONS, decodeFrame, encodeFrame } from '../../../bus/librecast/frame.ts'

/** Sent by the C library, version 0.5.1. */
const VECTOR = '18ea733d1eb93efb000000000000000203ec77d21d2d7b8000000000000000000668656c6c6f32'

describe('frame', () => {
  it('reads and writes what the C library sends', () => {
    const bytes = fromHex(VECTOR)
    const header = {
      timestamp: 0x18ea733d1eb93efbn,
      sequence: 2n,
      random: 0x03ec77d21d2d7b80n,
      operation: 'data',
    } as const
    const frame = { header, payload: new TextEncoder().encode('hello2') }
    expect(decodeFrame(bytes)).toEqual(frame)
    expect(encodeFrame(frame)).toEqual(bytes)
  })

  it('reads back whatever it writes', () => {
    const header = fc.record({ timestamp: u64, sequence: u64, random: u64, operation })
    const frame = fc.record({ header, payload: fc.uint8Array({ maxLength: 100 }) })
    fc.assert(
      fc.property(frame, (value) => {
        expect(decodeFrame(encodeFrame(value))).toEqual(value)
      }),
    )
  })

  it('takes an empty payload and refuses one byte less than a header', () => {
    const empty = fromHex('00'.repeat(33))
    expect(decodeFrame(empty)).toMatchObject({ payload: new Uint8Array() })
    expect(decodeFrame(empty.subarray(0, 32))).toBe('short')
    expect(decodeFrame(new Uint8Array())).toBe('short')
  })

  it('refuses the first operation that Librecast does not know', () => {
    expect(decodeFrame(changed(24, 6))).toMatchObject({ header: { operation: 'ret' } })
    expect(decodeFrame(changed(24, 7))).toBe('operation')
    expect(decodeFrame(changed(24, 255))).toBe('operation')
  })

  it.each([
    ['one byte too long', changed(32, 5)],
    ['one byte too short', changed(32, 7)],
    ['as large as 64 bits allow', changed(25, 255)],
    ['cut off', fromHex(VECTOR).subarray(0, 38)],
  ])('refuses a length that is %s', (_name, bytes) => {
    expect(decodeFrame(bytes)).toBe('length')
  })

  it('gives a frame or a reason for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const frame = decodeFrame(bytes)
        const seen = typeof frame === 'string' ? frame : frame.payload.length
        expect(['short', 'operation', 'length', bytes.length - 33]).toContain(seen)
      }),
    )
  })
})

const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const operation = fc.constantFrom(...OPERATIONS)

function fromHex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

function changed(offset: number, value: number): Uint8Array {
  const bytes = fromHex(VECTOR)
  bytes[offset] = value
  return bytes
}
