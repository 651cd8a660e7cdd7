/**
 * A Reed-Solomon code for erasures: rows of a Cauchy matrix over GF(2^8).
 *
 * Row r over symbols s0, s1, … is the sum of c(r, i) si with c(r, i) = 1 / ((64 + r) + i), sums in
 * the field. Every square part of such a matrix can be inverted, so any n rows over the same
 * symbols give any n of them. Rows may also cover the first few symbols only.
 */
import { addProduct, addProducts, inverse, scale } from './galois.ts'

/** Symbols that a row covers at most, and rows that there are. */
export const PLACES = 64
export const ROWS: number = 256 - PLACES

/** What row `row` multiplies the symbol at `place` by. */
export function coefficient(row: number, place: number): number {
  return inverses()[(PLACES + row) ^ place]!
}

/** A row as it was received: its sum over the first `count` places. */
export interface Row {
  readonly row: number
  readonly count: number
  readonly sum: Uint8Array
}

/**
 * Finds the symbols at the `unknown` places; those at all other places that the rows cover are
 * `known`. Returns them in the order of `unknown`, or `undefined` when the rows do not tell.
 */
export function solve(
  rows: readonly Row[],
  unknown: readonly number[],
  known: (place: number) => Uint8Array,
): Uint8Array[] | undefined {
  if (rows.length < unknown.length) return undefined
  const told = independent(rows, unknown)
  if (!told) return undefined
  const size = Math.max(...told.map(({ sum }) => sum.length))
  const equations = told.map((row) => equationOf(row, unknown))
  for (const [i, row] of told.entries()) {
    const sum = new Uint8Array(size)
    sum.set(row.sum)
    const places = placesBut(unknown, row.count)
    const factors = places.map((place) => coefficient(row.row, place))
    addProducts(sum, places.map(known), factors)
    equations[i]!.sum = sum
  }
  reduce(equations)
  return equations.map(({ sum }) => sum)
}

function placesBut(unknown: readonly number[], count: number): number[] {
  return Array.from({ length: count }, (_, place) => place).filter(
    (place) => !unknown.includes(place),
  )
}

interface Equation {
  /** What each unknown is multiplied by. */
  readonly factors: Uint8Array
  sum: Uint8Array
  readonly row: Row
}

function equationOf(row: Row, unknown: readonly number[]): Equation {
  const covered = (place: number): number => {
    return place < row.count ? coefficient(row.row, place) : 0
  }
  return { factors: Uint8Array.from(unknown, covered), sum: NOTHING, row }
}

/** As many rows as there are unknowns, enough to find these; found without touching a symbol. */
function independent(rows: readonly Row[], unknown: readonly number[]): Row[] | undefined {
  const equations = rows.map((row) => equationOf(row, unknown))
  return reduce(equations, unknown.length)
    ? equations.slice(0, unknown.length).map(({ row }) => row)
    : undefined
}

/** Gauss and Jordan: afterwards equation i says what unknown i is. False when they do not tell. */
function reduce(equations: Equation[], count: number = equations.length): boolean {
  for (let i = 0; i < count; i++) {
    const at = equations.findIndex(({ factors }, j) => j >= i && factors[i] !== 0)
    if (at < 0) return false
    const pivot = equations[at]!
    equations[at] = equations[i]!
    equations[i] = pivot
    const factor = inverse(pivot.factors[i]!)
    scale(pivot.factors, factor)
    scale(pivot.sum, factor)
    for (const other of equations) {
      const times = other.factors[i]!
      if (other === pivot || times === 0) continue
      addProduct(other.factors, pivot.factors, times)
      addProduct(other.sum, pivot.sum, times)
    }
  }
  return true
}

let table: Uint8Array | undefined

function inverses(): Uint8Array {
  table ??= Uint8Array.from({ length: 256 }, (_, a) => (a === 0 ? 0 : inverse(a)))
  return table
}

const NOTHING = new Uint8Array(0)
