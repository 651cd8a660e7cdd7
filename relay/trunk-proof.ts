/**
 * How two relays prove to each other that they know the realm's control key.
 *
 *     trunk key = D(control key, "sixcast/1/trunk")
 *     caller    = D(trunk key, "caller" || challenge || the caller's claim)
 *     called    = D(trunk key, "called" || challenge || the caller's mac || the terms)
 *
 * The challenge is the body of that record, nonce and id of the relay that was called; the claim has
 * the caller's. So each mac is bound to both nonces, both ids and the role, and a peer's link has
 * another key.
 */
import { bytesOf64, concat } from '../bus/core/bytes.ts'
import type { Crypto } from '../bus/core/env.ts'
import { type ControlKeys, derive } from '../bus/core/seal/control-keys.ts'
import { sameMac } from '../bus/core/seal/link-proof.ts'
import { utf8 } from '../bus/core/text.ts'
import type { RelayKeys } from './keys.ts'

/** What the relay that is called begins with. */
export interface TrunkChallenge {
  readonly nonce: Uint8Array
  readonly relay: bigint
}

export class TrunkProof {
  readonly #crypto: Crypto
  readonly #key: Uint8Array

  constructor(crypto: Crypto, keys: ControlKeys) {
    this.#crypto = crypto
    this.#key = derive(crypto, keys.control, utf8('sixcast/1/trunk'))
  }

  callerMac({ nonce, relay }: TrunkChallenge, claimed: Uint8Array): Uint8Array {
    const text = concat(utf8('caller'), nonce, bytesOf64(relay), claimed)
    return derive(this.#crypto, this.#key, text)
  }

  calledMac(
    { nonce, relay }: TrunkChallenge,
    { callerMac, terms }: { readonly callerMac: Uint8Array; readonly terms: Uint8Array },
  ): Uint8Array {
    const text = concat(utf8('called'), nonce, bytesOf64(relay), callerMac, terms)
    return derive(this.#crypto, this.#key, text)
  }
}

/** The same by the keys of every epoch that a relay knows. */
export class TrunkProofs {
  readonly #crypto: Crypto
  readonly #keys: RelayKeys
  readonly #proofs = new WeakMap<ControlKeys, TrunkProof>()

  constructor(crypto: Crypto, keys: RelayKeys) {
    this.#crypto = crypto
    this.#keys = keys
  }

  /** By the epoch that the relay itself seals in. */
  get own(): TrunkProof {
    return this.#of(this.#keys.sealing)
  }

  /** That which gives this mac for what a caller has said, if any does. */
  of(challenge: TrunkChallenge, claimed: Uint8Array, mac: Uint8Array): TrunkProof | undefined {
    const all = this.#keys.all.map((keys) => this.#of(keys))
    return all.find((proof) => sameMac(proof.callerMac(challenge, claimed), mac))
  }

  #of(keys: ControlKeys): TrunkProof {
    const known = this.#proofs.get(keys)
    if (known) return known
    const proof = new TrunkProof(this.#crypto, keys)
    this.#proofs.set(keys, proof)
    return proof
  }
}
