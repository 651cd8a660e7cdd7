/** Entries as the parts of an answer: as many in each as go into few packets, and none too large. */
import type { Limits } from '../../core/limits.ts'
import { type Entry, entrySize, writePart } from '../../core/wire/variables.ts'
import { BusError } from '../errors.ts'
import type { PeerId } from '../terms.ts'

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

/** What is wrong with a value of another peer that is larger than those of this one may be. */
export function sizeFault(
  { from, name }: { readonly from: PeerId; readonly name: string },
  { payload }: { readonly payload: Uint8Array },
  { variableSize }: Limits,
): BusError | undefined {
  if (payload.length <= variableSize) return undefined
  const fault = `"${name}" of peer ${from} has ${payload.length} bytes`
  const mend = `the limit is ${variableSize} (option limits.variableSize)`
  return new BusError('TOO_LARGE', `${fault}: ${mend}`)
}

const PART_SIZE = 32 * 1024
