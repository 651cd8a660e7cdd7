/** Cryptography and short ways to write bytes for tests of the core. */
import { createHash, createHmac } from 'node:crypto'
import type { Crypto } from '../../../bus/core/env.ts'
import { sodiumBox } from '../../../bus/io/secretbox.ts'
import { type Secretbox, tweetnaclBox } from '../../../bus/io/tweetnacl.ts'

/** The machine's fastest secretbox: the two give the same bytes, as test/unit/io proves. */
const box: Secretbox = (await sodiumBox()) ?? tweetnaclBox

export const crypto: Crypto = {
  hash: (data) => createHash('sha512').update(data).digest(),
  hmac: (key, data) => createHmac('sha512', key).update(data).digest(),
  ...box,
}

/** Bytes that count up from `first`: easy to tell apart in a failure. */
export function counting(size: number, first = 0): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => first + i)
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

export function unhex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'))
}
