/**
 * Librecast's symmetric encryption: NaCl's secretbox of the whole datagram, then its nonce.
 *
 *     +----------------+---------------------+----------------+
 *     | Poly1305 (16)  | XSalsa20 ciphertext | nonce (24)     |
 *     +----------------+---------------------+----------------+
 *
 * Whoever has the key can write as anybody else, and a datagram can be recorded and sent again.
 */
import { getRandomValues } from 'node:crypto'
import nacl from 'tweetnacl'

export function sealDatagram(plain: Uint8Array, key: Uint8Array): Uint8Array {
  const nonce = getRandomValues(new Uint8Array(NONCE_SIZE))
  const box = nacl.secretbox(plain, nonce, key)
  const datagram = new Uint8Array(box.length + NONCE_SIZE)
  datagram.set(box)
  datagram.set(nonce, box.length)
  return datagram
}

/** Undefined when the key is another one, or the bytes were never sealed or were changed. */
export function openDatagram(datagram: Uint8Array, key: Uint8Array): Uint8Array | undefined {
  if (datagram.length < SEAL_SIZE) return undefined
  const end = datagram.length - NONCE_SIZE
  return nacl.secretbox.open(datagram.subarray(0, end), datagram.subarray(end), key) ?? undefined
}

export const KEY_SIZE = 32
const NONCE_SIZE = 24
/** What sealing adds: the nonce and the 16 bytes that authenticate. */
export const SEAL_SIZE: number = NONCE_SIZE + 16
