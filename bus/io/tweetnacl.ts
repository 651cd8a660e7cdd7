/** Cryptography that runs in every runtime: tweetnacl's, and HMAC made of it. */
import nacl from 'tweetnacl'
import { concat } from '../core/bytes.ts'
import type { Crypto } from '../core/env.ts'

export type Secretbox = Pick<Crypto, 'seal' | 'open'>

/** The reference: runs everywhere. */
export const tweetnaclBox: Secretbox = {
  seal(out, message, nonce, key) {
    out.set(nacl.secretbox(message, nonce, key))
  },
  open(out, box, nonce, key) {
    const message = nacl.secretbox.open(box, nonce, key)
    if (message) out.set(message)
    return message !== null
  },
}

/** All of the core's, without a runtime's own. */
export const tweetnaclCrypto: Crypto = {
  hash: (data) => nacl.hash(data),
  hmac,
  ...tweetnaclBox,
}

/** HMAC-SHA-512 (RFC 2104). */
function hmac(key: Uint8Array, data: Uint8Array): Uint8Array {
  const short = key.length > BLOCK_SIZE ? nacl.hash(key) : key
  const inner = new Uint8Array(BLOCK_SIZE).fill(0x36)
  const outer = new Uint8Array(BLOCK_SIZE).fill(0x5c)
  for (let i = 0; i < short.length; i++) {
    inner[i]! ^= short[i]!
    outer[i]! ^= short[i]!
  }
  return nacl.hash(concat(outer, nacl.hash(concat(inner, data))))
}

/** SHA-512's. */
const BLOCK_SIZE = 128
