/** Arithmetic on the curve of Ed25519, slow and plain: for points that no library makes. */

export type Point = readonly [x: bigint, y: bigint]

const P = 2n ** 255n - 19n
export const ORDER: bigint = 2n ** 252n + 27742317777372353535851937790883648493n
const D = modulo(-121665n * inverse(121666n))

export function modulo(value: bigint, by: bigint = P): bigint {
  const rest = value % by
  return rest < 0n ? rest + by : rest
}

function power(value: bigint, exponent: bigint, by: bigint = P): bigint {
  let [result, square] = [1n, modulo(value, by)]
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % by
    square = (square * square) % by
  }
  return result
}

export function inverse(value: bigint, by: bigint = P): bigint {
  return power(value, by - 2n, by)
}

export function added([x1, y1]: Point, [x2, y2]: Point): Point {
  const product = modulo(D * x1 * x2 * y1 * y2)
  const x = modulo((x1 * y2 + y1 * x2) * inverse(1n + product))
  return [x, modulo((y1 * y2 + x1 * x2) * inverse(1n - product))]
}

export function times(point: Point, factor: bigint): Point {
  let [sum, double]: [Point, Point] = [[0n, 1n], point]
  for (let rest = factor; rest > 0n; rest >>= 1n) {
    if (rest & 1n) sum = added(sum, double)
    double = added(double, double)
  }
  return sum
}

/** The point of this y and an x that is even. */
function pointOf(y: bigint): Point {
  const square = modulo((y * y - 1n) * inverse(D * y * y + 1n))
  let x = power(square, (P + 3n) / 8n)
  if (modulo(x * x - square) !== 0n) x = modulo(x * power(2n, (P - 1n) / 4n))
  return [x & 1n ? P - x : x, y]
}

export const base: Point = pointOf(modulo(4n * inverse(5n)))

/** The eight points of small order: the multiples of one of order 8. */
export const TORSION: readonly Point[] = torsion()

function torsion(): Point[] {
  for (let y = 2n; ; y++) {
    const candidate = times(pointOf(y), ORDER)
    const [fourX, fourY] = times(candidate, 4n)
    // What is not on the curve, and what has a smaller order.
    if (modulo(fourX) !== 0n || modulo(fourY) !== P - 1n) continue
    return Array.from({ length: 8 }, (_, i) => times(candidate, BigInt(i)))
  }
}

export function bytesOfPoint([x, y]: Point): Uint8Array {
  const bytes = littleBytes(y)
  if (x & 1n) bytes[31]! |= 0x80
  return bytes
}

export function littleBytes(value: bigint, size = 32): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn))
}

export function littleNumber(bytes: Uint8Array): bigint {
  return bytes.reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n)
}
