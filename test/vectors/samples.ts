/** The fixed inputs of the test vectors, and how values are written into them. */
import { concat } from '../../bus/core/bytes.ts'
import { instanceOf, type Sender } from '../../bus/core/seal/control-keys.ts'
import { RealmKeys } from '../../bus/core/seal/keys.ts'
import { signerOf } from '../../bus/io/ed25519.ts'
import nacl from 'tweetnacl'
import { counting, crypto, hex } from '../unit/core/crypto.ts'

export const realmName = 'plant'
export const root: Uint8Array = counting(32)
export const topic = 'hall/3/temperature'
const secretKey = counting(32, 0x40)
const { publicKey } = nacl.sign.keyPair.fromSeed(secretKey)
export const identity = { publicKey, secretKey }
export const sign: (message: Uint8Array) => Uint8Array = signerOf(identity)

const salt = counting(16, 0x80)
export const sender: Sender = {
  instance: instanceOf(crypto, publicKey, salt),
  salt,
  identity: publicKey,
}

export const sealedRealm: RealmKeys = new RealmKeys(crypto, { name: realmName, root })
export const openRealm: RealmKeys = new RealmKeys(crypto, { name: realmName, root: undefined })

/** What a signature covers: its purpose, the realm, the parts. */
export function statement(label: string, realm: RealmKeys, parts: readonly Uint8Array[]) {
  return concat(new TextEncoder().encode(label), realm.id, ...parts)
}

/** JSON: bytes and 64-bit numbers in hexadecimal. */
export function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return hex(value)
  if (typeof value === 'bigint') return value.toString(16).padStart(16, '0')
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]))
}
