/**
 * Where processes of a realm meet on a host without multicast: a few ports of `::1`.
 *
 * They follow from the realm's address key, so each realm has its own, and from the port of the bus,
 * as groups do. Below 32768, where systems begin to give ports to whoever asks for any.
 */
import type { GroupHash } from './group.ts'

export function hubPorts(hash: GroupHash, port: number): number[] {
  const bytes = hash(new Uint8Array([HUB, port >>> 8, port & 0xff]))
  return Array.from({ length: HUBS }, (_, at) => {
    return FIRST_PORT + ((bytes[at * 2]! * 0x100 + bytes[at * 2 + 1]!) % PORTS)
  })
}

/** Labels 0 to 2 are those of groups. */
const HUB = 3
/** Whoever holds all of them, and is none of the realm, keeps newcomers apart. */
const HUBS = 4
const FIRST_PORT = 16_384
const PORTS = 16_384
