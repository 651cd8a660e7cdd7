/** NaCl secretbox by sodium-native, where it loads: the same bytes as tweetnacl makes, and quicker. */
import type { Secretbox } from './tweetnacl.ts'

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
