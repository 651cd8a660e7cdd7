/**
 * Two decoders of the same bytes, the product's and the second one: where they do not read the same,
 * the fuzzer has found a fault.
 */
import { isDeepStrictEqual } from 'node:util'
import { addressBytes } from '../../bus/core/wire/address.ts'
import { type ControlRecord, ControlType, readControl } from '../../bus/core/wire/control.ts'
import { readHello } from '../../bus/core/wire/hello.ts'
import { readHeader, splitDatagram } from '../../bus/core/wire/packet.ts'
import { readFragment, readRecords } from '../../bus/core/wire/record.ts'
import { readRelayBeacon } from '../../bus/core/wire/relay.ts'
import { readSigned } from '../../bus/core/wire/signed.ts'
import type { Decoder } from './decoder.ts'
import {
  type Reading,
  secondControl,
  secondDatagram,
  secondReading,
  secondRecords,
} from './second.ts'

/** The same bytes as both read them. */
interface Pair {
  readonly ours: unknown
  readonly second: unknown
}

/** By the names that decoders have in the fuzzer. */
export const pairs: Readonly<Record<string, (bytes: Uint8Array) => Pair>> = {
  datagram: (bytes) => {
    const packets: Reading[] = []
    const fault = splitDatagram(bytes, (packet) => void packets.push(flat(readHeader(packet))))
    return { ours: { packets, whole: fault === undefined }, second: secondDatagram(bytes) }
  },
  hello: (bytes) => {
    const read = readHello(bytes)
    const ours = read && flat({ ...read.hello, signature: read.signature })
    return { ours, second: secondReading('hello', bytes) }
  },
  'control records': (bytes) => {
    const records: Reading[] = []
    const whole = readControl(bytes, (one) => {
      records.push([BigInt(ControlType[one.type]), ...flat(inBytes(one))])
    })
    return { ours: { records, whole }, second: secondControl(bytes) }
  },
  'records of a packet': (bytes) => {
    return { ours: maybe(readRecords(bytes)), second: secondRecords(bytes) }
  },
  fragment: (bytes) => {
    return { ours: maybe(readFragment(bytes)), second: secondReading('fragment', bytes) }
  },
  'signed body': (bytes) => {
    return { ours: maybe(readSigned(bytes)), second: secondReading('signed', bytes) }
  },
  'beacon of a relay': (bytes) => {
    return { ours: maybe(readRelayBeacon(bytes)), second: secondReading('relay', bytes) }
  },
}

/** Fails where the two do not agree; the same as before where there is no second one. */
export function compared(
  decoder: Decoder,
  pair: ((bytes: Uint8Array) => Pair) | undefined = pairs[decoder.name],
): Decoder {
  if (!pair) return decoder
  const outcome = async (bytes: Uint8Array): Promise<string> => {
    const { ours, second } = pair(bytes)
    if (!isDeepStrictEqual(ours, second)) {
      throw new Error(`it reads as ${told(ours)}, and by the document as ${told(second)}`)
    }
    return decoder.outcome(bytes)
  }
  return { ...decoder, outcome }
}

/** The record with addresses as they travel. */
function inBytes(record: ControlRecord): object {
  if (record.type === 'interest') return { ...record, groups: record.groups.map(addressBytes) }
  if (record.type !== 'places') return record
  const entries = record.entries.map((one) => ({ ...one, address: addressBytes(one.address) }))
  return { ...record, entries }
}

function maybe(read: object | undefined): Reading {
  return read && flat(read)
}

/** The values of an object in their order, without what only our own code needs. */
function flat(read: object): (bigint | string)[] {
  return Object.entries(read).flatMap(([name, value]) =>
    name === 'type' || name === 'signed' ? [] : valuesOf(value),
  )
}

function valuesOf(value: unknown): (bigint | string)[] {
  if (value instanceof Uint8Array) return [Buffer.from(value).toString('hex')]
  if (Array.isArray(value)) return [BigInt(value.length), ...value.flatMap(valuesOf)]
  if (typeof value === 'object' && value !== null) return flat(value)
  if (typeof value === 'bigint') return [value]
  return [BigInt(value as number | boolean)] // nothing else is in what decoders make
}

function told(reading: unknown): string {
  const text = JSON.stringify(reading, (_, one: unknown) =>
    typeof one === 'bigint' ? one.toString() : one,
  )
  return text?.slice(0, 300) ?? 'malformed'
}
