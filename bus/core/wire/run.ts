/**
 * Runs of records, as the messages of links and trunks are.
 *
 *     uint8 type | varint size | that many bytes
 */
import { Reader, Writer } from './cursor.ts'
import { varintSize } from './varint.ts'

/** One record. */
export function recordOf(type: number, ...parts: readonly Uint8Array[]): Uint8Array {
  let size = 0
  for (const part of parts) size += part.length
  const writer = new Writer(1 + varintSize(size) + size).uint8(type).varint(size)
  for (const part of parts) writer.put(part)
  return writer.bytes
}

/**
 * Calls `each` with every record whose type has a reader, and skips the others; false when the
 * message is malformed from there on. `sizeMax`: bytes of a record.
 */
export function eachRecord<T>(
  message: Uint8Array,
  {
    readers,
    sizeMax,
  }: {
    readonly readers: ReadonlyMap<number, (fields: Reader) => T | undefined>
    readonly sizeMax: number
  },
  each: (record: T) => void,
): boolean {
  const reader = new Reader(message)
  while (reader.left > 0) {
    const type = reader.uint8()
    const body = reader.block(sizeMax)
    if (reader.failed) return false
    const read = readers.get(type)
    if (!read) continue
    const fields = new Reader(body)
    const record = read(fields)
    if (fields.failed || fields.left > 0 || !record) return false
    each(record)
  }
  return true
}

export function instanceBytes(instances: readonly bigint[]): Uint8Array {
  const writer = new Writer(instances.length * 8)
  for (const instance of instances) writer.uint64(instance)
  return writer.written
}
