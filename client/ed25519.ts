/**
 * Ed25519 in a page: by WebCrypto where the browser has it, else by tweetnacl.
 *
 * The rule of what is a signature at all is the one that all peers share (`bus/io/strict.ts`).
 * tweetnacl takes 5 ms to sign and 13 to verify, WebCrypto a tenth of a millisecond, in its own time.
 */
import nacl from 'tweetnacl'
import { BusError } from '../bus/api/errors.ts'
import type { Identity } from '../bus/api/options.ts'
import { concat } from '../bus/core/bytes.ts'
import { hex } from '../bus/io/digits.ts'
import type { System } from '../bus/io/runtime.ts'
import { isStrict, KEY_SIZE, type Verifier } from '../bus/io/strict.ts'

/** How a page signs with one identity and verifies those of others. */
export interface PageSignatures extends Pick<System, 'sign' | 'verify'> {
  /** At once, however long it takes: for a page that goes. */
  readonly signNow: (message: Uint8Array) => Uint8Array
}

/** A new key pair: who keeps it and connects with it again is the same identity. */
export function newIdentity(): Identity {
  return identityOfSeed(crypto.getRandomValues(new Uint8Array(KEY_SIZE)))
}

/** The key pair of a secret key. */
export function identityOfSeed(secretKey: Uint8Array): Identity {
  const { publicKey } = nacl.sign.keyPair.fromSeed(secretKey)
  return { publicKey, secretKey: new Uint8Array(secretKey) }
}

/** Verifies at once; slow, for what is verified once and again. */
export const verifyNow: Verifier = (message, signature, identity) =>
  isStrict(signature, identity) && nacl.sign.detached.verify(message, signature, identity)

/** Throws INVALID_KEY when the halves of the identity do not belong together. */
export async function pageSignatures(identity: Identity): Promise<PageSignatures> {
  const { publicKey, secretKey } = identity
  if (publicKey.length !== KEY_SIZE || secretKey.length !== KEY_SIZE) {
    const sizes = `${publicKey.length} and ${secretKey.length}`
    throw new BusError('INVALID_KEY', `an identity has two keys of 32 bytes, not of ${sizes}`)
  }
  const pair = nacl.sign.keyPair.fromSeed(secretKey)
  if (hex(pair.publicKey) !== hex(publicKey)) {
    const fault = 'the public key of the identity is not that of its secret key'
    throw new BusError('INVALID_KEY', fault)
  }
  const signNow = (message: Uint8Array): Uint8Array => nacl.sign.detached(message, pair.secretKey)
  const signer = await webSigner(secretKey)
  if (!signer) return { sign: signNow, signNow, verify: verifyNow }
  return { sign: signer, signNow, verify: webVerifier() }
}

/** `undefined` where WebCrypto is missing, as in pages that came by plain http, or has no Ed25519. */
async function webSigner(
  seed: Uint8Array,
): Promise<((message: Uint8Array) => Promise<Uint8Array>) | undefined> {
  // Typed as if it were always there.
  const subtle = crypto.subtle as SubtleCrypto | undefined
  try {
    const der = bytesOf(concat(PRIVATE_HEAD, seed))
    const key = await subtle?.importKey('pkcs8', der, 'Ed25519', false, ['sign'])
    if (!subtle || !key) return undefined
    return async (message) => new Uint8Array(await subtle.sign('Ed25519', key, bytesOf(message)))
  } catch {
    return undefined
  }
}

/** A verifier that remembers the keys it has seen. */
function webVerifier(): PageSignatures['verify'] {
  const keys = new Map<string, Promise<CryptoKey>>()
  return (message, signature, identity) => {
    if (!isStrict(signature, identity)) return false
    const name = hex(identity)
    let key = keys.get(name)
    if (!key) {
      key = crypto.subtle.importKey('raw', bytesOf(identity), 'Ed25519', false, ['verify'])
      if (keys.size >= KEYS_MAX) keys.clear()
      keys.set(name, key)
    }
    return verified(key, bytesOf(message), bytesOf(signature))
  }
}

async function verified(
  key: Promise<CryptoKey>,
  message: Uint8Array<ArrayBuffer>,
  signature: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  try {
    return await crypto.subtle.verify('Ed25519', await key, signature, message)
  } catch {
    return false // no point of the curve
  }
}

/** A copy: WebCrypto reads in its own time, and takes nothing that threads might share. */
function bytesOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes)
}

/** The DER head of a raw Ed25519 key (RFC 8410). */
const PRIVATE_HEAD = Uint8Array.of(48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32)
/** Public keys kept in the browser's form. */
const KEYS_MAX = 1024
