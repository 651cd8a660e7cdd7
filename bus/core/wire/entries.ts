/** Lists in control records: a varint count, then the entries. */
import type { Reader, Writer } from './cursor.ts'

export function readEntries<T>(reader: Reader, read: (reader: Reader) => T): T[] {
  const count = reader.count(ENTRY_SIZE_MIN)
  const entries: T[] = []
  for (let i = 0; i < count && !reader.failed; i++) entries.push(read(reader))
  return entries
}

export function writeEntries<T>(
  writer: Writer,
  entries: readonly T[],
  write: (entry: T) => void,
): Uint8Array {
  writer.varint(entries.length)
  for (const entry of entries) write(entry)
  return writer.written
}

const ENTRY_SIZE_MIN = 2
