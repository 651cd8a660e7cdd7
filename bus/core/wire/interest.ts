/**
 * The control record by which a peer tells relays, and those that send it copies, what it wants.
 *
 *     interest   varint ms for which this counts; 0: wanted no more | n x group (16)
 */
import { ADDRESS_SIZE, addressBytes, addressText } from './address.ts'
import type { Reader, Writer } from './cursor.ts'

export interface Interest {
  readonly type: 'interest'
  readonly validMs: number
  readonly groups: readonly string[]
}

/** Each group must be an address. */
export function writeInterest(writer: Writer, { validMs, groups }: Interest): Uint8Array {
  writer.varint(validMs)
  for (const group of groups) writer.put(addressBytes(group)!)
  return writer.written
}

export function readInterest(reader: Reader): Interest {
  const validMs = reader.varint()
  const groups: string[] = []
  while (reader.left > 0 && !reader.failed) groups.push(addressText(reader.take(ADDRESS_SIZE)))
  return { type: 'interest', validMs, groups: reader.failed ? [] : groups }
}
