/** Datagrams that an outsider makes up: the header it likes, and a body that nobody sealed. */
import {
  BODY_OFFSET,
  type Header,
  Kind,
  VERSION_SEALED,
  writeHeader,
} from '../../bus/core/wire/packet.ts'
import type { Random } from '../../bus/testing/random.ts'

/** A datagram of some version, kind and instance, as far as they are not given. */
export function made(random: Random, header: Partial<Header>): Uint8Array {
  const size = random.integer(16, 400)
  const packet = new Uint8Array(BODY_OFFSET + size)
  packet.set(random.bytes(size), BODY_OFFSET)
  const any = {
    version: VERSION_SEALED,
    kind: Kind.data,
    flags: 0,
    epoch: 0,
    instance: (BigInt(random.word()) << 32n) | BigInt(random.word()),
    stream: random.integer(1, 30),
    number: random.integer(1, 2 ** 40),
    hint: 0,
  }
  writeHeader(packet, { ...any, ...header }, size)
  return packet
}
