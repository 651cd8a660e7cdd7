/** Values to payloads and back, and what has no form on the wire. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeValue, encodeValue } from '../../../bus/api/codec.ts'
import type { PayloadCodec } from '../../../bus/api/options.ts'
import { Codec } from '../../../bus/core/wire/record.ts'

const reversing: PayloadCodec = {
  encode: (value) => new TextEncoder().encode(JSON.stringify(value)).reverse(),
  decode: (bytes) => JSON.parse(new TextDecoder().decode(bytes.slice().reverse())) as unknown,
}

function roundTrip(value: unknown, custom?: PayloadCodec): unknown {
  const { codec, payload } = encodeValue(value, custom)
  return decodeValue(codec, payload, custom)
}

function unsigned(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown
}

const invalid = (text: RegExp) =>
  expect.objectContaining({ code: 'INVALID_VALUE', message: expect.stringMatching(text) })

describe('encodeValue and decodeValue', () => {
  it('give bytes, text and plain data back as they were', () => {
    // JSON has no negative zero.
    const data = fc.jsonValue().map((one) => unsigned(one))
    const value = fc.oneof(fc.string({ unit: 'grapheme' }), fc.uint8Array(), data)
    fc.assert(
      fc.property(value, (given) => {
        expect(roundTrip(given)).toEqual({ value: given })
      }),
    )
  })

  it('choose the codec by the value', () => {
    const codecs = [new Uint8Array(1), Buffer.from('a'), 'a', 1, null, true, [1], { a: 1 }].map(
      (value) => encodeValue(value, undefined).codec,
    )
    expect(codecs).toEqual([
      Codec.bytes,
      Codec.bytes,
      Codec.text,
      ...Array<number>(5).fill(Codec.json),
    ])
  })

  it('keep a leading byte order mark and the empty text', () => {
    expect([roundTrip('\ufeffa'), roundTrip('')]).toEqual([{ value: '\ufeffa' }, { value: '' }])
  })

  it('hand out plain bytes, never a Buffer', () => {
    const decoded = decodeValue(Codec.bytes, Buffer.from([1, 2]), undefined)
    expect(decoded).toEqual({ value: Uint8Array.of(1, 2) })
    expect((decoded as { value: object }).value.constructor).toBe(Uint8Array)
  })

  it.each([
    ['undefined', undefined],
    ['a function', () => 1],
    ['a symbol', Symbol('a')],
  ])('refuse %s, which has no JSON form', (_, value) => {
    expect(() => encodeValue(value, undefined)).toThrow(invalid(/has no JSON form: publish null/))
  })

  it('refuse what JSON cannot express, and keep the cause', () => {
    const loop: { self?: unknown } = {}
    loop.self = loop
    expect(() => encodeValue(loop, undefined)).toThrow(invalid(/circular/))
    expect(() => encodeValue({ n: 1n }, undefined)).toThrow(invalid(/BigInt/))
  })

  it.each([
    ['text that is not UTF-8', Codec.text, [0xff], /not UTF-8/],
    ['JSON that is not UTF-8', Codec.json, [0x22, 0xff, 0x22], /not UTF-8/],
    ['no JSON', Codec.json, [0x7b], /not JSON/],
    ['an unknown codec', 3, [], /codec 3 is unknown/],
    ['a codec of the publisher', Codec.custom, [], /codec of its own: connect with the same/],
  ] as const)('find the issue of %s', (...[, codec, bytes, text]) => {
    const decoded = decodeValue(codec, Uint8Array.from(bytes), undefined)
    expect(decoded).toEqual({ issues: [expect.stringMatching(text)] })
  })
})

describe('a codec of the program', () => {
  it('carries what is neither bytes nor text', () => {
    expect(roundTrip({ a: [1] }, reversing)).toEqual({ value: { a: [1] } })
    expect(encodeValue('a', reversing).codec).toBe(Codec.text)
    expect(encodeValue({}, reversing).codec).toBe(Codec.custom)
  })

  it('that fails to encode is an invalid value', () => {
    const broken: PayloadCodec = {
      ...reversing,
      encode() {
        throw new Error('no schema')
      },
    }
    expect(() => encodeValue(1, broken)).toThrow(invalid(/cannot encode the value: no schema/))
  })

  it('that gives no bytes is an invalid value', () => {
    const broken = { ...reversing, encode: () => 'text' } as unknown as PayloadCodec
    expect(() => encodeValue(1, broken)).toThrow(invalid(/gave no Uint8Array/))
  })

  it('that fails to decode is an issue', () => {
    const bytes = new TextEncoder().encode('}')
    expect(decodeValue(Codec.custom, bytes, reversing)).toEqual({
      issues: [expect.stringMatching(/cannot decode the payload/)],
    })
  })
})
