/** Makes a secretbox that opens under two keys: Poly1305 commits to nothing. */
import nacl from 'tweetnacl'
import { inverse, littleBytes, littleNumber, modulo } from './curve.ts'

const P = 2n ** 130n - 5n
const TOP = 2n ** 128n
const CLAMP = 0x0ffffffc0ffffffc0ffffffc0fffffffn

/** What the library has beside its types. */
const lowlevel = (nacl as unknown as { lowlevel: Lowlevel }).lowlevel

interface Lowlevel {
  crypto_stream(out: Uint8Array, at: number, size: number, nonce: Uint8Array, key: Uint8Array): void
}

/**
 * Keeps the ciphertext of a box but for two whole blocks before its last bytes, and finds those
 * and a tag so that both keys take it: two linear equations modulo 2^130 - 5.
 */
export function salamander(
  box: Uint8Array,
  nonce: Uint8Array,
  keys: readonly [Uint8Array, Uint8Array],
): Uint8Array {
  const cipher = box.slice(16)
  const blocks = Math.ceil(cipher.length / 16)
  const free = [blocks - 3, blocks - 2] as const
  for (const at of free) cipher.fill(0, at * 16, at * 16 + 16)
  const [one, two] = keys.map((key) => macOf(nonce, key)) as [Mac, Mac]
  for (let tag = 1n; ; tag += 0x9e3779b97f4a7c15f39cc0605cedc835n) {
    const wanted = modulo(tag, TOP)
    const found = solved(one, two, { cipher, free, blocks, wanted })
    if (!found) continue
    for (const [i, at] of free.entries()) cipher.set(littleBytes(found[i]!, 16), at * 16)
    return Uint8Array.from([...littleBytes(wanted, 16), ...cipher])
  }
}

interface Mac {
  readonly r: bigint
  readonly s: bigint
}

interface Puzzle {
  readonly cipher: Uint8Array
  readonly free: readonly [number, number]
  readonly blocks: number
  readonly wanted: bigint
}

/** The two blocks, when both are numbers of 128 bits. */
function solved(one: Mac, two: Mac, puzzle: Puzzle): [bigint, bigint] | undefined {
  const { free, blocks } = puzzle
  const rows = [one, two].map((mac) => {
    const factors = free.map((at) => raised(mac.r, blocks - at))
    return { factors, rest: modulo(puzzle.wanted - mac.s - sum(mac.r, puzzle.cipher), P) }
  })
  const [[a, b], [c, d]] = rows.map(({ factors }) => factors) as [
    [bigint, bigint],
    [bigint, bigint],
  ]
  const [e, f] = rows.map(({ rest }) => rest) as [bigint, bigint]
  const scale = inverse(modulo(a * d - b * c, P), P)
  const x = modulo((e * d - b * f) * scale, P)
  const y = modulo((a * f - e * c) * scale, P)
  return x < TOP && y < TOP ? [x, y] : undefined
}

/** The polynomial of all blocks; the free ones count as nought, and their top bit as it is. */
function sum(r: bigint, cipher: Uint8Array): bigint {
  let total = 0n
  for (let at = 0; at < cipher.length; at += 16) {
    const block = cipher.subarray(at, at + 16)
    total = modulo((total + littleNumber(block) + 2n ** BigInt(8 * block.length)) * r, P)
  }
  return total
}

function raised(r: bigint, exponent: number): bigint {
  return exponent === 0 ? 1n : modulo(r * raised(r, exponent - 1), P)
}

/** The one-time key: the first 32 bytes of the stream. */
function macOf(nonce: Uint8Array, key: Uint8Array): Mac {
  const stream = new Uint8Array(32)
  lowlevel.crypto_stream(stream, 0, 32, nonce, key)
  return { r: littleNumber(stream.subarray(0, 16)) & CLAMP, s: littleNumber(stream.subarray(16)) }
}
