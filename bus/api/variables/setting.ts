/** Sets a variable of another peer: asks its owner, who judges, and tells what it holds then. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { parsePattern, parseTopic, type Pattern } from '../../core/topic/pattern.ts'
import { textOf as decoded, utf8 } from '../../core/text.ts'
import { readPart, writeWriteAsk } from '../../core/wire/variables.ts'
import { errorOf } from '../answer-error.ts'
import { decodeValue, encodeValue } from '../codec.ts'
import { BusError } from '../errors.ts'
import type { PeerId } from '../options.ts'
import { instanceOf } from '../request-call.ts'
import { checkOptions } from '../rules.ts'
import { validate } from '../schema.ts'
import { type Topic, textOf } from '../topic.ts'
import type { SetOptions, Written } from '../variable-options.ts'
import type { FetchCall } from './fetch-call.ts'
import type { LiveFetching } from './fetching.ts'
import { VARIABLES, type VariablesHost } from './host.ts'
import { SET } from './rules.ts'

export interface SetCall {
  readonly pattern: Pattern
  readonly value: unknown
  readonly schema: StandardSchemaV1 | undefined
  readonly to: PeerId | undefined
  /** 0: any. */
  readonly version: number
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
}

export interface SettingParts {
  readonly host: VariablesHost
  readonly fetching: (call: FetchCall) => LiveFetching
}

export function setCall(
  name: string | Topic<unknown>,
  value: unknown,
  options: SetOptions = {},
): SetCall {
  checkOptions('set', options, SET)
  const text = textOf(name)
  const topic = parseTopic(text, 'name')
  if (!topic.ok) throw new BusError('INVALID_TOPIC', topic.fault)
  const parsed = parsePattern(text)
  if (!parsed.ok) throw new BusError('INVALID_TOPIC', parsed.fault)
  const schema = typeof name === 'object' ? name.schema : undefined
  const { to, version = 0, timeout: timeoutMs = TIMEOUT_MS, signal } = options
  return { pattern: parsed.pattern, value, schema, to, version, timeoutMs, signal }
}

export async function setVariable(parts: SettingParts, call: SetCall): Promise<Written> {
  const { host } = parts
  const value = await writeOf(host, call)
  const began = host.now()
  const owner = call.to ?? (await onlyOwner(parts, call))
  const timeoutMs = Math.max(1, Math.round(call.timeoutMs - (host.now() - began)))
  const { signal, pattern } = call
  const about = `for variable "${pattern.text}"`
  const whom = { to: [instanceOf(owner)], expect: undefined, max: 1, quiet: undefined }
  const how = { schema: undefined, first: true, timeoutMs, signal }
  const question = { topic: VARIABLES, about, value, ...whom, ...how }
  const reply = await host.request(question).catch((error: unknown) => {
    const isNone = error instanceof BusError && error.code === 'NO_RESPONDER'
    throw isNone ? absentError(host, pattern.text, owner) : error
  })
  return writtenOf(host, call, { owner, answer: reply.value })
}

/** What asks for it. Throws INVALID_VALUE and TOO_LARGE: the owner need not be asked. */
export async function writeOf(
  { codec: custom, limits }: VariablesHost,
  { pattern, value, schema, version }: SetCall,
): Promise<Uint8Array> {
  const checked = schema ? await validate(schema, value) : { value }
  if ('issues' in checked) {
    const fault = `the value for "${pattern.text}" is not what its schema says`
    throw new BusError('INVALID_VALUE', `${fault}: ${checked.issues.join('; ')}`)
  }
  const { codec, payload } = encodeValue(checked.value, custom)
  if (payload.length > limits.variableSize) {
    const fault = `a value of ${payload.length} bytes for variable "${pattern.text}"`
    const mend = `the limit is ${limits.variableSize} (option limits.variableSize)`
    throw new BusError('TOO_LARGE', `${fault}: ${mend}`)
  }
  return writeWriteAsk({ name: utf8(pattern.text), version, codec, payload })
}

/** Who exposes the name, when that is one peer. Throws CONFLICT and NO_RESPONDER. */
async function onlyOwner({ fetching }: SettingParts, call: SetCall): Promise<PeerId> {
  const { pattern, timeoutMs, signal } = call
  const all = {
    from: undefined,
    where: undefined,
    everyone: false,
    min: Infinity,
    staleMs: undefined,
  }
  const asked = fetching({ patterns: [pattern], schema: undefined, ...all, timeoutMs, signal })
  await asked.all()
  const { outcomes } = await asked.report
  const owners = outcomes.filter(({ values, failures }) => values + failures.length > 0)
  // Each of those who have not said may be another one.
  const failed = outcomes.find((one) => 'error' in one && one.values + one.failures.length === 0)
  const unsure = failed ?? outcomes.find(({ type }) => type === 'silent')
  if (unsure) {
    const fault = `peer ${unsure.from} has not said whether it exposes "${pattern.text}"`
    const why = 'error' in unsure ? ` (${unsure.error.message})` : ''
    const code = 'error' in unsure ? unsure.error.code : 'TIMEOUT'
    throw new BusError(code, `${fault}${why}: name the owner by "to"`)
  }
  const [owner] = owners
  if (!owner) throw nobodyError(pattern.text)
  if (owners.length === 1) return owner.from
  const ids = owners.slice(0, NAMED_MAX).map(({ from }) => from)
  const who = `${owners.length} peers expose "${pattern.text}"`
  throw new BusError('CONFLICT', `${who}: name one by "to", as ${ids.join(', ')}`)
}

export function writtenOf(
  { count, codec, allows }: VariablesHost,
  { pattern: { text: name } }: SetCall,
  { owner, answer }: { readonly owner: PeerId; readonly answer: unknown },
): Written {
  const part = answer instanceof Uint8Array ? readPart(answer) : undefined
  const [entry] = part?.entries ?? []
  if (part && !entry) throw nobodyError(name, owner)
  const given = entry?.kind === 'value' ? decodeValue(entry.codec, entry.payload, codec) : undefined
  if (
    !entry ||
    entry.kind === 'gone' ||
    decoded(entry.name) !== name ||
    (given && 'issues' in given)
  ) {
    count('malformed')
    throw new BusError('INVALID_VALUE', `peer ${owner} answers what no bus answers: look at it`)
  }
  if (!allows(owner, 'expose', name.split('/'))) {
    count('denied')
    throw new BusError('DENIED', `peer ${owner} has no right to expose "${name}"`)
  }
  if (entry.kind === 'fault') throw errorOf(owner, entry)
  return { name, value: given?.value, from: owner, version: entry.version }
}

/** The owner that was named answers no questions for variables. */
function absentError({ id, presence }: VariablesHost, name: string, owner: PeerId): BusError {
  if (owner === id || presence.get(owner)) return nobodyError(name, owner)
  const mend = 'has it left, or another id since it was started anew?'
  return new BusError('NO_RESPONDER', `peer ${owner} is not here to set "${name}": ${mend}`)
}

function nobodyError(name: string, owner?: PeerId): BusError {
  const who = owner === undefined ? 'nobody who is here exposes' : `peer ${owner} does not expose`
  const mend = owner === undefined ? 'is its owner running, in this realm?' : 'whose is it?'
  return new BusError('NO_RESPONDER', `${who} "${name}": ${mend}`)
}

const TIMEOUT_MS = 5000
/** Owners that an error names. */
const NAMED_MAX = 3
