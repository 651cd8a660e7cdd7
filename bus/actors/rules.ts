/** What the options of `spawn` and of the calls of refs and groups may be. */
import type { AskOptions, DeliverOptions, SpawnOptions } from '../api/actor-options.ts'
import { GATHER, REQUEST } from '../api/request-rules.ts'
import type { GatherOptions } from '../api/request-options.ts'
import { oneOf, rule, type Rules, whole } from '../api/rules.ts'
import { DAY_MS } from './defaults.ts'

const { schema, timeout, signal } = REQUEST
const { quiet, expect } = GATHER

export const SPAWN: Rules<SpawnOptions<unknown, unknown>> = {
  initial: rule(() => true, ''),
  schema,
  groups: rule(
    (value) => Array.isArray(value) && value.every((one) => typeof one === 'string'),
    "a list of names such as ['lamps']",
  ),
  mailbox: whole(1),
  overflow: oneOf(['reject', 'drop-oldest', 'drop-newest']),
  failure: oneOf(['restart', 'stop', 'escalate']),
  restarts: whole(0),
  window: whole(1, DAY_MS),
  backoff: whole(0, DAY_MS),
  signal,
}

export const DELIVER: Rules<DeliverOptions> = { timeout, signal }

export const ASK: Rules<AskOptions<unknown>> = { schema, timeout, signal }

export const ASK_ALL: Rules<Omit<GatherOptions<unknown>, 'to' | 'max'>> = {
  schema,
  timeout,
  quiet,
  expect,
  signal,
}
