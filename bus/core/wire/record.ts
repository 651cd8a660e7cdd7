/**
 * The body of a data packet: whole messages as records, or one fragment of a large message.
 *
 *     records:   varint index of the first message | uint48 sent at, ms since 1970 | record ...
 *     record:    varint payload size | uint8 flags | [varint size, fields] | payload
 *     fragment:  varint index | uint48 sent at | varint total size | varint offset | bytes
 *
 * Record flags: bits 0-2 the codec, bit 3 fields follow. A field is `varint id, varint size,
 * bytes`; unknown ids are skipped. Field 1 is the message's life: a varint, ms that it is still of
 * use when its packet leaves; 0: it had expired by then, and stands for its index alone. Field 2
 * makes the message a question: at most 512 bytes for those who answer, see direct.ts. Fields 3 and 4
 * say which members of groups it is for, and that it is given once more, see share.ts. What the
 * fragments of a message add up to is its record without the leading payload size.
 */
import { Reader, type Writer } from './cursor.ts'
import { type Chosen, readChosen } from './share.ts'
import { varintSize } from './varint.ts'

/** How a payload was encoded. */
export const Codec = { bytes: 0, text: 1, json: 2, custom: 7 } as const
export type CodecTag = number

const CODEC_MASK = 0x07
const HAS_FIELDS = 0x08
const Field = { life: 1, question: 2, chosen: 3, again: 4 } as const

/** Bytes of `index` and `sent at` that open each data body, at most. */
export const PREFIX_SIZE_MAX: number = 8 + 6
/** Bytes that open a fragment's body, at most. */
export const FRAGMENT_PREFIX_SIZE_MAX: number = PREFIX_SIZE_MAX + 8 + 8

/** Bytes that a message's life takes in its record, at most. */
export const LIFE_SIZE_MAX: number = 1 + 1 + 1 + 8
/** Largest question that goes with a message. */
export const QUESTION_SIZE_MAX = 512

/** What goes with a payload, and takes room that is known before it is sent. */
export interface Extras {
  /** What those who answer are to know: the core does not look into it. */
  readonly question?: Uint8Array | undefined
  /** Field 3, as it is written. */
  readonly chosen?: Uint8Array | undefined
  /** It is the message with this index once more. */
  readonly again?: number | undefined
}

/** What a record says beside its codec and its payload. */
export interface Fields extends Extras {
  /** How long it was of use when its packet left, ms. */
  readonly lifeMs?: number | undefined
}

export interface Record extends Omit<Fields, 'chosen'> {
  readonly codec: CodecTag
  readonly payload: Uint8Array
  /** For whom of the groups of its stream it is. */
  readonly chosen?: readonly Chosen[] | undefined
}

export interface RecordBody {
  readonly index: number
  readonly sentAt: number
  readonly records: readonly Record[]
}

export interface FragmentBody {
  readonly index: number
  readonly sentAt: number
  readonly totalSize: number
  readonly offset: number
  readonly bytes: Uint8Array
}

/** Bytes a record takes in a body; its life comes on top. */
export function recordSize(payloadSize: number, extras?: Extras): number {
  return varintSize(payloadSize) + 1 + payloadSize + extrasSize(extras)
}

/** Bytes that these fields take in a record, at most. */
export function extrasSize({ question, chosen, again }: Extras = {}): number {
  const asked = question ? QUESTION_HEAD_SIZE_MAX + question.length : 0
  const shared = chosen ? CHOSEN_HEAD_SIZE_MAX + chosen.length : 0
  return asked + shared + (again === undefined ? 0 : AGAIN_SIZE_MAX)
}

export function writePrefix(writer: Writer, index: number, sentAt: number): void {
  writer.varint(index).uint48(sentAt)
}

export function writeRecord(
  writer: Writer,
  codec: CodecTag,
  payload: Uint8Array,
  fields?: Fields,
): void {
  writer.varint(payload.length)
  writeRecordHead(writer, codec, fields)
  writer.put(payload)
}

/** Flags and fields: what comes before the payload. */
export function writeRecordHead(writer: Writer, codec: CodecTag, fields: Fields = {}): void {
  const { lifeMs, question, chosen, again } = fields
  const lifeSize = numberSize(lifeMs)
  const againSize = numberSize(again)
  const size = lifeSize + againSize + (question ? 1 + blockSize(question) : 0)
  const all = size + (chosen ? 1 + blockSize(chosen) : 0)
  if (all === 0) return void writer.uint8(codec)
  writer.uint8(codec | HAS_FIELDS).varint(all)
  if (lifeMs !== undefined)
    writer
      .varint(Field.life)
      .varint(lifeSize - 2)
      .varint(lifeMs)
  if (question) writer.varint(Field.question).block(question)
  if (chosen) writer.varint(Field.chosen).block(chosen)
  if (again !== undefined)
    writer
      .varint(Field.again)
      .varint(againSize - 2)
      .varint(again)
}

/** A body of whole messages, or `undefined` when the bytes are malformed. */
export function readRecords(body: Uint8Array): RecordBody | undefined {
  const reader = new Reader(body)
  const index = reader.varint()
  const sentAt = reader.uint48()
  const records: Record[] = []
  while (reader.left > 0 && !reader.failed) {
    const size = reader.varint()
    const record = readTail(reader, size)
    if (record) records.push(record)
  }
  if (reader.failed || records.length === 0) return undefined
  return { index, sentAt, records }
}

export function writeFragmentPrefix(writer: Writer, fragment: Omit<FragmentBody, 'bytes'>): void {
  writePrefix(writer, fragment.index, fragment.sentAt)
  writer.varint(fragment.totalSize).varint(fragment.offset)
}

/** One fragment, or `undefined` when the bytes are malformed. */
export function readFragment(body: Uint8Array): FragmentBody | undefined {
  const reader = new Reader(body)
  const index = reader.varint()
  const sentAt = reader.uint48()
  const totalSize = reader.varint()
  const offset = reader.varint()
  const bytes = reader.take(reader.left)
  if (reader.failed || bytes.length === 0 || offset + bytes.length > totalSize) return undefined
  return { index, sentAt, totalSize, offset, bytes }
}

/** The record that the fragments of one message add up to. */
export function readAssembled(bytes: Uint8Array): Record | undefined {
  const reader = new Reader(bytes)
  return readTail(reader)
}

/** Bytes of flags and fields at the beginning of an assembled record. */
export function headSizeOf(bytes: Uint8Array): number {
  const reader = new Reader(bytes)
  if (reader.uint8() & HAS_FIELDS) reader.block(reader.left)
  return reader.offset
}

/** What comes behind a record's size; without one the payload is all that is left. */
function readTail(reader: Reader, payloadSize?: number): Record | undefined {
  const flags = reader.uint8()
  if (flags & ~(CODEC_MASK | HAS_FIELDS)) reader.failed = true
  const fields = flags & HAS_FIELDS ? readFields(reader) : undefined
  const payload = reader.take(payloadSize ?? reader.left)
  if (reader.failed) return undefined
  const codec = flags & CODEC_MASK
  return fields ? { codec, payload, ...fields } : { codec, payload }
}

/** Reads the fields and skips those that are not known. */
function readFields(reader: Reader): Omit<Record, 'codec' | 'payload'> {
  const fields = new Reader(reader.block(reader.left))
  let found: Omit<Record, 'codec' | 'payload'> = {}
  while (fields.left > 0 && !fields.failed) {
    const id = fields.varint()
    const value = new Reader(fields.block(fields.left))
    if (id === Field.life) found = { ...found, lifeMs: value.varint() }
    else if (id === Field.question) found = { ...found, question: value.take(value.left) }
    else if (id === Field.chosen) found = { ...found, chosen: readChosen(value) }
    else if (id === Field.again) found = { ...found, again: value.varint() }
    else continue
    const { question } = found
    if (value.failed || value.left > 0) fields.failed = true
    if (question && question.length > QUESTION_SIZE_MAX) fields.failed = true
  }
  if (fields.failed) reader.failed = true
  return found
}

/** Id, size and value of a field that is a number. */
function numberSize(value: number | undefined): number {
  return value === undefined ? 0 : 2 + varintSize(value)
}

function blockSize(bytes: Uint8Array): number {
  return varintSize(bytes.length) + bytes.length
}

/** The size of the fields, the id and the size of the question. */
const QUESTION_HEAD_SIZE_MAX = 2 + 1 + 2
/** The same of what is chosen, which may be the only field. */
const CHOSEN_HEAD_SIZE_MAX = 2 + 1 + 2
const AGAIN_SIZE_MAX = 2 + 8
