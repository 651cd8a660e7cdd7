/** The cryptography of simulated peers: real primitives, watched for a nonce that is used twice. */
import { createHash, createHmac, createPrivateKey, createPublicKey } from 'node:crypto'
import type { Crypto } from '../../bus/core/env.ts'
import { signerOf, strictVerifier } from '../../bus/io/ed25519.ts'
import { type Secretbox, sodiumBox, tweetnaclBox } from '../../bus/io/secretbox.ts'
import type { Random } from './random.ts'
import { check } from './violation.ts'

const box: Secretbox = (await sodiumBox()) ?? tweetnaclBox

/** Signs for one identity. */
export interface Signer {
  readonly identity: Uint8Array
  sign(message: Uint8Array): Uint8Array
}

export interface Signatures {
  signer(random: Random): Signer
  verify(message: Uint8Array, signature: Uint8Array, identity: Uint8Array): boolean
}

/** Primitives that all peers of one world share. */
export function watchedCrypto(): Crypto {
  const sealed = new Map<string, string>()
  return {
    hash: (data) => createHash('sha512').update(data).digest(),
    hmac: (key, data) => createHmac('sha512', key).update(data).digest(),
    seal: (...given) => {
      const [, message, nonce, key] = given
      const name = Buffer.concat([key, nonce]).toString('latin1')
      const plain = fingerprint(message)
      const before = sealed.get(name)
      check(before === undefined || before === plain, 'nonce', () => {
        return `nonce ${Buffer.from(nonce).toString('hex')} was used for two plaintexts`
      })
      sealed.set(name, plain)
      box.seal(...given)
    },
    open: (...given) => box.open(...given),
  }
}

/** Ed25519 by node:crypto. */
export function realSignatures(): Signatures {
  return {
    signer: (random) => {
      const secretKey = random.bytes(32)
      const head = Buffer.from('302e020100300506032b657004220420', 'hex')
      const der = Buffer.concat([head, secretKey])
      const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
      const spki = createPublicKey(key).export({ format: 'der', type: 'spki' })
      const identity = new Uint8Array(spki.subarray(-32))
      return { identity, sign: signerOf({ publicKey: identity, secretKey }) }
    },
    verify: strictVerifier(),
  }
}

/**
 * Twenty times faster, and as hard to forge for whoever has not the seed: a signature is a keyed
 * hash, and the verifier looks the key up.
 */
export function quickSignatures(): Signatures {
  const seedsByIdentity = new Map<string, Uint8Array>()
  const signature = (seed: Uint8Array, message: Uint8Array): Buffer =>
    createHmac('sha512', seed).update(message).digest()
  return {
    signer: (random) => {
      const seed = random.bytes(32)
      const identity = new Uint8Array(createHash('sha512').update(seed).digest().subarray(0, 32))
      seedsByIdentity.set(nameOf(identity), seed)
      return { identity, sign: (message) => new Uint8Array(signature(seed, message)) }
    },
    verify: (message, given, identity) => {
      const seed = seedsByIdentity.get(nameOf(identity))
      return seed !== undefined && signature(seed, message).equals(given)
    },
  }
}

/** A short hash that tells contents apart; an adversary is not expected. */
export function fingerprint(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('base64')
}

function nameOf(identity: Uint8Array): string {
  return Buffer.from(identity).toString('latin1')
}
