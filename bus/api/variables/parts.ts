/** Entries as the parts of an answer: as many in each as go into few packets. */
import { type Entry, entrySize, writePart } from '../../core/wire/variables.ts'

/** One at least. */
export function partsOf(entries: readonly Entry[]): Uint8Array[] {
  const parts: Entry[][] = [[]]
  let size = 0
  for (const entry of entries) {
    const more = entrySize(entry)
    if (size > 0 && size + more > PART_SIZE) {
      parts.push([])
      size = 0
    }
    parts.at(-1)!.push(entry)
    size += more
  }
  return parts.map((part, i) => writePart({ more: i < parts.length - 1, entries: part }))
}

const PART_SIZE = 32 * 1024
