/** NaCl secretbox by sodium-native where it loads, else by tweetnacl: the same bytes, slower. */
import nacl from 'tweetnacl'
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

interface Sodium {
  crypto_secretbox_easy(
    out: Uint8Array,
    message: Uint8Array,
    nonce: Uint8Array,
    key: Uint8Array,
  ): void
  crypto_secretbox_open_easy(
    out: Uint8Array,
    box: Uint8Array,
    nonce: Uint8Array,
    key: Uint8Array,
  ): boolean
}

/** sodium-native's, or `undefined` where it is not installed or does not load. */
export async function sodiumBox(): Promise<Secretbox | undefined> {
  try {
    // The package ships no types, and may be absent: it is optional.
    const name = 'sodium-native'
    const loaded = (await import(name)) as { default: Sodium }
    const sodium = loaded.default
    return {
      seal: (out, message, nonce, key) => sodium.crypto_secretbox_easy(out, message, nonce, key),
      open: (out, box, nonce, key) => sodium.crypto_secretbox_open_easy(out, box, nonce, key),
    }
  } catch {
    return undefined
  }
}
