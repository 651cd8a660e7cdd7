/**
 * What actors of different peers say to each other: payloads of messages and questions on the topic
 * `sixcast/actors` and on those of groups, and what members of a group answer.
 *
 *     said      uint8 kind | uint64 to | varint id | varint n, n bytes name
 *               | varint n, n bytes sender | uint8 codec | payload, to the end
 *     replied   varint n, n bytes name | uint8 0 | uint8 codec | payload, to the end
 *               varint n, n bytes name | uint8 1 | varint n, n bytes code | message, to the end
 *
 * `to` is the peer that is meant, 0 whoever gets it. A delivery has an `id`, by which its sender's
 * later attempts are known, and a watch one by which its end is told. Text is UTF-8. A kind that is not known is of a later version.
 */
import { textOf, utf8 } from '../core/text.ts'
import { Reader, Writer } from '../core/wire/cursor.ts'

/** What is said; all but `tell` are questions. */
export type SaidKind = (typeof KINDS)[number]

export interface Said {
  readonly kind: SaidKind
  readonly to: bigint
  readonly id: number
  /** Of the actor that is meant, or that it is about. */
  readonly name: string
  /** The name of the actor that says it; empty: none does. */
  readonly sender: string
  readonly codec: number
  readonly payload: Uint8Array
}

/** What one member of a group answers. */
export type Replied = { readonly name: string } & (
  | { readonly codec: number; readonly payload: Uint8Array }
  | { readonly code: string; readonly message: string }
)

const KINDS = [
  'tell',
  'ask',
  'deliver',
  // Who has an actor of this name?
  'find',
  // Say when it has stopped.
  'watch',
  // It has stopped; the payload is a place in the list of reasons.
  'ended',
  // Of a group: the name of one member.
  'pick',
] as const

export function writeSaid({ kind, to, id, name, sender, codec, payload }: Said): Uint8Array {
  const [nameBytes, senderBytes] = [utf8(name), utf8(sender)]
  const writer = new Writer(HEAD_MAX + nameBytes.length + senderBytes.length + payload.length)
  writer.uint8(KINDS.indexOf(kind)).uint64(to).varint(id).block(nameBytes).block(senderBytes)
  return writer.uint8(codec).put(payload).written
}

/** `undefined` when the bytes are malformed, or of a kind that is not known. */
export function readSaid(bytes: Uint8Array): Said | undefined {
  const reader = new Reader(bytes)
  const kind = KINDS[reader.uint8()]
  const to = reader.uint64()
  const id = reader.varint()
  const name = textOf(reader.block(NAME_SIZE_MAX))
  const sender = textOf(reader.block(NAME_SIZE_MAX))
  const codec = reader.uint8()
  const payload = reader.take(reader.left)
  if (reader.failed || kind === undefined || name === undefined || sender === undefined) {
    return undefined
  }
  return { kind, to, id, name, sender, codec, payload }
}

export function writeReplied(replied: Replied): Uint8Array {
  const name = utf8(replied.name)
  if ('payload' in replied) {
    const { codec, payload } = replied
    const writer = new Writer(HEAD_MAX + name.length + payload.length)
    return writer.block(name).uint8(0).uint8(codec).put(payload).written
  }
  const [code, message] = [utf8(replied.code), utf8(replied.message)]
  const writer = new Writer(HEAD_MAX + name.length + code.length + message.length)
  return writer.block(name).uint8(1).block(code).put(message).written
}

/** `undefined` when the bytes are malformed. */
export function readReplied(bytes: Uint8Array): Replied | undefined {
  const reader = new Reader(bytes)
  const name = textOf(reader.block(NAME_SIZE_MAX))
  const kind = reader.uint8()
  if (reader.failed || name === undefined || kind > 1) return undefined
  if (kind === 0) {
    const codec = reader.uint8()
    const payload = reader.take(reader.left)
    return reader.failed ? undefined : { name, codec, payload }
  }
  const code = textOf(reader.block(CODE_SIZE_MAX))
  const message = reader.left > MESSAGE_SIZE_MAX ? undefined : textOf(reader.take(reader.left))
  if (reader.failed || code === undefined || message === undefined) return undefined
  return { name, code, message }
}

/** As of topics, which names are. */
const NAME_SIZE_MAX = 255
const CODE_SIZE_MAX = 64
const MESSAGE_SIZE_MAX = 1024
/** Kind, peer, id, two lengths and the codec. */
const HEAD_MAX = 1 + 8 + 8 + 2 + 2 + 2
