/**
 * What makes a message a question, and what calls one off: a field of the message.
 *
 *     ask      uint8 0 | varint id | uint8 flags | varint timeout ms | varint spread ms
 *              | varint n, n x wanted instance (8)
 *     cancel   uint8 1 | varint id
 *
 * `id` counts the questions of one instance, from 1. Flag 1: the first answer is enough. Whoever
 * answers waits for a random part of the spread first. Where instances are named, nobody else
 * answers. Flags that are not known, and bytes behind these, are of later versions: passed over.
 */
import { Reader, Writer } from './cursor.ts'

export interface Ask {
  readonly type: 'ask'
  readonly id: number
  readonly flags: number
  /** How long the asker waits, from when the question has come. */
  readonly timeoutMs: number
  readonly spreadMs: number
  /** Empty: whoever can is to answer. */
  readonly wanted: readonly bigint[]
}

export interface Cancel {
  readonly type: 'cancel'
  readonly id: number
}

export const AskFlag = { first: 1 } as const

/** Instances that a question names at most: with them it takes less than the field's 512 bytes. */
export const WANTED_MAX = 56

export function writeQuestion(question: Ask | Cancel): Uint8Array {
  const writer = new Writer(QUESTION_SIZE_MAX)
  if (question.type === 'cancel') return writer.uint8(Type.cancel).varint(question.id).written
  const { id, flags, timeoutMs, spreadMs, wanted } = question
  writer.uint8(Type.ask).varint(id).uint8(flags).varint(timeoutMs).varint(spreadMs)
  writer.varint(wanted.length)
  for (const instance of wanted) writer.uint64(instance)
  return writer.written
}

/** `undefined` when the bytes are malformed, or of a type that is not known. */
export function readQuestion(bytes: Uint8Array): Ask | Cancel | undefined {
  const reader = new Reader(bytes)
  const type = reader.uint8()
  const id = reader.varint()
  if (reader.failed || id === 0) return undefined
  if (type === Type.cancel) return { type: 'cancel', id }
  if (type !== Type.ask) return undefined
  const flags = reader.uint8()
  const timeoutMs = reader.varint()
  const spreadMs = reader.varint()
  const count = reader.count(INSTANCE_SIZE)
  if (count > WANTED_MAX) return undefined
  const wanted = Array.from({ length: count }, () => reader.uint64())
  if (reader.failed) return undefined
  return { type: 'ask', id, flags, timeoutMs, spreadMs, wanted }
}

const Type = { ask: 0, cancel: 1 } as const
const INSTANCE_SIZE = 8
const QUESTION_SIZE_MAX = 512
