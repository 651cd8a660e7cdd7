/**
 * The control record by which a peer tells where those are that it reaches by unicast.
 *
 *     places   varint n | n x (instance (8) | address (16) | uint16 port)
 *
 * Whoever does not know one of these instances may say hello to it there.
 */
import { ADDRESS_SIZE, addressBytes, addressText } from './address.ts'
import type { Reader, Writer } from './cursor.ts'
import { readEntries, writeEntries } from './entries.ts'

export interface Place {
  readonly instance: bigint
  readonly address: string
  readonly port: number
}

export interface Places {
  readonly type: 'places'
  readonly entries: readonly Place[]
}

/** Each address must be one, without a zone. */
export function writePlaces(writer: Writer, { entries }: Places): Uint8Array {
  return writeEntries(writer, entries, ({ instance, address, port }) => {
    writer.uint64(instance).put(addressBytes(address)!).uint16(port)
  })
}

export function readPlaces(reader: Reader): Places {
  return { type: 'places', entries: readEntries(reader, readPlace) }
}

function readPlace(reader: Reader): Place {
  const instance = reader.uint64()
  const bytes = reader.take(ADDRESS_SIZE)
  const address = reader.failed ? '' : addressText(bytes)
  return { instance, address, port: reader.uint16() }
}
