/**
 * What an answer to a question holds.
 *
 *     varint id | uint8 kind | varint sequence | body
 *
 *     0 value   uint8 codec | payload          the one answer, or the last of several
 *     1 part    uint8 codec | payload          one of several: more come
 *     2 end                                    the end of several
 *     3 error   varint n, n bytes code | message, UTF-8
 *     4 none                                   nobody answers such questions here
 *     5 busy                                   too many questions are being answered here
 *
 * `id` is that of the question. `sequence` counts the answers of one peer to one question, from 0.
 * Bytes behind `end`, `none` and `busy` are of later versions: passed over.
 */
import { Reader, Writer } from './cursor.ts'
import type { CodecTag } from './record.ts'

interface Place {
  readonly id: number
  readonly sequence: number
}

export type Answer = Place &
  (
    | {
        readonly kind: 'value' | 'part'
        readonly codec: CodecTag
        readonly payload: Uint8Array
      }
    | { readonly kind: 'end' | 'none' | 'busy' }
    | { readonly kind: 'error'; readonly code: Uint8Array; readonly message: Uint8Array }
  )

/** Bytes of an error's code and of its message, both UTF-8, at most. */
export const CODE_SIZE_MAX = 64
export const ERROR_SIZE_MAX = 1024

export function writeAnswer(answer: Answer): Uint8Array {
  const payloadSize = 'payload' in answer ? answer.payload.length : 0
  const writer = new Writer(HEAD_SIZE_MAX + payloadSize)
  writer.varint(answer.id).uint8(KINDS.indexOf(answer.kind)).varint(answer.sequence)
  switch (answer.kind) {
    case 'value':
    case 'part':
      return writer.uint8(answer.codec).put(answer.payload).written
    case 'error':
      return writer.block(answer.code).put(answer.message).written
    default:
      return writer.written
  }
}

/** Whoever says so has begun nothing. */
export function isRefusal({ kind }: Answer): boolean {
  return kind === 'none' || kind === 'busy'
}

/** `undefined` when the bytes are malformed, or of a kind that is not known. */
export function readAnswer(bytes: Uint8Array): Answer | undefined {
  const reader = new Reader(bytes)
  const id = reader.varint()
  const kind = KINDS[reader.uint8()]
  const sequence = reader.varint()
  if (reader.failed || kind === undefined) return undefined
  const place = { id, sequence }
  if (kind === 'error') return readError(reader, place)
  if (kind !== 'value' && kind !== 'part') return { ...place, kind }
  const codec = reader.uint8()
  const payload = reader.take(reader.left)
  return reader.failed ? undefined : { ...place, kind, codec, payload }
}

function readError(reader: Reader, place: Place): Answer | undefined {
  const code = reader.block(CODE_SIZE_MAX)
  if (reader.left > ERROR_SIZE_MAX) return undefined
  const message = reader.take(reader.left)
  return reader.failed ? undefined : { ...place, kind: 'error', code, message }
}

const KINDS = ['value', 'part', 'end', 'error', 'none', 'busy'] as const
const HEAD_SIZE_MAX = 8 + 1 + 8 + 8 + CODE_SIZE_MAX + ERROR_SIZE_MAX
