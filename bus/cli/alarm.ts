/** What `sixcast when` looks for: a test of values, what ends it, and what many values come to. */
import { isDeepStrictEqual } from 'node:util'
import { BusError, max, mean, min, type Observed } from '../index.ts'
import type { Arguments } from './command.ts'
import { UsageError } from './exit.ts'
import { assertJson, lineOf, valueOf } from './payload.ts'
import { measured, number, oneOf, text } from './values.ts'

export interface Alarm {
  readonly test: (value: unknown) => boolean
  readonly until: ((value: unknown) => boolean) | undefined
  readonly aggregate: ((readings: readonly Observed[]) => number | undefined) | undefined
}

/** Throws UsageError. */
export function alarmOf(given: Arguments): Alarm {
  const kinds = KINDS.filter((kind) => given[kind] !== undefined)
  const [kind] = kinds
  if (kind === undefined || kinds.length > 1) {
    throw new UsageError(`give one of ${KINDS.map((one) => `--${one}`).join(', ')}`)
  }
  const { until, aggregate } = given
  const how =
    aggregate === undefined ? undefined : oneOf(aggregate, 'option --aggregate', AGGREGATES)
  const all = { aggregate: how && AGGREGATE_BY_NAME[how] }
  if (kind === 'above' || kind === 'below') {
    const bound = number(given[kind], `option --${kind}`)
    const isPast = kind === 'above' ? isAbove : isBelow
    const back = until === undefined ? undefined : number(until, 'option --until')
    if (back !== undefined && isPast(back, bound)) {
      throw new UsageError(`option --until is ${back}: not ${kind} ${bound}, or it never is over`)
    }
    const isBack = kind === 'above' ? isBelow : isAbove
    return {
      ...all,
      test: (value) => isPast(numberOf(value), bound),
      until: back === undefined ? undefined : (value) => isBack(numberOf(value), back),
    }
  }
  if (until !== undefined) {
    throw new UsageError('option --until is of use only with --above or --below')
  }
  const isSame = sameAs(text(given[kind], `option --${kind}`), given['json'] === true, kind)
  const test = kind === 'equals' ? isSame : (value: unknown): boolean => !isSame(value)
  return { ...all, test, until: undefined }
}

/** Text as it is printed, or a JSON value. */
function sameAs(words: string, json: boolean, kind: string): (value: unknown) => boolean {
  const source = `option --${kind}`
  if (!json) return (value) => lineOf(value) === words
  assertJson(words, source)
  const wanted = valueOf(words, true, source)
  return (value) => isDeepStrictEqual(value, wanted)
}

function numberOf(value: unknown): number {
  const found = measured(value)
  if (found !== undefined) return found
  throw new BusError('INVALID_VALUE', `${lineOf(value)} is no number: use --equals or --differs`)
}

function isAbove(value: number, bound: number): boolean {
  return value > bound
}

function isBelow(value: number, bound: number): boolean {
  return value < bound
}

function numbersOf(readings: readonly Observed[]): number[] {
  return readings.map(({ value }) => numberOf(value))
}

const KINDS = ['above', 'below', 'equals', 'differs'] as const
export const AGGREGATES = ['count', 'min', 'max', 'mean'] as const

const AGGREGATE_BY_NAME: {
  readonly [Name in (typeof AGGREGATES)[number]]: NonNullable<Alarm['aggregate']>
} = {
  count: (readings) => readings.length,
  min: (readings) => min(numbersOf(readings)),
  max: (readings) => max(numbersOf(readings)),
  mean: (readings) => mean(numbersOf(readings)),
}
