/**
 * Which Ed25519 signatures (RFC 8032) all libraries agree about, be they good or bad.
 *
 * Libraries disagree about signatures with S >= L and about small-order points; peers that disagree
 * about one message would be a way to split them. So both are refused before the library is asked.
 */
import { hex } from './digits.ts'

export const KEY_SIZE = 32
const SIGNATURE_SIZE = 64
/** The group's order L, little-endian. */
const ORDER = bytesOf('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010')
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

/** Says whether `signature` of `message` is that of `identity`, as every other peer says. */
export type Verifier = (message: Uint8Array, signature: Uint8Array, identity: Uint8Array) => boolean

/** Whether all libraries agree about such a signature, be it good or bad. */
export function isStrict(signature: Uint8Array, identity: Uint8Array): boolean {
  if (signature.length !== SIGNATURE_SIZE || identity.length !== KEY_SIZE) return false
  if (!isPoint(identity) || !isPoint(signature.subarray(0, KEY_SIZE))) return false
  return isScalar(signature.subarray(KEY_SIZE))
}

/** A canonical y below 2^255 - 19 that is not of small order. */
export function isPoint(bytes: Uint8Array): boolean {
  // A copy, also of a Buffer, whose `slice` is none.
  const y = new Uint8Array(bytes)
  y[31]! &= 0x7f
  if (SMALL_ORDER.has(hex(y))) return false
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

function bytesOf(digits: string): Uint8Array {
  return Uint8Array.from(digits.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
}
