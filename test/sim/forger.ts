/**
 * A member that speaks for others: it knows the realm's key, and so everybody's sender keys.
 *
 * It hears what is sent, derives the key of its sender, and is quicker than the network: the same
 * number with other contents, numbers to come, signatures of its own making. Where signatures
 * prove who has published, nothing of it may be delivered, and nothing may be lost to it.
 */
import type { Crypto } from '../../bus/core/env.ts'
import type { Sender } from '../../bus/core/seal/control-keys.ts'
import { RealmKeys, type RealmOptions } from '../../bus/core/seal/keys.ts'
import { Sealer } from '../../bus/core/seal/sealer.ts'
import { readHello } from '../../bus/core/wire/hello.ts'
import { Flag, type Header, Kind, readHeader, splitDatagram } from '../../bus/core/wire/packet.ts'
import { LEAF_SIZE, PACKET_SIGNATURE_SIZE, writeSigned } from '../../bus/core/wire/signed.ts'
import { concat } from '../../bus/core/bytes.ts'
import type { Random } from '../../bus/testing/random.ts'

export class Forger {
  /** Packets that it has made. */
  forged = 0
  readonly #random: Random
  readonly #crypto: Crypto
  readonly #keys: RealmKeys
  readonly #topics: readonly string[]
  readonly #senders = new Map<bigint, Sender>()
  readonly #keysByStream = new Map<string, Uint8Array>()

  constructor(
    random: Random,
    parts: {
      readonly crypto: Crypto
      readonly realm: RealmOptions
      readonly topics: readonly string[]
    },
  ) {
    this.#random = random
    this.#crypto = parts.crypto
    this.#keys = new RealmKeys(parts.crypto, parts.realm)
    this.#topics = parts.topics
  }

  /** What it makes of a datagram that somebody sends. */
  hear(datagram: Uint8Array): Uint8Array[] {
    const made: Uint8Array[] = []
    splitDatagram(datagram, (packet) => {
      const header = readHeader(packet)
      if (header.hint !== this.#keys.hint) return
      if (header.kind === Kind.hello) this.#learn(header, packet)
      if (header.kind === Kind.data && this.#random.chance(0.2)) made.push(...this.#forge(packet))
    })
    this.forged += made.length
    return made
  }

  #learn({ instance }: Header, packet: Uint8Array): void {
    const body = this.#sealer(instance).open(packet, this.#keys.control)
    const hello = body && readHello(body)?.hello
    if (!hello) return
    const [identity, salt] = [hello.identity.slice(), hello.salt.slice()]
    this.#senders.set(instance, { instance, identity, salt })
  }

  #forge(packet: Uint8Array): Uint8Array[] {
    const header = readHeader(packet)
    const key = this.#keyOf(header, packet)
    const sealer = this.#sealer(header.instance)
    const body = key && sealer.open(packet, key)
    if (!body || body.length === 0) return []
    const random = this.#random
    const { stream, number } = header
    const seal = (flags: number, at: number, content: Uint8Array): Uint8Array => {
      return sealer.seal({ kind: Kind.data, flags, stream, number: at }, content, key)
    }
    const other = body.slice()
    other[random.integer(Math.floor(other.length / 2), other.length - 1)]! ^= 0x55
    switch (random.integer(0, 3)) {
      case 0:
        return [seal(header.flags, number, other)]
      case 1:
        return [seal(header.flags, number + random.integer(1, 20), other)]
      case 2:
        return [seal(header.flags ^ Flag.signed, number, other)]
      default: {
        // Vouches for forgeries, signed by nobody.
        const leaves = [random.bytes(LEAF_SIZE), random.bytes(LEAF_SIZE)]
        const signature = random.bytes(PACKET_SIGNATURE_SIZE)
        const content = concat(signature, writeSigned(leaves, other))
        return [seal(Flag.signed, number + random.integer(0, 3), content)]
      }
    }
  }

  /** Topics are few: the one whose key opens the packet is that of its stream. */
  #keyOf({ instance, stream }: Header, packet: Uint8Array): Uint8Array | undefined {
    const name = `${instance} ${stream}`
    const known = this.#keysByStream.get(name)
    const sender = this.#senders.get(instance)
    if (known || !sender) return known
    for (const topic of this.#topics) {
      const key = this.#keys.dataKeyOf(sender, topic)
      if (!this.#sealer(instance).open(packet, key)) continue
      this.#keysByStream.set(name, key)
      return key
    }
    return undefined
  }

  #sealer(instance: bigint): Sealer {
    return new Sealer(this.#crypto, this.#keys, instance)
  }
}
