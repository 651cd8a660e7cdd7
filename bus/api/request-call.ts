/** What a call of `request` or `gather` says, and one of `respond`: checked, or refused. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { type Pattern, parsePattern } from '../core/topic/pattern.ts'
import { BusError } from './errors.ts'
import type { Crowd } from './inquiry.ts'
import { GATHER, REQUEST, RESPOND } from './request-rules.ts'
import type {
  GatherOptions,
  Outcome,
  RequestOptions,
  RespondOptions,
  Responding,
} from './request-options.ts'
import { checkOptions, kindOf } from './rules.ts'
import type { Service } from './service.ts'
import { assertSharing } from './subscribe-call.ts'
import type { PeerId } from './terms.ts'
import { textOf } from './topic.ts'

/** A question as it is asked. */
export interface AskCall {
  readonly topic: string
  /** What it is asked for, as errors say instead of the topic: `for actor "door"`. */
  readonly about?: string
  readonly value: unknown
  /** Of the answers. */
  readonly schema: StandardSchemaV1 | undefined
  readonly timeoutMs: number
  readonly to: readonly bigint[] | undefined
  readonly expect: readonly bigint[] | number | undefined
  readonly crowd?: Crowd
  readonly max: number
  readonly quiet: number | undefined
  /** The first answer is enough. */
  readonly first: boolean
  readonly signal: AbortSignal | undefined
  /** Of a gathering: one more outcome, at once; true: that is enough. */
  readonly settled?: (outcome: Outcome) => boolean
}

export interface RespondCall {
  readonly pattern: Pattern
  readonly handler: Responding<unknown, unknown>
  readonly options: RespondOptions<unknown>
}

type AnyService = string | Service<unknown, unknown>

export function requestCall(
  service: AnyService,
  value: unknown,
  options: RequestOptions<unknown> = {},
): AskCall {
  checkOptions('request', options, REQUEST)
  const { to } = options
  const asked = to === undefined ? undefined : [instanceOf(to)]
  return {
    ...askOf(service, value, options),
    to: asked,
    expect: undefined,
    max: 1,
    quiet: undefined,
    first: true,
  }
}

export function gatherCall(
  service: AnyService,
  value: unknown,
  options: GatherOptions<unknown> = {},
): AskCall {
  checkOptions('gather', options, GATHER)
  const { to, expect, max = Infinity, quiet } = options
  const asked = to === undefined ? undefined : instancesOf(typeof to === 'string' ? [to] : to)
  const expected = typeof expect === 'object' ? instancesOf(expect) : expect
  return {
    ...askOf(service, value, options),
    to: asked,
    expect: expected,
    max,
    quiet,
    first: false,
  }
}

export function respondCall(
  service: AnyService,
  handler: (question: never) => unknown,
  options: RespondOptions<unknown> = {},
): RespondCall {
  checkOptions('respond', options, RESPOND)
  assertSharing(options)
  if (typeof handler !== 'function') {
    const fault = `the handler of respond is ${kindOf(handler)}`
    throw new BusError('INVALID_OPTION', `${fault}: respond(pattern, (question) => answer)`)
  }
  const parsed = parsePattern(textOf(service))
  if (!parsed.ok) throw new BusError('INVALID_PATTERN', parsed.fault)
  const schema = options.schema ?? (typeof service === 'object' ? service.request : undefined)
  // A handler of certain values gets only those that its schema, or its author's word, lets through.
  const taken = handler as Responding<unknown, unknown>
  return {
    pattern: parsed.pattern,
    handler: taken,
    options: { ...options, ...(schema && { schema }) },
  }
}

function askOf(
  service: AnyService,
  value: unknown,
  { schema, timeout = TIMEOUT_MS, signal }: Omit<RequestOptions<unknown>, 'to'>,
): Pick<AskCall, 'topic' | 'value' | 'schema' | 'timeoutMs' | 'signal'> {
  const ofService = typeof service === 'object' ? service.reply : undefined
  const topic = textOf(service)
  return { topic, value, schema: schema ?? ofService, timeoutMs: timeout, signal }
}

/** Each of them once. */
function instancesOf(ids: readonly PeerId[]): readonly bigint[] {
  return [...new Set(ids.map(instanceOf))]
}

/** The rules of the options have seen that it is one. */
export function instanceOf(id: PeerId): bigint {
  return BigInt(`0x${id}`)
}

const TIMEOUT_MS = 5000

/** Many answers at once would be lost: they are spread over a time that goes with their number. */
export function spreadOf({ timeoutMs }: AskCall, expected: number): number {
  if (expected <= SPREAD_FROM) return 0
  return Math.floor(Math.min(expected * SPREAD_EACH_MS, timeoutMs / 4))
}

/** So many answers at once find room in a socket's buffer. */
const SPREAD_FROM = 32
const SPREAD_EACH_MS = 0.5
