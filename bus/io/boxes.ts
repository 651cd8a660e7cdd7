/**
 * Boxes for identities: NaCl's crypto_box to the X25519 form of an Ed25519 key.
 *
 * The two curves are one in two forms: u = (1 + y) / (1 - y), and the secret is what Ed25519 makes
 * of its seed (RFC 8032 section 5.1.5, RFC 7748 section 4.1). What is no point of the curve, is of
 * small order or is not canonical is refused, as it is by the verifier, and so is a shared secret
 * of zeros.
 */
import nacl from 'tweetnacl'
import { BusError } from '../api/errors.ts'
import type { Identity } from '../api/options.ts'
import { hex } from './digits.ts'
import { isPoint } from './strict.ts'

const KEY_SIZE = 32
/** A pair of keys seals one box: the key that is not the identity's is made for one page. */
const NONCE = new Uint8Array(24)
const P = 2n ** 255n - 19n
const D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n

/** The keys of a page. */
export interface BoxPair {
  readonly publicKey: Uint8Array
  readonly secretKey: Uint8Array
}

export function newBoxPair(): BoxPair {
  return nacl.box.keyPair()
}

/** That of a secret key. */
export function boxPairOf(secretKey: Uint8Array): BoxPair {
  return nacl.box.keyPair.fromSecretKey(secretKey)
}

/** Whether anything can be boxed for an identity: half of all numbers of its size are no point. */
export function isBoxable(identity: Uint8Array): boolean {
  return isPoint(identity) && montgomery(identity) !== undefined
}

/** Throws INVALID_KEY when the identity is none. */
export function sealBox(message: Uint8Array, identity: Uint8Array, from: BoxPair): Uint8Array {
  const to = isPoint(identity) ? montgomery(identity) : undefined
  if (!to || !isShared(from.secretKey, to)) {
    throw new BusError(
      'INVALID_KEY',
      `${hex(identity)} is no identity: nothing can be boxed for it`,
    )
  }
  return nacl.box(message, NONCE, to, from.secretKey)
}

/** What a box holds; undefined when it is not for this identity, or not from that key. */
export function openBox(
  { secretKey }: Identity,
  { box, boxKey }: { readonly box: Uint8Array; readonly boxKey: Uint8Array },
): Uint8Array | undefined {
  if (boxKey.length !== KEY_SIZE || box.length < nacl.box.overheadLength) return undefined
  // It clamps the scalar as Ed25519 does.
  const secret = nacl.hash(new Uint8Array(secretKey)).slice(0, KEY_SIZE)
  if (!isShared(secret, boxKey)) return undefined
  return nacl.box.open(box, NONCE, boxKey, secret) ?? undefined
}

function isShared(secret: Uint8Array, key: Uint8Array): boolean {
  return nacl.scalarMult(secret, key).some((byte) => byte !== 0)
}

/** The u coordinate, or `undefined` when there is no such point. */
function montgomery(identity: Uint8Array): Uint8Array | undefined {
  const bytes = Uint8Array.from(identity)
  bytes[KEY_SIZE - 1]! &= 0x7f
  const y = numberOf(bytes)
  const square = y * y
  const x2 = modulo((square - 1n) * inverse(modulo(D * square + 1n)))
  if (power(x2, (P - 1n) / 2n) !== 1n) return undefined
  return bytesOf(modulo((1n + y) * inverse(modulo(1n - y))))
}

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${hex(bytes.toReversed())}`)
}

function bytesOf(value: bigint): Uint8Array {
  const digits = value.toString(16).padStart(64, '0').match(/../g) ?? []
  return Uint8Array.from(digits, (byte) => Number.parseInt(byte, 16)).reverse()
}

function modulo(value: bigint): bigint {
  return ((value % P) + P) % P
}

function inverse(value: bigint): bigint {
  return power(value, P - 2n)
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  let square = modulo(base)
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % P
    square = (square * square) % P
  }
  return result
}
