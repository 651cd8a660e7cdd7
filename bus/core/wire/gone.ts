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
  return writeRuns(writer.varint(stream), entries).written
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

/** Adds a number that is behind all of the runs. */
export function addToRuns(runs: Run[], number: number): void {
  const last = runs.at(-1)
  if (!last || last.first + last.count !== number) runs.push({ first: number, count: 1 })
  else runs[runs.length - 1] = { first: last.first, count: last.count + 1 }
}

export function writeRuns(writer: Writer, runs: readonly Run[]): Writer {
  writer.varint(runs.length)
  for (const { first, count } of runs) writer.varint(first).varint(count)
  return writer
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
