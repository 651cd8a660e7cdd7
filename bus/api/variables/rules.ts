/** What the options of `expose` and `fetch` may be. */
import { CONNECT } from '../option-rules.ts'
import { REQUEST } from '../request-rules.ts'
import { described, flag, rule, type Rules, whole } from '../rules.ts'
import type {
  ExposeOptions,
  FetchOptions,
  SetAllOptions,
  SetOptions,
  WatchOptions,
} from '../variable-options.ts'
import type { AggregateOptions } from '../when-options.ts'

const { schema, timeout, to, signal } = REQUEST
const callback = described((value) => typeof value === 'function', 'a function')

export const EXPOSE: Rules<ExposeOptions<unknown>> = {
  schema,
  timeout,
  writable: rule((value) => ['boolean', 'function'].includes(typeof value), 'true or a function'),
  written: callback,
}

export const FETCH: Rules<FetchOptions<unknown>> = {
  schema,
  from: rule(isPeers, 'a PeerId, 16 hexadecimal digits, or a list of them'),
  where: CONNECT.tags,
  everyone: flag,
  min: whole(1),
  timeout,
  stale: whole(1, 86_400_000),
  signal,
}

export const WATCH: Rules<WatchOptions<unknown>> = {
  schema,
  from: FETCH.from,
  where: FETCH.where,
  every: whole(100, 86_400_000),
  signal,
}

export const WHEN: Rules<AggregateOptions<unknown, unknown>> = {
  ...WATCH,
  for: whole(0, 86_400_000),
  until: callback,
  aggregate: callback,
  dryRun: flag,
  told: callback,
  concurrency: whole(1),
}

export const SET_ALL: Rules<SetAllOptions> = {
  to: FETCH.from,
  where: FETCH.where,
  timeout,
  signal,
}

export const SET: Rules<SetOptions> = { to, version: whole(1), timeout, signal }

function isPeers(value: unknown): boolean {
  const ids: readonly unknown[] = Array.isArray(value) ? value : [value]
  return ids.length > 0 && ids.every((id) => to.faultOf(id) === undefined)
}
