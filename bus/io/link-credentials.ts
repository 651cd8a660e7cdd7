/** What a peer shows to relays: who it is, that it knows the realm's key, and what it may do. */
import type { KeptEpoch } from '../api/epoch-options.ts'
import type { Crypto } from '../core/env.ts'
import { SCOPES } from '../core/path/group.ts'
import type { Rights } from '../core/rights.ts'
import { RealmKeys } from '../core/seal/keys.ts'
import { LinkProof } from '../core/seal/link-proof.ts'
import type { LinkCredentials } from './link-client.ts'
import { type Opening, parseOpening, realmOptions } from './realm-keys.ts'
import type { System } from './runtime.ts'
import type { Settings } from './settled.ts'

export class PeerCredentials implements LinkCredentials {
  readonly identity: Uint8Array
  readonly hint: number
  readonly scope: number
  readonly sign: LinkCredentials['sign']
  readonly random: LinkCredentials['random']
  readonly #crypto: Crypto
  readonly #realm: string
  /** By the newest epoch, and by the one before, which a relay may still be in; the next to try first. */
  #proofs: readonly LinkProof[]
  #rights: Uint8Array | undefined

  constructor({ realm, identity, scope, rights, ...opening }: Settings, system: System) {
    this.#crypto = system.env.crypto
    this.#realm = realm
    const keys = this.#keysOf(opening)
    this.#proofs = [new LinkProof(this.#crypto, keys)]
    this.identity = identity.publicKey
    this.hint = keys.hint
    this.scope = SCOPES[scope]
    this.sign = (message) => system.sign(message)
    this.random = (size) => system.env.random(size)
    this.#rights = rights?.bytes
  }

  get proof(): LinkProof {
    return this.#proofs[0]! // there is always one
  }

  get rights(): Uint8Array | undefined {
    return this.#rights
  }

  /** These count from now on. */
  renew({ bytes }: Rights): void {
    this.#rights = bytes
  }

  /** The realm has another epoch: its relays are told of it sooner or later. */
  enter({ key }: KeptEpoch): void {
    if (key === undefined) return
    const opening = parseOpening(key, { source: 'the new key', realm: this.#realm })
    const proof = new LinkProof(this.#crypto, this.#keysOf(opening))
    this.#proofs = [proof, ...this.#proofs].slice(0, PROOFS_MAX)
  }

  /** A relay does not know the key that it was shown: the next one is shown the other. */
  refused(): void {
    this.#proofs = [...this.#proofs.slice(1), this.proof]
  }

  #keysOf(opening: Opening): RealmKeys {
    return new RealmKeys(this.#crypto, realmOptions(this.#realm, opening))
  }
}

/** What a bus that goes by relays does with new rights and new epochs, beyond keeping them. */
export function following(
  credentials: PeerCredentials,
  transport: { show(rights: Uint8Array): void },
  keep: (kept: KeptEpoch) => Promise<void>,
): { renewed: (rights: Rights) => void; keep: (kept: KeptEpoch) => Promise<void> } {
  return {
    renewed: (rights) => {
      credentials.renew(rights)
      transport.show(rights.bytes)
    },
    keep: (kept) => {
      credentials.enter(kept)
      return keep(kept)
    },
  }
}

const PROOFS_MAX = 2
