/**
 * What a publisher that is about to go asks those who are there, and what they answer.
 *
 *     meet   varint streams | varint attempt | varint n, n x target (8)
 *     met    target (8) | varint streams
 *
 * `streams` is how many streams the publisher has opened. Who is named, or everybody where nobody
 * is, answers `met` once it knows so many of them and is attached to those that it wants.
 */
import type { Reader, Writer } from './cursor.ts'

export interface Meet {
  readonly type: 'meet'
  readonly streams: number
  /** From 0. */
  readonly attempt: number
  /** Instances that have not answered; none: everybody is asked. */
  readonly targets: readonly bigint[]
}

export interface Met {
  readonly type: 'met'
  readonly target: bigint
  readonly streams: number
}

/** Instances that one record names. */
export const TARGETS_MAX = 64

export function writeMeeting(writer: Writer, record: Meet | Met): Uint8Array {
  if (record.type === 'met') return writer.uint64(record.target).varint(record.streams).written
  writer.varint(record.streams).varint(record.attempt).varint(record.targets.length)
  for (const target of record.targets) writer.uint64(target)
  return writer.written
}

export function readMeet(reader: Reader): Meet {
  const streams = reader.varint()
  const attempt = reader.varint()
  const count = reader.count(TARGET_SIZE)
  const targets: bigint[] = []
  for (let i = 0; i < count && !reader.failed; i++) targets.push(reader.uint64())
  return { type: 'meet', streams, attempt, targets }
}

export function readMet(reader: Reader): Met {
  return { type: 'met', target: reader.uint64(), streams: reader.varint() }
}

const TARGET_SIZE = 8
