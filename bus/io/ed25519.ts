/** Ed25519 (RFC 8032) by node:crypto, behind the rule that all peers share (`strict.ts`). */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto'
import type { Identity } from '../api/options.ts'
import { BusError } from '../api/errors.ts'
import { isStrict, KEY_SIZE, type Verifier } from './strict.ts'

/** DER heads of a raw Ed25519 key (RFC 8410). */
const PRIVATE_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex')
const PUBLIC_HEAD = Buffer.from('302a300506032b6570032100', 'hex')
/** Public keys kept in the library's form. */
const KEYS_MAX = 1024

/** A new key pair: who keeps it and connects with it again is the same identity. */
export function newIdentity(): Identity {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  return {
    publicKey: rawOf(publicKey.export({ format: 'der', type: 'spki' })),
    secretKey: rawOf(privateKey.export({ format: 'der', type: 'pkcs8' })),
  }
}

/** The key pair of a secret key. */
export function identityOfSeed(secretKey: Uint8Array): Identity {
  const der = Buffer.concat([PRIVATE_HEAD, secretKey])
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  const publicKey = rawOf(createPublicKey(key).export({ format: 'der', type: 'spki' }))
  return { publicKey, secretKey: new Uint8Array(secretKey) }
}

/** Checks that both halves belong together. Throws INVALID_KEY. */
export function signerOf(identity: Identity): (message: Uint8Array) => Uint8Array {
  const { publicKey, secretKey } = identity
  if (publicKey.length !== KEY_SIZE || secretKey.length !== KEY_SIZE) {
    const sizes = `${publicKey.length} and ${secretKey.length}`
    throw new BusError('INVALID_KEY', `an identity has two keys of 32 bytes, not of ${sizes}`)
  }
  const der = Buffer.concat([PRIVATE_HEAD, secretKey])
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  const derived = rawOf(createPublicKey(key).export({ format: 'der', type: 'spki' }))
  if (!derived.equals(publicKey)) {
    throw new BusError(
      'INVALID_KEY',
      'the public key of the identity is not that of its secret key',
    )
  }
  return (message) => new Uint8Array(sign(null, message, key))
}

/** A verifier that remembers the keys it has seen. */
export function strictVerifier(): Verifier {
  const keys = new Map<string, KeyObject>()
  return (message, signature, identity) => {
    if (!isStrict(signature, identity)) return false
    const name = Buffer.from(identity).toString('hex')
    let key = keys.get(name)
    if (!key) {
      const der = Buffer.concat([PUBLIC_HEAD, identity])
      key = createPublicKey({ key: der, format: 'der', type: 'spki' })
      if (keys.size >= KEYS_MAX) keys.clear()
      keys.set(name, key)
    }
    return verify(null, message, key, signature)
  }
}

function rawOf(der: Buffer): Buffer {
  return Buffer.from(der.subarray(-KEY_SIZE))
}
