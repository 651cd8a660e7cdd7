/** What a call of `spawn` says: checked, or refused. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { FailurePolicy, MailboxOverflow, SpawnOptions } from '../api/actor-options.ts'
import { BusError } from '../api/errors.ts'
import { checkOptions, kindOf } from '../api/rules.ts'
import { nameOf } from './address.ts'
import { BACKOFF_MS, MAILBOX, RESTARTS, WINDOW_MS } from './defaults.ts'
import { SPAWN } from './rules.ts'
import type { AnyBehaviour } from './system.ts'

export interface SpawnCall {
  readonly name: string
  readonly behaviour: AnyBehaviour
  readonly initial: () => unknown
  readonly schema: StandardSchemaV1 | undefined
  /** Each once. */
  readonly groups: readonly string[]
  readonly mailbox: number
  readonly overflow: MailboxOverflow
  readonly failure: FailurePolicy
  readonly restarts: number
  readonly windowMs: number
  readonly backoffMs: number
  readonly signal: AbortSignal | undefined
}

/** Throws INVALID_TOPIC and INVALID_OPTION. */
export function spawnCall(
  name: string,
  behaviour: AnyBehaviour,
  options: SpawnOptions<unknown, unknown>,
): SpawnCall {
  checkOptions('spawn', options, SPAWN)
  if (typeof behaviour !== 'function') {
    const mend = 'spawn(name, (state, message) => ({ state }), { initial })'
    throw new BusError('INVALID_OPTION', `the behaviour is ${kindOf(behaviour)}: ${mend}`)
  }
  if (typeof options !== 'object' || !('initial' in options)) {
    const mend = 'the state that the actor begins with, as in { initial: 0 }'
    throw new BusError('INVALID_OPTION', `option "initial" is absent: ${mend}`)
  }
  const { initial, schema, groups = [], mailbox = MAILBOX, overflow = 'reject' } = options
  const { failure = 'restart', restarts = RESTARTS, signal } = options
  const { window: windowMs = WINDOW_MS, backoff: backoffMs = BACKOFF_MS } = options
  // A state that is a function itself is made by one.
  const make = typeof initial === 'function' ? (initial as () => unknown) : () => initial
  return {
    name: nameOf(name),
    behaviour,
    initial: make,
    schema,
    groups: [...new Set(groups)].map((group) => nameOf(group, 'a group')),
    mailbox,
    overflow,
    failure,
    restarts,
    windowMs,
    backoffMs,
    signal,
  }
}
