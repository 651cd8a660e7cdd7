/**
 * What a relay says on its segments: that it is there, and of whom it wants to hear.
 *
 *     uint8 flags | varint interval, ms | varint n, n x asked instance (8)
 *
 * The body of a packet of kind 5, sealed with the control key itself: the relay's own random id is
 * in the place of the instance, the stream is 0, and it counts its packets. Bytes left over are for
 * what is to come. Relays never carry it on.
 */
import { Reader, Writer } from './cursor.ts'

export const RelayFlag = {
  /** Everybody who hears this is asked for a hello, and for what it wants. */
  askAll: 1,
} as const

/** Most instances that are asked at once. */
export const RELAY_ASKED_MAX = 32

export interface RelayBeacon {
  readonly flags: number
  /** The relay speaks at least this often. */
  readonly intervalMs: number
  readonly asked: readonly bigint[]
}

export function writeRelayBeacon({ flags, intervalMs, asked }: RelayBeacon): Uint8Array {
  const writer = new Writer(1 + 2 * VARINT_SIZE_MAX + asked.length * INSTANCE_SIZE)
  writer.uint8(flags).varint(intervalMs).varint(asked.length)
  for (const instance of asked) writer.uint64(instance)
  return writer.written
}

/** `undefined` when the bytes are no beacon. */
export function readRelayBeacon(body: Uint8Array): RelayBeacon | undefined {
  const reader = new Reader(body)
  const flags = reader.uint8()
  const intervalMs = reader.varint()
  const count = reader.count(INSTANCE_SIZE)
  if (reader.failed || count > RELAY_ASKED_MAX) return undefined
  return { flags, intervalMs, asked: Array.from({ length: count }, () => reader.uint64()) }
}

const INSTANCE_SIZE = 8
const VARINT_SIZE_MAX = 8
