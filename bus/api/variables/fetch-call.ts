/** What a call of `fetch` says: checked, or refused. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { parsePattern, type Pattern } from '../../core/topic/pattern.ts'
import { PATTERNS_MAX } from '../../core/wire/variables.ts'
import { BusError } from '../errors.ts'
import type { PeerId } from '../options.ts'
import { checkOptions } from '../rules.ts'
import { textOf } from '../topic.ts'
import type { FetchOptions, Names, WatchOptions } from '../variable-options.ts'
import { FETCH, WATCH } from './rules.ts'

export interface FetchCall {
  readonly patterns: readonly Pattern[]
  readonly schema: StandardSchemaV1 | undefined
  readonly from: ReadonlySet<PeerId> | undefined
  readonly where: Readonly<Record<string, string>> | undefined
  /** Who exposes nothing has an outcome, too. */
  readonly everyone: boolean
  readonly min: number
  readonly timeoutMs: number
  /** Old values are given first, when they are not older. */
  readonly staleMs: number | undefined
  readonly signal: AbortSignal | undefined
}

export function fetchCall(names: Names<unknown>, options: FetchOptions<unknown> = {}): FetchCall {
  checkOptions('fetch', options, FETCH)
  const { from, where, everyone, min = Infinity, timeout = TIMEOUT_MS, stale, signal } = options
  const ofTopic = typeof names === 'object' && 'schema' in names ? names.schema : undefined
  return {
    patterns: patternsOf(names),
    schema: options.schema ?? ofTopic,
    from: from === undefined ? undefined : new Set(typeof from === 'string' ? [from] : from),
    where,
    everyone: everyone ?? where !== undefined,
    min,
    timeoutMs: timeout,
    staleMs: stale,
    signal,
  }
}

/** The same of a watch, whose question has no end of its own. */
export function watchCall(
  names: Names<unknown>,
  options: WatchOptions<unknown> = {},
): FetchCall & { readonly everyMs: number } {
  checkOptions('watch', options, WATCH)
  const { every: everyMs = EVERY_MS, ...rest } = options
  return { ...fetchCall(names, rest), everyone: false, everyMs }
}

function patternsOf(names: Names<unknown>): readonly Pattern[] {
  const isList = (given: Names<unknown>): given is readonly string[] => Array.isArray(given)
  const texts = isList(names) ? names : [textOf(names)]
  if (texts.length === 0 || texts.length > PATTERNS_MAX) {
    const mend = `give 1 to ${PATTERNS_MAX} names or patterns; a wildcard stands for many`
    throw new BusError('INVALID_OPTION', `${texts.length} names are asked for: ${mend}`)
  }
  return texts.map((text) => {
    const parsed = parsePattern(text)
    if (parsed.ok) return parsed.pattern
    throw new BusError('INVALID_PATTERN', parsed.fault)
  })
}

const TIMEOUT_MS = 5000
const EVERY_MS = 1000
