/** What an outsider sends: noise, and recorded packets changed in every way that needs no key. */
import { concat } from '../../bus/core/bytes.ts'
import { BODY_OFFSET, HEADER_SIZE, Kind, writeHeader } from '../../bus/core/wire/packet.ts'
import type { Random } from '../../bus/testing/random.ts'

/** What an outsider can know. */
export interface Seen {
  readonly version: number
  readonly hint: number
  /** The peer under attack. */
  readonly self: bigint
  /** Instances that are present. */
  readonly instances: readonly bigint[]
  /** Recorded datagrams. */
  readonly recorded: readonly Uint8Array[]
}

export function junkDatagram(random: Random, seen: Seen): Uint8Array {
  const roll = random.unit()
  if (roll < 0.05) return random.bytes(random.integer(0, random.chance(0.01) ? 65_000 : 200))
  if (roll < 0.45 || seen.recorded.length === 0) return made(random, seen)
  const packet = random.pick(seen.recorded)
  if (roll < 0.55) return packet
  if (roll < 0.6) return concat(packet, random.pick(seen.recorded), random.pick(seen.recorded))
  if (roll < 0.65) return concat(packet, new Uint8Array(random.integer(0, 40)))
  if (roll < 0.72) return packet.subarray(0, random.integer(0, packet.length))
  return changed(random, packet)
}

/** A whole header with a body that nobody sealed. */
function made(random: Random, seen: Seen): Uint8Array {
  const size = random.chance(0.9) ? random.integer(0, 60) : random.integer(0, 1400)
  const packet = new Uint8Array(BODY_OFFSET + size)
  packet.set(random.bytes(size), BODY_OFFSET)
  const usual = random.pick([Kind.data, Kind.data, Kind.control, Kind.hello])
  const header = {
    version: random.chance(0.97) ? seen.version : random.integer(0, 15),
    kind: random.chance(0.95) ? usual : random.integer(0, 15),
    flags: random.integer(0, 255),
    epoch: random.chance(0.97) ? 0 : random.integer(0, 0xffff),
    instance: instanceOf(random, seen),
    stream: random.chance(0.7) ? random.integer(0, 30) : random.word(),
    number: random.chance(0.7) ? random.integer(0, 99) : random.word() * 0x10000,
    hint: random.chance(0.97) ? seen.hint : random.integer(0, 0xffff),
  }
  writeHeader(packet, header, size)
  return packet
}

function instanceOf(random: Random, seen: Seen): bigint {
  const roll = random.unit()
  if (roll < 0.05) return seen.self
  if (roll < 0.7 && seen.instances.length > 0) return random.pick(seen.instances)
  return (BigInt(random.word()) << 32n) | BigInt(random.word())
}

function changed(random: Random, packet: Uint8Array): Uint8Array {
  const bytes = packet.slice()
  const area = random.chance(0.5) ? Math.min(bytes.length, BODY_OFFSET) : bytes.length
  for (let i = random.integer(1, 4); i > 0 && area > 0; i--) {
    const at = random.integer(0, area - 1)
    if (random.chance(0.5)) bytes[at]! ^= 1 << random.integer(0, 7)
    else bytes[at] = random.pick([0, 1, 0x7f, 0x80, 0xff, HEADER_SIZE])
  }
  return bytes
}
