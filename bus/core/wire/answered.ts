/**
 * The control record that acknowledges answers: which direct packets of whom have come.
 *
 *     answered   varint count | count x (answerer (8) | varint runs | runs x (varint first,
 *                varint packets))
 */
import type { Reader, Writer } from './cursor.ts'
import { readEntries, writeEntries } from './entries.ts'
import { readRuns, type Run, writeRuns } from './gone.ts'

export interface AnsweredEntry {
  readonly answerer: bigint
  /** Consecutive direct packets each. */
  readonly runs: readonly Run[]
}

export interface Answered {
  readonly type: 'answered'
  readonly entries: readonly AnsweredEntry[]
}

/** Bytes of an entry, and of a run in it, at most. */
export const ENTRY_SIZE_MAX: number = 8 + 2
export const RUN_SIZE_MAX: number = 8 + 4

export function writeAnswered(writer: Writer, { entries }: Answered): Uint8Array {
  return writeEntries(writer, entries, ({ answerer, runs }) => {
    writeRuns(writer.uint64(answerer), runs)
  })
}

export function readAnswered(reader: Reader): Answered {
  const entries = readEntries(reader, () => {
    return { answerer: reader.uint64(), runs: readRuns(reader) }
  })
  return { type: 'answered', entries }
}
