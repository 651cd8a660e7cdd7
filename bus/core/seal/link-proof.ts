/**
 * How the two ends of a link prove to each other that they know the realm's control key.
 *
 *     link key  = D(control key, "sixcast/1/link")
 *     peer      = D(link key, "peer" || relay's nonce || the peer's claim)
 *     relay     = D(link key, "relay" || relay's nonce || the peer's mac || the relay's terms)
 *
 * The peer's claim has its nonce and its identity in it, so both are bound to both nonces and to
 * the role. The peer's identity signs its claim as well.
 */
import { concat } from '../bytes.ts'
import type { Crypto } from '../env.ts'
import { utf8 } from '../text.ts'
import { type ControlKeys, derive } from './control-keys.ts'

export class LinkProof {
  readonly #crypto: Crypto
  readonly #id: Uint8Array
  readonly #key: Uint8Array

  constructor(crypto: Crypto, keys: ControlKeys) {
    this.#crypto = crypto
    this.#id = keys.id
    this.#key = derive(crypto, keys.control, utf8('sixcast/1/link'))
  }

  peerMac(relayNonce: Uint8Array, claimed: Uint8Array): Uint8Array {
    return derive(this.#crypto, this.#key, concat(utf8('peer'), relayNonce, claimed))
  }

  relayMac(relayNonce: Uint8Array, peerMac: Uint8Array, terms: Uint8Array): Uint8Array {
    return derive(this.#crypto, this.#key, concat(utf8('relay'), relayNonce, peerMac, terms))
  }

  /** What the peer's identity signs. */
  statement(relayNonce: Uint8Array, claimed: Uint8Array): Uint8Array {
    return concat(utf8('sixcast/1/link'), this.#id, relayNonce, claimed)
  }
}

/** Compares two macs in a time that does not tell where they differ. */
export function sameMac(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ (b[i] ?? 0)
  return difference === 0
}
