/** What a call of `when` says: checked, or refused. */
import { BusError } from '../errors.ts'
import { checkOptions, kindOf } from '../rules.ts'
import type { Names } from '../variable-options.ts'
import type { AggregateOptions, Observed, WhenOptions, WhenStep } from '../when-options.ts'
import { watchCall } from './fetch-call.ts'
import { WHEN } from './rules.ts'
import type { WatchCall } from './watching.ts'

export interface WhenCall {
  /** Without its signal, which the condition heeds itself. */
  readonly watch: WatchCall
  readonly test: (value: unknown) => boolean
  readonly until: (value: unknown) => boolean
  readonly act: (occasion: never) => unknown
  readonly aggregate: ((readings: readonly Observed[]) => unknown) | undefined
  readonly forMs: number
  readonly dryRun: boolean
  readonly told: ((step: WhenStep) => void) | undefined
  readonly concurrency: number
  readonly signal: AbortSignal | undefined
}

type Given = readonly [
  names: Names<unknown>,
  test: (value: unknown) => boolean,
  act: (occasion: never) => unknown,
  options?: WhenOptions<unknown> | AggregateOptions<unknown, unknown>,
]

export function whenCall(...[names, test, act, options = {}]: Given): WhenCall {
  checkOptions('when', options, WHEN)
  const { schema, from, where, every, signal } = options
  for (const [what, given] of Object.entries({ test, act })) {
    if (typeof given === 'function') continue
    const mend = 'when(names, test, act, options) takes functions for test and act'
    throw new BusError('INVALID_OPTION', `the ${what} of when is ${kindOf(given)}: ${mend}`)
  }
  const { dryRun = false, told } = options
  if (dryRun && !told) {
    const mend = 'give told, a function that is told what would be done'
    throw new BusError('INVALID_OPTION', `option "dryRun" is true without "told": ${mend}`)
  }
  const watched = { schema, from, where, every }
  const given = Object.entries(watched).filter(([, value]) => value !== undefined)
  return {
    watch: watchCall(names, Object.fromEntries(given)),
    test,
    until: options.until ?? ((value) => !test(value)),
    act,
    aggregate: 'aggregate' in options ? options.aggregate : undefined,
    forMs: options.for ?? 0,
    dryRun,
    told,
    concurrency: options.concurrency ?? CONCURRENCY,
    signal,
  }
}

const CONCURRENCY = 16
