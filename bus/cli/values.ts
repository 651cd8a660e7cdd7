/** Reads values as people type them; an error names where the value stands and what is allowed. */
import type { History } from '../index.ts'
import { UsageError } from './exit.ts'

export interface Bounds {
  readonly min: number
  readonly max: number
}

export function text(raw: unknown, source: string): string {
  if (typeof raw === 'string' && raw !== '') return raw
  throw wrong(raw, source, 'give some text')
}

export function list(raw: unknown, source: string): readonly string[] {
  const entries: readonly unknown[] = Array.isArray(raw) ? raw : [raw]
  if (entries.length > 0) return entries.map((entry) => text(entry, source))
  throw wrong(raw, source, 'give at least one')
}

/** As shells and configurations write it, in any case. */
export function flag(raw: unknown, source: string): boolean {
  const word = typeof raw === 'string' ? raw.toLowerCase() : raw
  if ([true, 'true', '1', 'yes', 'on'].some((yes) => yes === word)) return true
  if ([false, 'false', '0', 'no', 'off'].some((no) => no === word)) return false
  throw wrong(raw, source, 'true or false (also 1, yes, on; 0, no, off)')
}

export function oneOf<T extends string>(raw: unknown, source: string, choice: readonly T[]): T {
  const found = choice.find((word) => word === raw)
  if (found !== undefined) return found
  throw wrong(raw, source, `one of ${choice.join(', ')}`)
}

export function whole(raw: unknown, source: string, { min, max }: Bounds): number {
  const value = numberOf(raw)
  if (/^\d+$/.test(String(raw)) && value >= min && value <= max) return value
  throw wrong(raw, source, `a whole number from ${min} to ${max}`)
}

/** A number that may have decimals, greater than `min` (or equal, when `min` is 0). */
export function decimal(raw: unknown, source: string, { min, max }: Bounds): number {
  const value = numberOf(raw)
  if (value >= min && value <= max) return value
  throw wrong(raw, source, `a number from ${min} to ${max}`)
}

/** Any number, as JSON writes it. */
export function number(raw: unknown, source: string): number {
  const value = measured(raw)
  if (value !== undefined) return value
  throw wrong(raw, source, 'a number such as 8, -0.5 or 1e6')
}

/** A number, or a text that is one, as what files and commands give. */
export function measured(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  const isNumber = typeof value === 'string' && /^\s*-?\d+(\.\d+)?(e[+-]?\d+)?\s*$/i.test(value)
  return isNumber ? Number(value) : undefined
}

/** Seconds, decimals allowed, as milliseconds. */
export function seconds(raw: unknown, source: string, bounds: Bounds): number {
  return Math.round(decimal(raw, source, bounds) * 1000)
}

/** What of the time before: a word, a number of messages, or seconds with an s. */
export function history(raw: unknown, source: string): History {
  if (raw === 'last' || raw === 'all') return raw
  const text = String(raw)
  const count = numberOf(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(count)) return count
  const span = /^(\d+(?:\.\d+)?)s$/.exec(text)?.[1]
  if (span !== undefined && Number(span) <= HISTORY_S_MAX) return { since: Number(span) * 1000 }
  throw wrong(raw, source, 'last, all, a number of messages (5), or seconds (60s)')
}

/** A time such as 90s, 30m, 12h or 7d, in ms. */
export function duration(raw: unknown, source: string): number {
  const [, digits, unit] = /^(\d{1,5})([smhd])$/.exec(String(raw)) ?? []
  if (Number(digits) > 0) return Number(digits) * UNITS_MS[unit as keyof typeof UNITS_MS] // matched
  throw wrong(raw, source, 'a whole number with s, m, h or d behind it, such as 12h or 7d')
}

/** A size such as 500k, 20M or 4G, in bytes. */
export function size(raw: unknown, source: string): number {
  const [, digits, unit] = /^(\d{1,6})([kMGT]?)$/.exec(String(raw)) ?? []
  if (Number(digits) > 0) return Number(digits) * UNITS_SIZE[unit as keyof typeof UNITS_SIZE] // matched
  throw wrong(
    raw,
    source,
    'a whole number of bytes, or one with k, M, G or T behind it, such as 4G',
  )
}

const UNITS_SIZE = { '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12 } as const
const UNITS_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

function numberOf(raw: unknown): number {
  if (typeof raw === 'number') return raw
  return typeof raw === 'string' && /^\d+(\.\d+)?$/.test(raw) ? Number(raw) : Number.NaN
}

function wrong(raw: unknown, source: string, mend: string): UsageError {
  return new UsageError(`${source} is ${JSON.stringify(raw)}: ${mend}`)
}

/** A hundred years. */
const HISTORY_S_MAX = 3_155_760_000
