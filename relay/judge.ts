/**
 * Whom a relay carries in a realm with an owner: instances whose signed hellos have shown rights
 * that count.
 *
 * A relay cannot tell which topic a packet is on, so it judges no pattern. It sees whether a chain
 * is the owner's, whose it is, whether it counts now, and whether it lets anybody publish at all.
 * As a peer does, it verifies a chain once, and an instance once for each chain it shows.
 */
import { concat, hexOf, sameBytes } from '../bus/core/bytes.ts'
import type { Crypto } from '../bus/core/env.ts'
import { GRANT_LABEL, Rights } from '../bus/core/rights.ts'
import { Kind } from '../bus/core/wire/packet.ts'
import { Recent } from '../bus/core/recent.ts'
import type { Passed } from './arrival.ts'
import type { HeardHello, Verify } from './hellos.ts'
import type { RelayKeys } from './keys.ts'
import type { RelayLimits } from './limits.ts'

/** By whose word rights count. */
export interface RightsOptions {
  /** Undefined: it is not known, and everybody is carried. */
  readonly owner: Uint8Array | undefined
  readonly verify: Verify
  /** Milliseconds since 1970. */
  readonly wall: () => number
}

/** `stranger`: its hello is wanted, and may change the verdict. */
export type Verdict = 'carried' | 'denied' | 'stranger'

interface Standing {
  readonly identity: Uint8Array
  readonly rights: Rights
  readonly publishes: boolean
  /** The newest in which a hello of it has opened. */
  epoch: number
  heardAt: number
}

export class Judge {
  readonly #crypto: Crypto
  readonly #keys: RelayKeys
  readonly #rights: RightsOptions
  #owner: Uint8Array | undefined
  readonly #limits: Pick<RelayLimits, 'peers'>
  readonly #standings = new Map<bigint, Standing>()
  /** Chains whose signatures are good. */
  readonly #chains = new Recent(CHAINS_MAX)
  constructor(
    of: { readonly crypto: Crypto; readonly keys: RelayKeys; readonly rights: RightsOptions },
    limits: Pick<RelayLimits, 'peers'>,
  ) {
    this.#crypto = of.crypto
    this.#keys = of.keys
    this.#rights = of.rights
    this.#owner = of.rights.owner
    this.#limits = limits
  }

  /** Whether rights are judged at all. */
  get isOn(): boolean {
    return this.#owner !== undefined
  }

  /** Whose grants count from now on. */
  appoint(owner: Uint8Array | undefined): void {
    this.#owner = owner
  }

  /** Instances that have shown nothing in the newest epoch, while the ones before still count. */
  behind(): Iterable<bigint> {
    return this.#keys.isTurning ? this.#behind() : []
  }

  /**
   * The epochs of before count no more, and with them who is not in the newest: somebody who was
   * removed cannot be. Returns whether an identity is.
   */
  settle(): (identity: Uint8Array) => boolean {
    for (const instance of this.#behind()) this.#standings.delete(instance)
    const current = new Set([...this.#standings.values()].map(({ identity }) => hexOf(identity)))
    return (identity) => current.has(hexOf(identity))
  }

  /** The chain of an identity, if it counts now. */
  chainOf(bytes: Uint8Array, identity: Uint8Array): Rights | undefined {
    const rights = Rights.read(bytes)
    if (!rights || !sameBytes(rights.holder, identity) || !this.counts(rights)) {
      return undefined
    }
    const name = hexOf(this.#crypto.hash(bytes))
    if (this.#chains.has(name)) return rights
    const { verify } = this.#rights
    const owner = this.#owner
    if (!owner) return undefined
    const good = rights.links(owner).every(({ issuer, signed, signature }) => {
      return verify(concat(GRANT_LABEL, this.#keys.id, signed), signature, issuer)
    })
    if (!good) return undefined
    this.#chains.add(name)
    return rights
  }

  /** Whether a chain that has been found good counts still. */
  counts(rights: Rights): boolean {
    return rights.isValid(this.#rights.wall())
  }

  judge(now: number, { header, hello }: Passed): Verdict {
    const { kind, instance, epoch } = header
    if (!this.#owner) return 'carried'
    // Relays have no rights; a page is the owner's word, and who has slept needs it to go on.
    if (kind === Kind.relay || kind === Kind.page) return 'carried'
    if (hello) this.#onHello(now, { instance, epoch, hello })
    const one = this.#standings.get(instance)
    if (!one) return kind === Kind.hello ? 'denied' : 'stranger'
    if (!this.counts(one.rights)) {
      this.#standings.delete(instance)
      return 'denied'
    }
    one.heardAt = now
    // Who may subscribe may answer.
    return one.publishes || SPOKEN.has(kind) ? 'carried' : 'denied'
  }

  *#behind(): Generator<bigint> {
    const { epoch } = this.#keys.newest
    for (const [instance, one] of this.#standings) if (one.epoch < epoch) yield instance
  }

  #onHello(
    now: number,
    {
      instance,
      epoch,
      hello,
    }: { readonly instance: bigint; readonly epoch: number; readonly hello: HeardHello },
  ): void {
    const { identity, rights } = hello.hello
    const known = this.#standings.get(instance)
    if (known && sameBytes(known.rights.bytes, rights)) {
      known.epoch = Math.max(known.epoch, epoch)
      return
    }
    const shown = this.chainOf(rights, identity)
    if (!shown) return hello.failed()
    // A recorded hello brings nothing back: of two chains the one that begins later counts.
    if (!hello.isSigned() || (known && shown.notBefore < known.rights.notBefore)) return
    const publishes = shown.gives('publish')
    const one = { identity: identity.slice(), rights: shown, publishes, epoch, heardAt: now }
    this.#standings.set(instance, one)
    if (this.#standings.size > this.#limits.peers) this.#forgetOldest()
  }

  #forgetOldest(): void {
    let oldest: bigint | undefined
    let heardAt = Infinity
    for (const [instance, one] of this.#standings) {
      if (one.heardAt >= heardAt) continue
      oldest = instance
      heardAt = one.heardAt
    }
    this.#standings.delete(oldest!) // it is full, so there is one
  }
}

/** What everybody says who is there: data and what mends it are for those who publish. */
const SPOKEN: ReadonlySet<number> = new Set([Kind.hello, Kind.control, Kind.direct])
const CHAINS_MAX = 4096
