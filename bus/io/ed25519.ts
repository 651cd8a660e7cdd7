/**
 * Ed25519 (RFC 8032) by node:crypto behind one strict verifier.
 *
 * Libraries disagree about signatures with S >= L and about small-order points; peers that disagree
 * about one message would be a way to split them. So both are refused before the library is asked.
 */
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

const KEY_SIZE = 32
const SIGNATURE_SIZE = 64
/** DER heads of a raw Ed25519 key (RFC 8410). */
const PRIVATE_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex')
const PUBLIC_HEAD = Buffer.from('302a300506032b6570032100', 'hex')
/** The group's order L, little-endian. */
const ORDER = Buffer.from('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010', 'hex')
/** y coordinates of the eight points of small order, and of their non-canonical spellings. */
const SMALL_ORDER = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
])
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
export function strictVerifier(): (
  message: Uint8Array,
  signature: Uint8Array,
  identity: Uint8Array,
) => boolean {
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

/** Whether all libraries agree about such a signature, be it good or bad. */
export function isStrict(signature: Uint8Array, identity: Uint8Array): boolean {
  if (signature.length !== SIGNATURE_SIZE || identity.length !== KEY_SIZE) return false
  if (!isPoint(identity) || !isPoint(signature.subarray(0, KEY_SIZE))) return false
  return isScalar(signature.subarray(KEY_SIZE))
}

/** A canonical y below 2^255 - 19 that is not of small order. */
export function isPoint(bytes: Uint8Array): boolean {
  const y = Buffer.from(bytes)
  y[31]! &= 0x7f
  if (SMALL_ORDER.has(y.toString('hex'))) return false
  const high = y[31] === 0x7f && y.subarray(1, 31).every((byte) => byte === 0xff)
  return !(high && y[0]! >= 0xed)
}

/** Below the group's order. */
function isScalar(bytes: Uint8Array): boolean {
  for (let i = KEY_SIZE - 1; i >= 0; i--) {
    if (bytes[i]! !== ORDER[i]!) return bytes[i]! < ORDER[i]!
  }
  return false
}

function rawOf(der: Buffer): Buffer {
  return Buffer.from(der.subarray(-KEY_SIZE))
}
