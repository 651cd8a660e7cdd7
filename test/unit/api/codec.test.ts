/** Values to payloads and back, and what has no form on the wire. */
import { runInNewContext } from 'node:vm'
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
    expect(() => encodeValue(value, undefined)).toThrow(
      invalid(/is of type \w+: it has no JSON form; publish null/),
    )
  })

  it('refuse what JSON cannot express, and keep the cause', () => {
    const loop: { self?: unknown } = {}
    loop.self = loop
    expect(() => encodeValue(loop, undefined)).toThrow(invalid(/circular/))
    const twice: { a?: unknown; b?: unknown } = {}
    Object.assign(twice, { a: twice, b: [twice] })
    expect(() => encodeValue(twice, undefined)).toThrow(invalid(/circular/))
    const vague = { toJSON: () => ({ ...vague }) }
    expect(encodeValue({ vague }, undefined).codec).toBe(Codec.json)
  })

  class Point {
    readonly x = 1
  }
  it.each([
    [Number.NaN, /^the value is NaN: JSON has no such number; publish null/],
    [[1, { a: [0, -Infinity] }], /^value\[1\]\.a\[1\] is -Infinity: JSON has no such number/],
    [{ n: 1n }, /^value\.n is a bigint: .*publish its text/],
    [new Map([[1, 2]]), /^the value is a Map: publish an array or a plain object/],
    [{ 'a b': new Set() }, /^value\["a b"\] is a Set: publish an array/],
    [new WeakMap(), /^the value is an instance of WeakMap: publish a plain object made of it, or/],
    [{ at: Promise.resolve(1) }, /^value\.at is a Promise: await it/],
    [new RangeError('far'), /^the value is an error \(RangeError\): publish its message/],
    [[/a/], /^value\[0\] is an instance of RegExp/],
    [new Point(), /^the value is an instance of Point: .*give it toJSON/],
    [new (class {})(), /is an instance of a class without a name/],
    [{ act: () => 1 }, /^value\.act is of type function/],
    [[undefined], /^value\[0\] is of type undefined/],
    [{ image: new Uint8Array(2) }, /^value\.image is bytes \(Uint8Array\) inside of another value/],
    [{ at: new Date(Number.NaN) }, /^value\.at is an invalid Date: it would become null/],
    [{ own: { toJSON: () => [Number.NaN] } }, /^value\.own\[0\] is NaN/],
  ])('refuse what JSON would change without a word (%#)', (value, text) => {
    expect(() => encodeValue(value, undefined)).toThrow(invalid(text))
  })

  it('take what says itself what it is in JSON, and objects of any window', () => {
    class Money {
      toJSON(): string {
        return '5 EUR'
      }
    }
    const at = new Date(0)
    const given = { at, price: new Money(), none: undefined, bare: Object.create(null) as object }
    expect(roundTrip(given)).toEqual({ value: { at: at.toJSON(), price: '5 EUR', bare: {} } })
    const foreign = runInNewContext('({ a: [1] })') as object
    expect(roundTrip(foreign)).toEqual({ value: { a: [1] } })
  })

  it('refuse text that was cut in the middle of a character', () => {
    expect(() => encodeValue('a\ud83d', undefined)).toThrow(invalid(/half a surrogate pair/))
    expect(roundTrip('a\ud83d\ude00')).toEqual({ value: 'a\ud83d\ude00' })
    expect(roundTrip({ cut: '\ud83d' })).toEqual({ value: { cut: '\ud83d' } }) // JSON can say it
  })

  it('refuse bytes whose buffer was given away, and take empty ones', () => {
    const bytes = new Uint8Array(4)
    const view = new DataView(bytes.buffer)
    const { buffer } = bytes
    structuredClone(buffer, { transfer: [buffer] })
    for (const gone of [bytes, view, buffer]) {
      expect(() => encodeValue(gone, undefined)).toThrow(invalid(/have been transferred/))
    }
    const empty = [new Uint8Array(0), new ArrayBuffer(0), new DataView(new ArrayBuffer(4), 2, 0)]
    const none = { value: new Uint8Array(0) }
    expect(empty.map((one) => roundTrip(one))).toEqual([none, none, none])
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
