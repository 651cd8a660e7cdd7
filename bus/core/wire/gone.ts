/**
 * Control records of what a publisher does not send again.
 *
 *     oldest     varint stream | varint first | varint index: it has nothing below `first`
 *     expired    varint stream | varint count | count x (varint first, varint packets): all that
 *                these packets held has expired
 */
import type { Reader, Writer } from './cursor.ts'

/** What lies below `first` is lost for everybody who lacks it. */
export interface Oldest {
  readonly type: 'oldest'
  readonly stream: number
  readonly first: number
  readonly index: number
}

export interface Expired {
  readonly type: 'expired'
  readonly stream: number
  /** Consecutive packets each. */
  readonly entries: readonly Run[]
}

export interface Run {
  readonly first: number
  readonly count: number
}

export function writeExpired(writer: Writer, { stream, entries }: Expired): Uint8Array {
  writer.varint(stream).varint(entries.length)
  for (const { first, count } of entries) writer.varint(first).varint(count)
  return writer.written
}

export function readOldest(reader: Reader): Oldest {
  return {
    type: 'oldest',
    stream: reader.varint(),
    first: reader.varint(),
    index: reader.varint(),
  }
}

export function readExpired(reader: Reader): Expired {
  return { type: 'expired', stream: reader.varint(), entries: readRuns(reader) }
}

/** A count and so many runs. */
export function readRuns(reader: Reader): Run[] {
  const length = reader.count(RUN_SIZE_MIN)
  const runs: Run[] = []
  for (let i = 0; i < length && !reader.failed; i++) {
    runs.push({ first: reader.varint(), count: reader.varint() })
  }
  return runs
}

const RUN_SIZE_MIN = 2
