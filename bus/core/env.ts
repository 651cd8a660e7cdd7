/** What the pure core is given from outside: cryptography and randomness, all synchronous. */

/** Synchronous primitives. Sizes in bytes; `out` is always exactly as long as the result. */
export interface Crypto {
  /** SHA-512 (FIPS 180-4): 64 bytes. */
  hash(data: Uint8Array): Uint8Array
  /** HMAC-SHA-512 (RFC 2104): 64 bytes. */
  hmac(key: Uint8Array, data: Uint8Array): Uint8Array
  /** NaCl secretbox: `out` is `message.length + 16`, nonce 24, key 32. */
  seal(out: Uint8Array, message: Uint8Array, nonce: Uint8Array, key: Uint8Array): void
  /** Opens a secretbox into `out` (`box.length - 16`); false when it does not authenticate. */
  open(out: Uint8Array, box: Uint8Array, nonce: Uint8Array, key: Uint8Array): boolean
}

export interface Env {
  readonly crypto: Crypto
  /** `size` unpredictable bytes. */
  random(size: number): Uint8Array
  /**
   * So many zeros, which messages will share: where the runtime can, such that a program which is
   * given one of them cannot give the memory of the others away. Default: `new ArrayBuffer`.
   */
  readonly memory?: (size: number) => ArrayBuffer
}

/** A number in [0, 1) from the environment's randomness. */
export function randomUnit(env: Env): number {
  const bytes = env.random(4)
  return ((bytes[0]! * 0x100 + bytes[1]!) * 0x10000 + bytes[2]! * 0x100 + bytes[3]!) / 0x100000000
}

/** A random unsigned 64-bit number. */
export function randomUint64(env: Pick<Env, 'random'>): bigint {
  let value = 0n
  for (const byte of env.random(8)) value = (value << 8n) | BigInt(byte)
  return value
}
