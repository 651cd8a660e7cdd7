/**
 * Quick functions in the place of cryptography: they tell everything apart, and hide nothing from
 * whoever tries.
 *
 * Four 32-bit lanes take in words and are mixed after murmur3. Most worlds seal and derive keys
 * with these, since what they look for is not in the cryptography; the others use the true one.
 */
import type { Crypto } from '../../bus/core/env.ts'

/** What node:crypto and NaCl do for the core, several times faster. */
export const quickCrypto: Crypto = {
  hash: (data) => digest(EMPTY, data),
  hmac: digest,
  seal: (...[out, message, nonce, key]) => {
    start(nonce, key)
    cipher(out.subarray(TAG_SIZE), message)
    absorb(out, TAG_SIZE)
    squeeze(out, TAG_SIZE)
  },
  open: (...[out, box, nonce, key]) => {
    start(nonce, key)
    cipher(out, box.subarray(TAG_SIZE))
    absorb(box, TAG_SIZE)
    squeeze(tag, TAG_SIZE)
    for (let i = 0; i < TAG_SIZE; i++) if (tag[i] !== box[i]) return false
    return true
  },
}

/** 53 bits that tell contents apart. */
export function fingerprint(first: Uint8Array, second: Uint8Array = EMPTY): number {
  start(first, second)
  return (word() & 0x1fffff) * 0x100000000 + (word() >>> 0)
}

function digest(key: Uint8Array, data: Uint8Array): Uint8Array {
  start(key, data)
  const out = new Uint8Array(64)
  squeeze(out, out.length)
  return out
}

let a = 0
let b = 0
let c = 0
let d = 0

function start(first: Uint8Array, second: Uint8Array): void {
  a = 0x9e3779b9 ^ first.length
  b = 0x85ebca6b | 0
  c = 0xc2b2ae35 ^ second.length
  d = 0x27d4eb2f
  absorb(first, 0)
  absorb(second, 0)
}

function absorb(bytes: Uint8Array, from: number): void {
  const size = bytes.length
  const view = new DataView(bytes.buffer, bytes.byteOffset, size)
  // Locals: the engine keeps them in registers.
  let [i, e, f, g, h] = [from, a, b, c, d]
  for (; i + 8 <= size; i += 8) {
    e = Math.imul(e ^ view.getInt32(i), 0xcc9e2d51 | 0)
    f = Math.imul(f ^ view.getInt32(i + 4), 0x1b873593)
    e = (e << 15) | (e >>> 17)
    f = (f << 13) | (f >>> 19)
    g = (g + e) | 0
    h = (h + f) ^ e
  }
  let rest = size - from
  for (; i < size; i++) rest = Math.imul(rest, 0x101) + bytes[i]! + 1
  a = Math.imul(e ^ rest, 0xcc9e2d51) ^ h
  b = Math.imul(f ^ (a >>> 15), 0x1b873593) ^ g
  c = Math.imul(g ^ (b >>> 13), 0xc2b2ae35)
  d = (h + Math.imul(c ^ (c >>> 16), 0x85ebca6b)) | 0
}

/** The next 32 bits. */
function word(): number {
  a = (a + 0x9e3779b9 + d) | 0
  let mixed = a ^ (b >>> 3)
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  b = (b + mixed) | 0
  c = ((c << 7) | (c >>> 25)) ^ b
  d = (d + c) | 0
  return mixed ^ (mixed >>> 16) ^ c
}

function squeeze(out: Uint8Array, size: number): void {
  for (let i = 0; i < size; i += 4) {
    const bits = word()
    out[i] = bits
    out[i + 1] = bits >>> 8
    out[i + 2] = bits >>> 16
    out[i + 3] = bits >>> 24
  }
}

/** Adds the key's stream to the bytes of `given`: once seals, twice opens. */
function cipher(out: Uint8Array, given: Uint8Array): void {
  const size = given.length
  const key = word()
  let step = word() | 1
  const target = new DataView(out.buffer, out.byteOffset, size)
  const source = new DataView(given.buffer, given.byteOffset, size)
  let i = 0
  for (; i + 4 <= size; i += 4) {
    step = (Math.imul(step, 0x915f77f5) + key) | 0
    target.setInt32(i, source.getInt32(i) ^ step ^ (step >>> 15))
  }
  for (; i < size; i++) target.setUint8(i, source.getUint8(i) ^ (key >>> (8 * (i & 3))))
}

const TAG_SIZE = 16
const EMPTY = new Uint8Array(0)
const tag = new Uint8Array(TAG_SIZE)
