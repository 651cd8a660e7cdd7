/**
 * Where a link may send unicast: to the private ports that peers of the realm have named.
 *
 * A relay that sent to any address for its links would be a weapon. A sealed hello of the realm
 * names an instance's private port; the address is where that hello, or a control packet that only
 * this instance can have sealed, came from. What is recorded names neither: a control packet must be
 * newer than all before, and a hello that would change anything new and signed.
 */
import type { Endpoint } from '../bus/core/output.ts'
import { Recent } from '../bus/core/recent.ts'
import { HelloFlag } from '../bus/core/wire/hello.ts'
import type { Header } from '../bus/core/wire/packet.ts'
import type { Passed } from './arrival.ts'
import type { HeardHello } from './hellos.ts'

interface Known {
  port: number
  /** The highest number of a control packet of it. */
  high: number
  /** Where it was heard from, the latest last. */
  addresses: readonly string[]
}

export class Permits {
  readonly #sizeMax: number
  /** In the order of their hellos. */
  readonly #knownByInstance = new Map<bigint, Known>()
  readonly #instanceByEndpoint = new Map<string, bigint>()
  /** Hellos that have been heard, by their nonces. */
  readonly #heard = new Recent(HEARD_MAX)

  constructor(sizeMax: number) {
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
  heard(address: string, { header, body, hello }: Passed): void {
    if (hello) return this.#onHello(address, header, hello)
    const known = this.#knownByInstance.get(header.instance)
    if (!known || !body || header.number <= known.high) return
    known.high = header.number
    if (known.addresses.at(-1) !== address) this.#place(header.instance, known, address)
  }

  #onHello(address: string, { instance, stream, number }: Header, hello: HeardHello): void {
    const { port, flags, controlNumber } = hello.hello
    const name = `${instance} ${stream} ${number}`
    if (port === 0 || flags & HelloFlag.bye || this.#heard.has(name)) return
    this.#heard.add(name)
    const before = this.#knownByInstance.get(instance)
    if (before?.port === port && before.addresses.at(-1) === address) return
    if (before && controlNumber < before.high) return
    if (!hello.isSigned()) return
    const addresses = before?.port === port ? before.addresses : []
    this.#forget(instance)
    this.#place(instance, { port, high: controlNumber, addresses }, address)
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
const HEARD_MAX = 4096
