/** Variables of one bus: what it exposes, and what it asks others for. */
import { asError } from '../thrown.ts'
import type { CounterName } from '../../core/metrics.ts'
import type { BusParts } from '../bus-parts.ts'
import type { BusEvent, PeerId, Presence } from '../options.ts'
import { instanceOf } from '../request-call.ts'
import type { Requests } from '../requests.ts'
import type { VariableCalls } from '../variable-calls.ts'
import { LiveCondition } from './condition.ts'
import { Exposing } from './exposing.ts'
import { type FetchCall, fetchCall, watchCall } from './fetch-call.ts'
import { LiveFetching } from './fetching.ts'
import type { VariablesHost } from './host.ts'
import { Known } from './known.ts'
import { setAll, setAllCall } from './setting-all.ts'
import { setCall, setVariable } from './setting.ts'
import { LiveWatching } from './watching.ts'
import { whenCall } from './when-call.ts'

export interface VariablesParts {
  readonly parts: BusParts
  readonly id: PeerId
  readonly presence: Presence
  readonly requests: Requests
  readonly event: (event: BusEvent) => void
  /** Throws CLOSED. */
  readonly assertOpen: () => void
}

/** The calls of a bus that have to do with variables, as functions that need no `this`. */
export interface Calls {
  readonly expose: VariableCalls['expose']
  readonly fetch: VariableCalls['fetch']
  readonly set: VariableCalls['set']
  readonly setAll: VariableCalls['setAll']
  readonly watch: VariableCalls['watch']
  readonly when: VariableCalls['when']
}

export function variableCalls(of: VariablesParts): Calls {
  const host = hostOf(of)
  const exposing = new Exposing(host)
  const budget = { used: 0, max: host.limits.repliesSize }
  const known = new Known({
    sizeMax: host.limits.knownSize,
    now: host.now,
    evicted: () => host.count('knownEvicted'),
  })
  const fetching = (call: FetchCall): LiveFetching =>
    new LiveFetching({ host, known, budget }, call)
  const calls = {
    expose: (...given: Parameters<Exposing['expose']>) => {
      of.assertOpen()
      return exposing.expose(...given)
    },
    fetch: (...given: Parameters<typeof fetchCall>) => {
      of.assertOpen()
      return fetching(fetchCall(...given))
    },
    watch: (...given: Parameters<typeof watchCall>) => {
      of.assertOpen()
      return new LiveWatching(host, watchCall(...given))
    },
    when: (...given: Parameters<typeof whenCall>) => {
      of.assertOpen()
      return new LiveCondition(host, whenCall(...given))
    },
    set: async (...given: Parameters<typeof setCall>) => {
      of.assertOpen()
      return setVariable({ host, fetching }, setCall(...given))
    },
    setAll: async (...given: Parameters<typeof setAllCall>) => {
      of.assertOpen()
      return setAll(host, setAllCall(...given))
    },
  }
  // What a variable holds is what the program, or its schema, says of it.
  return calls as Calls
}

function hostOf({ parts, id, presence, requests, event }: VariablesParts): VariablesHost {
  const { link, limits, codec, after, tags } = parts
  return {
    id,
    tags,
    limits,
    codec,
    presence,
    after,
    now: () => link.command((_peer, now) => now),
    count: (name: CounterName) => link.command((peer) => peer.metrics.count(name)),
    failed: (thrown) => {
      event({ type: 'error', error: asError(thrown) })
    },
    allows: (peer, action, segments) =>
      link.command((core) => core.seeking.allows(instanceOf(peer), action, segments)),
    respond: (call) => requests.respond(call),
    gather: (call) => requests.gather(call),
    request: (call) => requests.request(call),
  }
}
