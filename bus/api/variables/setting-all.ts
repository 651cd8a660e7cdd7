/**
 * Sets a variable at many owners: each of them judges for itself, and has one outcome.
 *
 * Without names or tags one question asks all. With tags the peers that have them are named, since
 * the question has no room for tags and whoever gets it sets the variable: as many at a time as one
 * question names.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { WANTED_MAX } from '../../core/wire/question.ts'
import { BusError } from '../errors.ts'
import type { Crowd } from '../inquiry.ts'
import type { PeerId } from '../options.ts'
import { instanceOf } from '../request-call.ts'
import type { Gathering, Outcome } from '../request-options.ts'
import { checkOptions } from '../rules.ts'
import type { Topic } from '../topic.ts'
import type { SetAllOptions, SetOutcome, SetReport, Written } from '../variable-options.ts'
import { tagged } from './expected.ts'
import { VARIABLES, type VariablesHost } from './host.ts'
import { SET_ALL } from './rules.ts'
import { setCall, type SetCall, writeOf, writtenOf } from './setting.ts'

export interface SetAllCall extends SetCall {
  readonly owners: readonly PeerId[] | undefined
  readonly where: Readonly<Record<string, string>> | undefined
}

export function setAllCall(
  name: string | Topic<unknown>,
  value: unknown,
  options: SetAllOptions = {},
): SetAllCall {
  checkOptions('setAll', options, SET_ALL)
  const { to, where, timeout, signal } = options
  if (to !== undefined && where !== undefined) {
    const mend = 'give the ids of the owners, or the tags that they have'
    throw new BusError('INVALID_OPTION', `options "to" and "where" are both given: ${mend}`)
  }
  const how = { ...(timeout !== undefined && { timeout }), ...(signal && { signal }) }
  const owners = to === undefined ? undefined : typeof to === 'string' ? [to] : to
  return { ...setCall(name, value, how), owners, where }
}

export async function setAll(host: VariablesHost, call: SetAllCall): Promise<SetReport> {
  const { owners, where, signal } = call
  signal?.throwIfAborted()
  const value = await writeOf(host, call)
  const named = owners ?? (where && tagged(host, where))
  const asked = named ? chunks([...new Set(named)]) : [undefined]
  const reports = await Promise.all(asked.map((ids) => ask(host, call, { value, ids })))
  return {
    end: worst(reports.map(({ end }) => end)),
    outcomes: reports.flatMap(({ outcomes }) => outcomes),
  }
}

async function ask(
  host: VariablesHost,
  call: SetAllCall,
  { value, ids }: { readonly value: Uint8Array; readonly ids: readonly PeerId[] | undefined },
): Promise<SetReport> {
  const to = ids?.map(instanceOf)
  const crowd: Crowd = { members: to ?? [], has: () => true }
  const ends = { expect: undefined, max: Infinity, quiet: undefined, first: false } as const
  const { timeoutMs, signal } = call
  const how = { schema: undefined as StandardSchemaV1 | undefined, timeoutMs, signal }
  const gathering = host.gather({ topic: VARIABLES, value, to, crowd, ...ends, ...how })
  const answersById = await answersOf(gathering)
  const { end: ended, outcomes } = await gathering.report
  const end = ended as SetReport['end'] // it asks without `max` and `quiet`, and takes all
  const found = outcomes.map((outcome) => outcomeOf(host, call, { outcome, answersById }))
  // Who listens there and has no such variable was not meant, unless it was named.
  return { end, outcomes: ids ? found : found.filter(({ type }) => type !== 'absent') }
}

/** The first of each: a bus gives one. */
async function answersOf(gathering: Gathering<unknown>): Promise<Map<PeerId, unknown>> {
  const answers = new Map<PeerId, unknown>()
  try {
    for await (const { from, value } of gathering) {
      if (!answers.has(from)) answers.set(from, value)
    }
  } catch {
    // It was called off, or the bus closed: the report says so, and what was set all the same.
  }
  return answers
}

function outcomeOf(
  host: VariablesHost,
  call: SetAllCall,
  {
    outcome,
    answersById,
  }: { readonly outcome: Outcome; readonly answersById: ReadonlyMap<PeerId, unknown> },
): SetOutcome {
  const { from } = outcome
  if (answersById.has(from))
    return judged(host, call, { owner: from, answer: answersById.get(from) })
  switch (outcome.type) {
    case 'answered':
    case 'none':
      return { from, type: 'absent' }
    case 'gone':
      return { from, type: 'gone', asked: outcome.asked }
    case 'error':
      return failed(from, outcome.error)
    case 'silent':
    case 'cancelled':
      return { from, type: outcome.type }
  }
}

function judged(
  host: VariablesHost,
  call: SetAllCall,
  given: { readonly owner: PeerId; readonly answer: unknown },
): SetOutcome {
  try {
    const { from, value, version }: Written = writtenOf(host, call, given)
    return { from, type: 'written', value, version }
  } catch (error) {
    if (error instanceof BusError) return failed(given.owner, error)
    throw error
  }
}

function failed(from: PeerId, error: BusError): SetOutcome {
  if (error.code === 'NO_RESPONDER') return { from, type: 'absent' }
  return { from, type: error.code === 'DENIED' ? 'refused' : 'error', error }
}

function chunks(ids: readonly PeerId[]): (readonly PeerId[])[] {
  const found: (readonly PeerId[])[] = []
  for (let at = 0; at < ids.length; at += WANTED_MAX) found.push(ids.slice(at, at + WANTED_MAX))
  return found
}

/** One of them that was not complete makes the whole incomplete. */
function worst(ends: readonly SetReport['end'][]): SetReport['end'] {
  return ends.find((end) => end !== 'complete') ?? 'complete'
}
