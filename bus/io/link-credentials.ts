/** What a peer shows to relays: who it is, that it knows the realm's key, and what it may do. */
import { SCOPES } from '../core/path/group.ts'
import { RealmKeys } from '../core/seal/keys.ts'
import { LinkProof } from '../core/seal/link-proof.ts'
import type { LinkCredentials } from './link-client.ts'
import { realmOptions } from './realm-keys.ts'
import type { System } from './runtime.ts'
import type { Settings } from './settled.ts'

export class PeerCredentials implements LinkCredentials {
  readonly proof: LinkProof
  readonly identity: Uint8Array
  readonly hint: number
  readonly scope: number
  readonly sign: LinkCredentials['sign']
  readonly random: LinkCredentials['random']
  #rights: Uint8Array | undefined

  constructor({ realm, identity, scope, rights, ...opening }: Settings, system: System) {
    const { crypto } = system.env
    const keys = new RealmKeys(crypto, realmOptions(realm, opening))
    this.proof = new LinkProof(crypto, keys)
    this.identity = identity.publicKey
    this.hint = keys.hint
    this.scope = SCOPES[scope]
    this.sign = (message) => system.sign(message)
    this.random = (size) => system.env.random(size)
    this.#rights = rights?.bytes
  }

  get rights(): Uint8Array | undefined {
    return this.#rights
  }

  /** These count from now on. */
  renew(rights: Uint8Array): void {
    this.#rights = rights
  }
}
