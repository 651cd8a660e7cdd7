/**
 * Who has said hello to a relay, and what the keys of those open: each control packet once, before
 * it goes on to anybody.
 */
import type { Crypto } from '../bus/core/env.ts'
import { Sealer } from '../bus/core/seal/sealer.ts'
import { HelloFlag } from '../bus/core/wire/hello.ts'
import { Kind } from '../bus/core/wire/packet.ts'
import type { Passed } from './arrival.ts'
import type { Counters } from './counters.ts'
import type { Brought, HeardHello, Hellos } from './hellos.ts'
import { type RelayKeys, SenderKeys } from './keys.ts'

/** A packet that may pass as far as the keys tell. */
export interface Read extends Passed {
  /** Its sender has said hello; and if it is a hello or control, it is that sender's. */
  readonly isKnown: boolean
}

export class Senders {
  readonly #keys: RelayKeys
  readonly #sealer: Sealer
  readonly #hellos: Hellos
  readonly #sizeMax: number
  readonly #counters: Counters
  /** The last is who was heard last. */
  readonly #keysByInstance = new Map<bigint, SenderKeys>()

  constructor(
    { crypto, keys, hellos }: { crypto: Crypto; keys: RelayKeys; hellos: Hellos },
    { sizeMax, counters }: { sizeMax: number; counters: Counters },
  ) {
    this.#keys = keys
    this.#sealer = new Sealer(crypto, keys.sealing, 0n)
    this.#hellos = hellos
    this.#sizeMax = sizeMax
    this.#counters = counters
  }

  /** `undefined`: it is forged, or there is no budget to see whether it is. */
  read(now: number, brought: Brought): Read | undefined {
    const { header, packet } = brought
    const keys = this.#keysByInstance.get(header.instance)
    if (header.kind === Kind.hello && this.#keys.at(header.epoch)) {
      const hello = this.#hellos.open(now, brought)
      return hello && { header, packet, hello, isKnown: true }
    }
    const isControl = header.kind === Kind.control
    const key = isControl ? keys?.at(header.epoch) : undefined
    if (!keys || !key) {
      const isData = !isControl && header.kind !== Kind.hello
      return { header, packet, isKnown: keys !== undefined && isData }
    }
    const body = this.#sealer.open(packet, key)
    if (!body) {
      this.#counters.count('forged')
      return undefined
    }
    this.#place(header.instance, keys)
    return { header, packet, body, isKnown: true }
  }

  /** A hello has come of somebody who may be there; false when it is not its own. */
  meet({ header }: Read, hello: HeardHello): boolean {
    const { flags, identity, salt } = hello.hello
    const { instance } = header
    const keys = this.#keysByInstance.get(instance)
    if (flags & HelloFlag.bye) return hello.isSigned()
    if (!keys && !hello.isSigned()) return false
    this.#place(instance, keys ?? new SenderKeys(this.#keys, { instance, salt, identity }))
    if (this.#keysByInstance.size > this.#sizeMax) this.#forgetOldest()
    return true
  }

  #place(instance: bigint, keys: SenderKeys): void {
    this.#keysByInstance.delete(instance)
    this.#keysByInstance.set(instance, keys)
  }

  #forgetOldest(): void {
    this.#counters.count('peersFull')
    for (const oldest of this.#keysByInstance.keys()) {
      this.#keysByInstance.delete(oldest)
      return
    }
  }
}
