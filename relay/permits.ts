/**
 * Where a link may send unicast: to the private ports that peers of the realm have named.
 *
 * A relay that sent to any address for its links would be a weapon. A sealed hello of the realm
 * names an instance's private port; the address is where that hello, or a control packet that only
 * this instance can have sealed, came from.
 */
import type { Crypto } from '../bus/core/env.ts'
import type { Endpoint } from '../bus/core/output.ts'
import { instanceOf } from '../bus/core/seal/control-keys.ts'
import { Sealer } from '../bus/core/seal/sealer.ts'
import { readHello } from '../bus/core/wire/hello.ts'
import { type Header, Kind } from '../bus/core/wire/packet.ts'
import { type RelayKeys, SenderKeys } from './keys.ts'
import { Opener } from './opener.ts'

interface Known {
  port: number
  readonly keys: SenderKeys
  /** Where it was heard from, the latest last. */
  addresses: readonly string[]
}

export class Permits {
  readonly #keys: RelayKeys
  readonly #crypto: Crypto
  readonly #opener: Opener
  readonly #sizeMax: number
  /** In the order of their hellos. */
  readonly #knownByInstance = new Map<bigint, Known>()
  readonly #instanceByEndpoint = new Map<string, bigint>()

  constructor(crypto: Crypto, keys: RelayKeys, sizeMax: number) {
    this.#crypto = crypto
    this.#keys = keys
    this.#opener = new Opener(new Sealer(crypto, keys.sealing, 0n))
    this.#sizeMax = sizeMax
  }

  /** Instances that are known. */
  get size(): number {
    return this.#knownByInstance.size
  }

  allows({ address, port }: Endpoint): boolean {
    return this.#instanceByEndpoint.has(`${address} ${port}`)
  }

  /** A packet of the realm has come from that address. */
  heard(
    now: number,
    address: string,
    { header, packet }: { header: Header; packet: Uint8Array },
  ): void {
    if (header.kind === Kind.hello) return this.#onHello(now, address, { header, packet })
    const known = this.#knownByInstance.get(header.instance)
    if (!known || header.kind !== Kind.control || known.addresses.includes(address)) return
    const key = known.keys.at(header.epoch)
    if (this.#opener.open(now, packet, key)) this.#place(header.instance, known, address)
  }

  #onHello(
    now: number,
    address: string,
    { header, packet }: { header: Header; packet: Uint8Array },
  ): void {
    const { instance } = header
    const body = this.#opener.open(now, packet, this.#keys.at(header.epoch)?.control)
    const hello = body && readHello(body)?.hello
    if (!hello || hello.port === 0) return
    const { identity, salt, port } = hello
    if (instanceOf(this.#crypto, identity, salt) !== instance) return
    const before = this.#knownByInstance.get(instance)
    if (before?.port === port && before.addresses.at(-1) === address) return
    const addresses = before?.port === port ? before.addresses : []
    this.#forget(instance)
    const keys = before?.keys ?? new SenderKeys(this.#keys, { instance, salt, identity })
    this.#place(instance, { port, keys, addresses }, address)
    if (this.#knownByInstance.size > this.#sizeMax) this.#forgetOldest()
  }

  #place(instance: bigint, known: Known, address: string): void {
    const addresses = [...known.addresses.filter((one) => one !== address), address]
    for (const old of addresses.splice(0, addresses.length - ADDRESSES_MAX)) {
      this.#instanceByEndpoint.delete(`${old} ${known.port}`)
    }
    known.addresses = addresses
    this.#knownByInstance.set(instance, known)
    for (const one of addresses) this.#instanceByEndpoint.set(`${one} ${known.port}`, instance)
  }

  #forget(instance: bigint): void {
    const known = this.#knownByInstance.get(instance)
    if (!known) return
    this.#knownByInstance.delete(instance)
    for (const address of known.addresses) {
      this.#instanceByEndpoint.delete(`${address} ${known.port}`)
    }
  }

  #forgetOldest(): void {
    for (const oldest of this.#knownByInstance.keys()) return this.#forget(oldest)
  }
}

/** Addresses of one instance: one for each interface, and some that it had before. */
const ADDRESSES_MAX = 8
