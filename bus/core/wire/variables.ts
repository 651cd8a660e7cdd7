/**
 * What is asked of variables, and what of them an answer holds: payloads of questions on the topic
 * `sixcast/variables`, and of their answers.
 *
 *     read     uint8 0 | varint patience ms    watch    uint8 2 | varint interval ms
 *              | varint n, n x (varint m, m bytes pattern) | varint n, n x (varint m, m bytes tag)
 *     write    uint8 1 | varint n, n bytes name | varint version | uint8 codec | payload, to the end
 *     part     uint8 flags | entries, to the end
 *     entry    varint n, n bytes name | uint8 kind | body
 *       0 value   varint version | varint age ms | uint8 codec | varint n, n bytes payload
 *       1 fault   varint n, n bytes code | varint n, n bytes message
 *       2 gone                              it is exposed no more
 *
 * `version` of a write: the one that it is to replace, 0: any. A tag is `key=value`, and whoever lacks one of them has nothing to say. Flag 1: another part
 * follows. Text is UTF-8. Flags that are not known are of later versions: passed over. An entry of
 * a kind that is not known makes the part malformed, for its size is not known.
 */
import { Reader, Writer } from './cursor.ts'
import type { CodecTag } from './record.ts'

export interface ReadAsk {
  /** True: changes are to follow, for as long as the asker waits. */
  readonly watch: boolean
  /** How long a getter may take; of a watch: how often it is to be called. */
  readonly ms: number
  readonly patterns: readonly Uint8Array[]
  readonly tags: readonly Uint8Array[]
}

export interface WriteAsk {
  readonly name: Uint8Array
  /** 0: whichever it has. */
  readonly version: number
  readonly codec: CodecTag
  readonly payload: Uint8Array
}

/** One variable in an answer. */
export type Entry = { readonly name: Uint8Array } & (
  | {
      readonly kind: 'value'
      readonly version: number
      readonly ageMs: number
      readonly codec: CodecTag
      readonly payload: Uint8Array
    }
  | { readonly kind: 'fault'; readonly code: Uint8Array; readonly message: Uint8Array }
  | { readonly kind: 'gone' }
)

export interface Part {
  /** Another part follows. */
  readonly more: boolean
  readonly entries: readonly Entry[]
}

/** Patterns of one question, and tags, at most. */
export const PATTERNS_MAX = 64
export const ASKED_TAGS_MAX = 8
/** Bytes of a pattern or a name, and of a tag, at most. */
const NAME_SIZE_MAX = 255
const TAG_SIZE_MAX = 32
const CODE_SIZE_MAX = 64
const MESSAGE_SIZE_MAX = 1024

export function writeReadAsk({ watch, ms, patterns, tags }: ReadAsk): Uint8Array {
  const blocks = [...patterns, ...tags].reduce((sum, one) => sum + 2 + one.length, 0)
  const writer = new Writer(1 + 8 + 2 + 2 + blocks)
  writer
    .uint8(watch ? WATCH : READ)
    .varint(ms)
    .varint(patterns.length)
  for (const pattern of patterns) writer.block(pattern)
  writer.varint(tags.length)
  for (const tag of tags) writer.block(tag)
  return writer.written
}

/** `undefined` when the bytes are malformed, or ask for something that is not known. */
export function readReadAsk(bytes: Uint8Array): ReadAsk | undefined {
  const reader = new Reader(bytes)
  const kind = reader.uint8()
  if (kind !== READ && kind !== WATCH) return undefined
  const ms = reader.varint()
  const patterns = blocks(reader, PATTERNS_MAX, NAME_SIZE_MAX)
  const tags = blocks(reader, ASKED_TAGS_MAX, TAG_SIZE_MAX)
  if (reader.failed || !patterns || !tags || patterns.length === 0) return undefined
  return { watch: kind === WATCH, ms, patterns, tags }
}

export function writeWriteAsk({ name, version, codec, payload }: WriteAsk): Uint8Array {
  const writer = new Writer(1 + 2 + name.length + 8 + 1 + payload.length)
  return writer.uint8(WRITE).block(name).varint(version).uint8(codec).put(payload).written
}

/** `undefined` when the bytes are malformed, or ask for something else. */
export function readWriteAsk(bytes: Uint8Array): WriteAsk | undefined {
  const reader = new Reader(bytes)
  if (reader.uint8() !== WRITE) return undefined
  const name = reader.block(NAME_SIZE_MAX)
  const version = reader.varint()
  const codec = reader.uint8()
  const payload = reader.take(reader.left)
  return reader.failed ? undefined : { name, version, codec, payload }
}

/** What an entry takes, at most. */
export function entrySize(entry: Entry): number {
  return entry.name.length + bodySize(entry) + ENTRY_HEAD_MAX
}

function bodySize(entry: Entry): number {
  if (entry.kind === 'gone') return 0
  return entry.kind === 'value' ? entry.payload.length : entry.code.length + entry.message.length
}

export function writePart({ more, entries }: Part): Uint8Array {
  const size = entries.reduce((sum, entry) => sum + entrySize(entry), 1)
  const writer = new Writer(size).uint8(more ? Flag.more : 0)
  for (const entry of entries) {
    writer.block(entry.name)
    if (entry.kind === 'value') {
      writer.uint8(Kind.value).varint(entry.version).varint(entry.ageMs)
      writer.uint8(entry.codec).block(entry.payload)
    } else if (entry.kind === 'gone') writer.uint8(Kind.gone)
    else writer.uint8(Kind.fault).block(entry.code).block(entry.message)
  }
  return writer.written
}

/** `undefined` when the bytes are malformed. */
export function readPart(bytes: Uint8Array): Part | undefined {
  const reader = new Reader(bytes)
  const flags = reader.uint8()
  const entries: Entry[] = []
  while (!reader.failed && reader.left > 0) {
    const entry = readEntry(reader)
    if (!entry) return undefined
    entries.push(entry)
  }
  return reader.failed ? undefined : { more: (flags & Flag.more) !== 0, entries }
}

function readEntry(reader: Reader): Entry | undefined {
  const name = reader.block(NAME_SIZE_MAX)
  const kind = reader.uint8()
  if (kind === Kind.value) {
    const version = reader.varint()
    const ageMs = reader.varint()
    const codec = reader.uint8()
    const payload = reader.block(reader.left)
    return reader.failed ? undefined : { name, kind: 'value', version, ageMs, codec, payload }
  }
  if (kind === Kind.gone) return reader.failed ? undefined : { name, kind: 'gone' }
  if (kind !== Kind.fault) return undefined
  const code = reader.block(CODE_SIZE_MAX)
  const message = reader.block(MESSAGE_SIZE_MAX)
  return reader.failed ? undefined : { name, kind: 'fault', code, message }
}

function blocks(reader: Reader, countMax: number, sizeMax: number): Uint8Array[] | undefined {
  const count = reader.count(1)
  if (count > countMax) return undefined
  return Array.from({ length: count }, () => reader.block(sizeMax))
}

const READ = 0
const WRITE = 1
const WATCH = 2
const Kind = { value: 0, fault: 1, gone: 2 } as const
const Flag = { more: 1 } as const
/** Lengths, version, age, kind and codec of an entry. */
const ENTRY_HEAD_MAX = 2 + 1 + 8 + 8 + 1 + 8
