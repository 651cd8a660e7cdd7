/**
 * Opens the hellos that a relay hears, and verifies those whose word would change something.
 *
 * What fails is paid for from a budget, in all and for each source, as peers have it: beyond it
 * hellos are not looked at, nor carried, until the second is over.
 */
import { concat, hexOf } from '../bus/core/bytes.ts'
import type { Crypto } from '../bus/core/env.ts'
import { HELLO_LABEL } from '../bus/core/peer/presence/hello-out.ts'
import { Recent } from '../bus/core/recent.ts'
import { instanceOf } from '../bus/core/seal/control-keys.ts'
import { Sealer } from '../bus/core/seal/sealer.ts'
import { HelloBudget } from '../bus/core/service/hello-budget.ts'
import { readHello, type SignedHello } from '../bus/core/wire/hello.ts'
import { type Header, nonceOf } from '../bus/core/wire/packet.ts'
import type { Counters } from './counters.ts'
import type { RelayKeys } from './keys.ts'

/** Whether a signature of a message is that of an identity. */
export type Verify = (message: Uint8Array, signature: Uint8Array, identity: Uint8Array) => boolean

/** A packet, and who has brought it. */
export interface Brought {
  readonly header: Header
  readonly packet: Uint8Array
  readonly source: string
}

/** A hello that has opened, and names the instance that its packet does. */
export interface HeardHello extends SignedHello {
  /** Whether its identity has signed it. The same bytes are verified once. */
  isSigned(): boolean
  /** What it has shown was verified in vain. */
  failed(): void
}

export class Hellos {
  readonly #crypto: Crypto
  readonly #keys: RelayKeys
  readonly #verify: Verify
  readonly #counters: Counters
  readonly #sealer: Sealer
  readonly #budget = new HelloBudget({ ...BUDGET, askedHellos: 0 })
  /** Those whose signatures are good, by the hash of the packet. */
  readonly #good = new Recent(GOOD_MAX)

  constructor(
    { crypto, keys, verify }: { crypto: Crypto; keys: RelayKeys; verify: Verify },
    counters: Counters,
  ) {
    this.#crypto = crypto
    this.#keys = keys
    this.#verify = verify
    this.#counters = counters
    this.#sealer = new Sealer(crypto, keys.sealing, 0n)
  }

  /** `undefined`: it does not open, is none, or is not looked at. */
  open(now: number, brought: Brought): HeardHello | undefined {
    const { header, packet, source } = brought
    this.#budget.at(now)
    if (this.#isSpent(source)) return undefined
    const keys = this.#keys.at(header.epoch)
    const body = keys && this.#sealer.open(packet, keys.control)
    const read = body && readHello(body)
    const own = read && instanceOf(this.#crypto, read.hello.identity, read.hello.salt)
    if (!read || own !== header.instance) {
      this.#budget.failed(source, 1)
      this.#counters.count('forged')
      return undefined
    }
    let good: boolean | undefined
    return {
      ...read,
      isSigned: () => (good ??= this.#isSigned(read, brought)),
      failed: () => this.#budget.failed(source, SIGNATURE_COST),
    }
  }

  #isSigned({ hello, signed, signature }: SignedHello, { packet, source }: Brought): boolean {
    const name = hexOf(this.#crypto.hash(packet))
    if (this.#good.has(name)) return true
    if (this.#isSpent(source)) return false
    const message = concat(HELLO_LABEL, this.#keys.id, nonceOf(packet), signed)
    const good = this.#verify(message, signature, hello.identity)
    this.#budget.failed(source, good ? GOOD_COST : SIGNATURE_COST)
    if (good) this.#good.add(name)
    else this.#counters.count('forged')
    return good
  }

  #isSpent(source: string): boolean {
    const spent = this.#budget.isExhausted(source)
    if (spent) this.#counters.count('helloBudget')
    return spent
  }
}

/** What hellos that fail may cost in one second, in openings: in all, and of one source. */
const BUDGET = { failedHellos: 10_000, failedHellosBySource: 5000 }
/** A signature costs a hundred times what opening does; good ones are few, but not free either. */
const SIGNATURE_COST = 100
const GOOD_COST = 5
const GOOD_MAX = 4096
