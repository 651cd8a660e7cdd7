/** Maps a channel name to the IPv6 multicast group that every Librecast program uses for it. */
import { blake2b } from '@noble/hashes/blake2.js'
import { blake3 } from '@noble/hashes/blake3.js'

/** Librecast 0.4.2, 0.4.3 and 0.5 hash names with BLAKE3, 0.4.4 and 0.4.5 with BLAKE2b. */
export type LibrecastHash = 'blake3' | 'blake2b'

/**
 * The group of a channel: `ff1e::` with its last 14 bytes XORed with those of the name's hash.
 * The scope is global (`e`) and the flags say transient (`1`): Librecast knows no other.
 */
export function librecastGroup(channel: string, hash: LibrecastHash = 'blake3'): string {
  const digest = digestOf(channel, hash)
  const words = [PREFIX]
  for (let at = 2; at < ADDRESS_SIZE; at += 2) {
    words.push(((digest[at] ?? 0) << 8) | (digest[at + 1] ?? 0))
  }
  return canonical(words)
}

/** The name is followed by 32 bits of flags, which are zero for a plain channel. */
function digestOf(channel: string, hash: LibrecastHash): Uint8Array {
  const name = new TextEncoder().encode(channel)
  const input = new Uint8Array(name.length + FLAGS_SIZE)
  input.set(name)
  return hash === 'blake3' ? blake3(input) : blake2b(input, { dkLen: HASH_SIZE })
}

/** The spelling of RFC 5952, so that it equals what the system reports for the same group. */
function canonical(words: readonly number[]): string {
  const text = words.map((word) => word.toString(16)).join(':')
  return new URL(`http://[${text}]`).hostname.slice(1, -1)
}

const PREFIX = 0xff1e
const ADDRESS_SIZE = 16
const HASH_SIZE = 32
const FLAGS_SIZE = 4
