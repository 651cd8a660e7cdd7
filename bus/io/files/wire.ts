/**
 * What senders and receivers of a file say to each other, as ordinary reliable messages.
 *
 * A sender publishes on the file's topic: offers and ends as JSON in text, chunks as bytes.
 * Receivers publish their statuses on one topic for all, `REPLIES`.
 *
 *     chunk    "sxf1" (4) | file id (16) | offset (8, big-endian) | bytes of the file
 */
import type { FileState } from '../../api/file-options.ts'
import { isObject } from '../../api/rules.ts'
import type { Span } from './ranges.ts'

/** Where receivers answer. */
export const REPLIES = 'sixcast/files'
/** Bytes of the file in one message. */
export const CHUNK_SIZE: number = 32 * 1024
/** Ranges in one status; the others are asked for at a later mark. */
export const LACKS_MAX = 64

/** Repeated while the sender sends: each asks every receiver for its status. */
export interface Offer {
  readonly type: 'file-offer'
  /** What makes this file this file, 32 hexadecimal digits. */
  readonly file: string
  readonly name: string
  readonly size: number
  /** Counts the offers: a status says which one it answers. */
  readonly mark: number
  /** SHA-256, once the sender has read it all. */
  readonly hash?: string
}

/** The sender sends no more of it. */
export interface End {
  readonly type: 'file-end'
  readonly file: string
  /** The file has changed meanwhile: what has come of it is worth nothing. */
  readonly spoilt: boolean
}

export interface Status {
  readonly type: 'file-status'
  /** The sender. */
  readonly to: string
  readonly file: string
  /** The offer that is answered: everything sent before it has arrived, or has been lost. */
  readonly mark: number
  /** Stays the same when the receiver is started again. */
  readonly receiver: string
  readonly state: Exclude<FileState, 'gone'>
  readonly has: number
  readonly lacks: readonly Span[]
  readonly reason?: string
}

export interface Chunk {
  readonly type: 'file-chunk'
  readonly file: string
  readonly offset: number
  readonly bytes: Uint8Array
}

export function chunkOf(file: string, offset: number, bytes: Uint8Array): Uint8Array {
  const chunk = new Uint8Array(HEAD_SIZE + bytes.length)
  chunk.set(MAGIC)
  chunk.set(Buffer.from(file, 'hex'), MAGIC.length)
  new DataView(chunk.buffer).setBigUint64(HEAD_SIZE - 8, BigInt(offset))
  chunk.set(bytes, HEAD_SIZE)
  return chunk
}

/** What a sender says, or undefined when it is something else. */
export function spoken(value: unknown): Offer | End | Chunk | undefined {
  if (value instanceof Uint8Array) return chunkIn(value)
  const said = objectIn(value)
  if (!said || !isId(said['file'])) return undefined
  const { file } = said
  if (said['type'] === 'file-end') {
    return { type: 'file-end', file, spoilt: said['spoilt'] === true }
  }
  const { type, name, size, mark, hash } = said
  if (type !== 'file-offer' || typeof name !== 'string' || name.length > NAME_LENGTH_MAX) {
    return undefined
  }
  if (!isCount(size) || !isCount(mark)) return undefined
  if (hash === undefined) return { type, file, name, size, mark }
  return isHash(hash) ? { type, file, name, size, mark, hash } : undefined
}

/** What a receiver answers, or undefined when it is something else. */
export function answered(value: unknown): Status | undefined {
  const said = objectIn(value)
  if (!said || said['type'] !== 'file-status') return undefined
  const { to, file, mark, receiver, state, has, lacks, reason } = said
  if (typeof to !== 'string' || !isId(file) || !isId(receiver)) return undefined
  if (!isCount(mark) || !isCount(has) || !Array.isArray(lacks)) return undefined
  const known = STATES.find((one) => one === state)
  if (!known || lacks.length > LACKS_MAX || !lacks.every(isSpan)) return undefined
  return {
    type: 'file-status',
    to,
    file,
    mark,
    receiver,
    state: known,
    has,
    lacks,
    ...(typeof reason === 'string' && { reason: reason.slice(0, REASON_LENGTH_MAX) }),
  }
}

function chunkIn(value: Uint8Array): Chunk | undefined {
  if (value.length <= HEAD_SIZE || MAGIC.some((byte, i) => value[i] !== byte)) return undefined
  const file = Buffer.from(value.subarray(MAGIC.length, HEAD_SIZE - 8)).toString('hex')
  const offset = Number(new DataView(value.buffer, value.byteOffset).getBigUint64(HEAD_SIZE - 8))
  if (!isCount(offset)) return undefined
  return { type: 'file-chunk', file, offset, bytes: value.subarray(HEAD_SIZE) }
}

function objectIn(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof value !== 'string' || !value.startsWith('{"type":"file-')) return undefined
  try {
    const parsed: unknown = JSON.parse(value)
    return isObject(parsed) ? parsed : undefined
  } catch {
    return undefined
  }
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{32}$/.test(value)
}

function isHash(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

function isSpan(value: unknown): value is Span {
  return isObject(value) && isCount(value['from']) && isCount(value['to'])
}

const MAGIC = Uint8Array.of(0x73, 0x78, 0x66, 0x31)
const HEAD_SIZE = 28
const NAME_LENGTH_MAX = 1024
const REASON_LENGTH_MAX = 512
const STATES: readonly Status['state'][] = ['taking', 'checking', 'done', 'refused']
