/**
 * Arithmetic in GF(2^8), the field of bytes: a sum is an XOR, a product is looked up.
 *
 * The table of all products is 64 KiB and made when it is first needed. One factor uses 256 bytes
 * of it, so a symbol is multiplied out of the first cache.
 */

/** The product of two bytes. */
export function product(a: number, b: number): number {
  return products()[(a << 8) | b]!
}

/** The byte whose product with `a`, which is not 0, is 1. */
export function inverse(a: number): number {
  const all = products()
  for (let b = 1; b < 256; b++) if (all[(a << 8) | b] === 1) return b
  throw new RangeError('0 has no inverse')
}

/** Adds `factor` times `source` to `target`, which is at least as long. */
export function addProduct(target: Uint8Array, source: Uint8Array, factor: number): void {
  if (factor === 0) return
  const all = products()
  const row = factor << 8
  for (let i = 0; i < source.length; i++) target[i]! ^= all[row | source[i]!]!
}

/** Adds each source times its factor to `target`: four at a time, which is half as much work. */
export function addProducts(
  target: Uint8Array,
  sources: readonly Uint8Array[],
  factors: readonly number[],
): void {
  const all = products()
  let at = 0
  for (; at + 4 <= sources.length; at += 4) {
    const [a, b, c, d] = sources.slice(at, at + 4) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ]
    const [e, f, g, h] = factors.slice(at, at + 4).map((factor) => factor << 8) as Four
    const size = Math.min(a.length, b.length, c.length, d.length)
    for (let i = 0; i < size; i++) {
      target[i]! ^= all[e | a[i]!]! ^ all[f | b[i]!]! ^ all[g | c[i]!]! ^ all[h | d[i]!]!
    }
    const rest = target.subarray(size)
    for (let i = at; i < at + 4; i++) addProduct(rest, sources[i]!.subarray(size), factors[i]!)
  }
  for (; at < sources.length; at++) addProduct(target, sources[at]!, factors[at]!)
}

/** Multiplies all bytes of `target` by `factor`. */
export function scale(target: Uint8Array, factor: number): void {
  const all = products()
  for (let i = 0; i < target.length; i++) target[i] = all[(factor << 8) | target[i]!]!
}

type Four = [number, number, number, number]

let table: Uint8Array | undefined

function products(): Uint8Array {
  if (table) return table
  table = new Uint8Array(256 * 256)
  for (let a = 1; a < 256; a++) {
    for (let b = 1; b < 256; b++) table[(a << 8) | b] = multiplied(a, b)
  }
  return table
}

/** The product by shifts and sums. */
function multiplied(a: number, b: number): number {
  let result = 0
  for (let bits = b, shifted = a; bits > 0; bits >>>= 1) {
    if (bits & 1) result ^= shifted
    shifted <<= 1
    if (shifted & 0x100) shifted ^= POLYNOMIAL
  }
  return result
}

/** x^8 + x^4 + x^3 + x^2 + 1, as Reed-Solomon codes mostly have it. */
const POLYNOMIAL = 0x11d
