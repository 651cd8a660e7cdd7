/**
 * Values to payloads and back: bytes and text pass as they are, everything else as JSON.
 *
 * JSON and not CBOR: everybody reads it, and it costs no dependency and browsers nothing. It is not
 * the fastest; docs/decisions/002-json.md has the figures.
 */
import { textOf, utf8Scratch } from '../core/text.ts'
import { Codec } from '../core/wire/record.ts'
import { BusError } from './errors.ts'
import { NESTING_MAX, nestsTooDeep } from './nesting.ts'
import { assertPlain } from './plain.ts'
import type { PayloadCodec } from './options.ts'

export interface Encoded {
  readonly codec: number
  readonly payload: Uint8Array
}

/** A value as it was at one time: encoded, and sent as it is. */
export class Snapshot implements Encoded {
  readonly codec: number
  readonly payload: Uint8Array

  constructor({ codec, payload }: Encoded) {
    this.codec = codec
    this.payload = payload.slice()
  }
}

/**
 * The payload is good until the next call: the peer copies it within `publish`.
 * Throws INVALID_VALUE when the value has no form on the wire.
 */
export function encodeValue(value: unknown, custom: PayloadCodec | undefined): Encoded {
  if (value instanceof Uint8Array) return { codec: Codec.bytes, payload: attached(value) }
  if (value instanceof ArrayBuffer) return { codec: Codec.bytes, payload: bytesOf(value) }
  if (ArrayBuffer.isView(value)) return { codec: Codec.bytes, payload: viewOf(value) }
  if (typeof value === 'string') return { codec: Codec.text, payload: utf8Of(value) }
  if (value instanceof Snapshot) return value
  if (custom) return { codec: Codec.custom, payload: encodeCustom(value, custom) }
  const payload = utf8Scratch(jsonOf(value))
  if (!nestsTooDeep(payload)) return { codec: Codec.json, payload }
  throw new BusError('INVALID_VALUE', `the value is ${TOO_DEEP}: make it flatter, or publish text`)
}

/** The value, or the reason why the payload is none. */
export function decodeValue(
  codec: number,
  payload: Uint8Array,
  custom: PayloadCodec | undefined,
): { readonly value: unknown } | { readonly issues: readonly string[] } {
  // Views of one packet are handed out; a Buffer would lie about its type at the boundary.
  if (codec === Codec.bytes) return { value: plain(payload) }
  if (codec === Codec.custom) return decodeCustom(payload, custom)
  const text = textOf(payload)
  if (text === undefined) return { issues: ['the payload is not UTF-8'] }
  if (codec === Codec.text) return { value: text }
  if (codec !== Codec.json) return { issues: [`the codec ${codec} is unknown`] }
  if (nestsTooDeep(payload)) return { issues: [`the payload is ${TOO_DEEP}`] }
  try {
    return { value: JSON.parse(text) as unknown }
  } catch (error) {
    return { issues: [`the payload is not JSON: ${(error as Error).message}`] }
  }
}

/** UTF-8 has no form for half of a surrogate pair: another character would stand there. */
function utf8Of(text: string): Uint8Array {
  if (text.isWellFormed()) return utf8Scratch(text)
  const mend = 'it was cut in the middle of a character; publish text.toWellFormed(), or bytes'
  throw new BusError('INVALID_VALUE', `the text has half a surrogate pair: ${mend}`)
}

function viewOf(view: ArrayBufferView): Uint8Array {
  const buffer = bytesOf(view.buffer) // first, for a view of a buffer that has gone has no length
  return buffer.subarray(view.byteOffset, view.byteOffset + view.byteLength)
}

/** The bytes of a buffer that has gone are none, and so are those of others. */
function attached(bytes: Uint8Array): Uint8Array {
  return bytes.length > 0 ? bytes : viewOf(bytes)
}

function bytesOf(buffer: ArrayBufferLike): Uint8Array {
  try {
    return new Uint8Array(buffer)
  } catch (cause) {
    const mend = 'publish it before you give its buffer away, or a copy of it'
    throw new BusError('INVALID_VALUE', `the bytes have been transferred: ${mend}`, { cause })
  }
}

function jsonOf(value: unknown): string {
  assertPlain(value)
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch (cause) {
    throw new BusError('INVALID_VALUE', `the value has no JSON form: ${(cause as Error).message}`, {
      cause,
    })
  }
  if (text !== undefined) return text
  throw new BusError(
    'INVALID_VALUE',
    `a value of type ${typeof value} has no JSON form: publish null, text, bytes or plain data`,
  )
}

function encodeCustom(value: unknown, codec: PayloadCodec): Uint8Array {
  let bytes: unknown
  try {
    bytes = codec.encode(value)
  } catch (cause) {
    const reason = (cause as Error).message
    throw new BusError('INVALID_VALUE', `the codec cannot encode the value: ${reason}`, { cause })
  }
  if (bytes instanceof Uint8Array) return bytes
  throw new BusError('INVALID_VALUE', 'the codec gave no Uint8Array: its `encode` has to')
}

function decodeCustom(
  payload: Uint8Array,
  codec: PayloadCodec | undefined,
): { readonly value: unknown } | { readonly issues: readonly string[] } {
  if (!codec) return { issues: ['the publisher uses a codec of its own: connect with the same'] }
  try {
    return { value: codec.decode(payload) }
  } catch (error) {
    return { issues: [`the codec cannot decode the payload: ${(error as Error).message}`] }
  }
}

function plain(bytes: Uint8Array): Uint8Array {
  if (bytes.constructor === Uint8Array) return bytes
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

const TOO_DEEP = `JSON nested more than ${NESTING_MAX} deep`
