/** The cryptography of simulated peers, true or quick, watched for a nonce that is used twice. */
import { createHash, createHmac } from 'node:crypto'
import type { Crypto } from '../../bus/core/env.ts'
import { openBox } from '../../bus/io/boxes.ts'
import { identityOfSeed, signerOf, strictVerifier } from '../../bus/io/ed25519.ts'
import { sodiumBox } from '../../bus/io/secretbox.ts'
import { tweetnaclBox } from '../../bus/io/tweetnacl.ts'
import type { Random } from '../../bus/testing/random.ts'
import { fingerprint, quickCrypto } from './quick.ts'
import { check } from './violation.ts'

/** Signs for one identity. */
export interface Signer {
  readonly identity: Uint8Array
  sign(message: Uint8Array): Uint8Array
  /** Opens boxes for it; quick signatures have none. */
  unbox?(given: { readonly box: Uint8Array; readonly boxKey: Uint8Array }): Uint8Array | undefined
}

export interface Signatures {
  signer(random: Random): Signer
  verify(message: Uint8Array, signature: Uint8Array, identity: Uint8Array): boolean
}

/** SHA-512 by node:crypto and the secretbox of NaCl. */
export const trueCrypto: Crypto = {
  hash: (data) => createHash('sha512').update(data).digest(),
  hmac: (key, data) => createHmac('sha512', key).update(data).digest(),
  ...((await sodiumBox()) ?? tweetnaclBox),
}

/** Primitives that all peers of one world share; `onSeal` sees what is sealed, and its header. */
export function watched(
  crypto: Crypto,
  onSeal: (header: Uint8Array, message: Uint8Array) => void = () => undefined,
): Crypto {
  const tagByNonce = new Map<number, number>()
  return {
    ...crypto,
    seal: (...given) => {
      crypto.seal(...given)
      const [out, message, nonce, key] = given
      const name = fingerprint(key, nonce)
      // Under one key and nonce, other plaintexts have other tags.
      const tag = fingerprint(out.subarray(0, TAG_SIZE))
      const before = tagByNonce.get(name)
      check(before === undefined || before === tag, 'nonce', () => {
        return `nonce ${Buffer.from(nonce).toString('hex')} was used for two plaintexts`
      })
      tagByNonce.set(name, tag)
      onSeal(nonce, message)
    },
  }
}

/** Ed25519 by node:crypto. */
export function realSignatures(): Signatures {
  return {
    signer: (random) => {
      const identity = identityOfSeed(random.bytes(32))
      const unbox: Signer['unbox'] = (given) => openBox(identity, given)
      return { identity: new Uint8Array(identity.publicKey), sign: signerOf(identity), unbox }
    },
    verify: strictVerifier(),
  }
}

/**
 * As hard to forge for whoever has not the seed, as far as a simulation goes: a signature is a
 * keyed hash, and the verifier looks the key up.
 */
export function quickSignatures(): Signatures {
  const seedsByIdentity = new Map<number, Uint8Array>()
  return {
    signer: (random) => {
      const seed = random.bytes(32)
      const identity = quickCrypto.hash(seed).slice(0, 32)
      seedsByIdentity.set(fingerprint(identity), seed)
      return { identity, sign: (message) => quickCrypto.hmac(seed, message) }
    },
    verify: (message, given, identity) => {
      const seed = seedsByIdentity.get(fingerprint(identity))
      return seed !== undefined && Buffer.compare(quickCrypto.hmac(seed, message), given) === 0
    },
  }
}

const TAG_SIZE = 16
