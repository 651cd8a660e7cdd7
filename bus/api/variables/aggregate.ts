/**
 * What many readings come to: how many, the least, the greatest, the mean, percentiles, groups.
 *
 * Each takes readings of `fetch`, or plain numbers. Of nothing there is no least and no mean:
 * `undefined`. What is no number is INVALID_VALUE, and its owner is named: passing it over would
 * make a mean of those that happen to fit.
 */
import { BusError } from '../errors.ts'
import type { Reading } from '../variable-options.ts'

/** Readings whose values are numbers, or numbers. */
export type Numbers = Iterable<number | Pick<Reading<number>, 'value'>>

export function count(items: Iterable<unknown>): number {
  let found = 0
  for (const _ of items) found += 1
  return found
}

export function min(items: Numbers): number | undefined {
  let least: number | undefined
  for (const value of numbersOf(items)) if (least === undefined || value < least) least = value
  return least
}

export function max(items: Numbers): number | undefined {
  let most: number | undefined
  for (const value of numbersOf(items)) if (most === undefined || value > most) most = value
  return most
}

export function mean(items: Numbers): number | undefined {
  let sum = 0
  let found = 0
  for (const value of numbersOf(items)) {
    sum += value
    found += 1
  }
  return found === 0 ? undefined : sum / found
}

/**
 * The least value that `percent` of all do not exceed (the nearest rank): one of the values, so
 * that it is of some peer. Throws INVALID_OPTION unless `percent` is from 0 to 100.
 */
export function percentile(items: Numbers, percent: number): number | undefined {
  if (!(percent >= 0 && percent <= 100)) {
    throw new BusError('INVALID_OPTION', `percentile ${percent}: give a number from 0 to 100`)
  }
  const sorted = [...numbersOf(items)].toSorted((a, b) => a - b)
  const rank = Math.ceil((percent / 100) * sorted.length)
  return sorted[Math.max(0, rank - 1)]
}

/** Items by what the function makes of each, in the order in which the first of each comes. */
export function groupBy<T, K>(items: Iterable<T>, keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group) group.push(item)
    else groups.set(key, [item])
  }
  return groups
}

function* numbersOf(items: Numbers): Iterable<number> {
  for (const item of items) {
    const value: unknown = typeof item === 'number' ? item : item.value
    if (typeof value === 'number' && !Number.isNaN(value)) yield value
    else throw new BusError('INVALID_VALUE', `${nameOf(item)} is no number: leave it out`)
  }
}

/** `"load" of peer 0123456789abcdef` */
function nameOf(item: unknown): string {
  const { name, from } = item as Partial<Reading> // a reading, as a rule
  if (typeof name !== 'string') return 'one of the values'
  return from === undefined ? `"${name}"` : `"${name}" of peer ${from}`
}
