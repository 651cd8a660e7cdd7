/** The settings of a relay alone: as with the others a flag wins over the environment, that over the file. */
import { dirname, resolve } from 'node:path'
import { CONNECT } from '../api/option-rules.ts'
import { isObject, limitsRule, type Rule } from '../api/rules.ts'
import { LISTEN_EXAMPLE, parseListen } from '../io/listen.ts'
import { NATS } from '../io/nats-servers.ts'
import { ORIGINS } from '../io/origins.ts'
import { isPath } from '../io/secret.ts'
import { UsageError } from './exit.ts'
import { configOf, optionOf, type RelaySettingName, variableOf } from './settings.ts'
import { flag, list, text, whole } from './values.ts'

type Raw = Readonly<Record<string, unknown>>
type Limits = Readonly<Record<string, number>>

/** By the names of the options of `serve`. */
interface RelaySettings {
  readonly listen?: string
  readonly bridge?: boolean
  readonly links?: readonly string[]
  readonly nats?: readonly string[]
  /** Where they are. */
  readonly natsCredentials?: string
  readonly origins?: readonly string[]
  readonly metrics?: boolean
  /** Where its token is, or `new`. */
  readonly dashboard?: string
  readonly limits: Limits
}

interface Source {
  readonly raw: (name: RelaySettingName) => unknown
  /** How an error names the place. */
  readonly named: (name: RelaySettingName) => string
}

/** `known` are the limits that there are, with their defaults. Throws UsageError, naming the source. */
export async function relaySettingsOf(
  flags: Raw,
  env: NodeJS.ProcessEnv,
  known: object,
): Promise<RelaySettings> {
  const { config, path } = await configOf(flags, env)
  const sources: readonly Source[] = [
    {
      raw: (name) => besideFile(config[name], name, path),
      named: (name) => `"${name}" in ${path}`,
    },
    { raw: (name) => fromEnvironment(name, env), named: variableOf },
    { raw: (name) => flags[name], named: optionOf },
  ]
  const settings: Record<string, unknown> = {}
  const limits: Record<string, number> = {}
  for (const source of sources) {
    for (const { name, option, reader } of READERS) {
      const raw = source.raw(name)
      if (raw !== undefined) settings[option] = reader(raw, source.named(name))
    }
    // Each limit by itself.
    Object.assign(limits, limitsOf(source, known))
  }
  return { ...settings, limits } // each reader gives the type of its setting
}

/** A file names its neighbours, wherever the command is started. */
function besideFile(raw: unknown, name: RelaySettingName, path: string): unknown {
  if (!SECRETS.has(name) || typeof raw !== 'string' || raw === '') return raw
  return raw !== NEW_TOKEN && isPath(raw) ? resolve(dirname(path), raw) : raw
}

function fromEnvironment(name: RelaySettingName, env: NodeJS.ProcessEnv): unknown {
  const raw = env[variableOf(name)] || undefined
  const several = SEVERAL.has(name)
  return several ? raw?.split(',').map((entry) => entry.trim()) : raw
}

function limitsOf({ raw, named }: Source, known: object): Limits {
  const [several, links] = [raw('limit'), raw('links')]
  const limits = several === undefined ? {} : manyLimits(several, named('limit'), known)
  if (links !== undefined && 'links' in limits) {
    throw new UsageError(`${named('limit')} has links as ${named('links')} has: leave one out`)
  }
  return links === undefined
    ? limits
    : { ...limits, links: whole(links, named('links'), LINK_COUNTS) }
}

/** A file has an object of them, flags and the environment pairs. */
function manyLimits(raw: unknown, source: string, known: object): Limits {
  const found = isObject(raw) ? raw : Object.fromEntries(list(raw, source).map(pair))
  const fault = limitsRule(known, 'links=500').faultOf(found)
  if (!fault) return found as Limits // looked at by the rule
  const { part = '', found: value, mend } = fault
  throw new UsageError(`${source}: the limit "${part.slice(1)}" is ${value}: ${mend}`)

  function pair(entry: string): [string, number] {
    const [, name, digits] = /^(\w+)=(\d{1,15})$/.exec(entry) ?? []
    if (name !== undefined) return [name, Number(digits)]
    throw new UsageError(`${source} is ${JSON.stringify(entry)}: NAME=N, such as links=500`)
  }
}

function listenAt(raw: unknown, source: string): string {
  const found = text(raw, source)
  if (parseListen(found)) return found
  throw new UsageError(`${source} is ${JSON.stringify(found)}: text such as ${LISTEN_EXAMPLE}`)
}

function relays(raw: unknown, source: string): readonly string[] {
  return listed(raw, source, CONNECT.relay)
}

/** What may be a password in them is not shown. */
function servers(raw: unknown, source: string): readonly string[] {
  return listed(raw, source, NATS)
}

function origins(raw: unknown, source: string): readonly string[] {
  return listed(raw, source, ORIGINS)
}

function listed(raw: unknown, source: string, rule: Rule): readonly string[] {
  const found = list(raw, source)
  const fault = rule.faultOf(found)
  if (fault) throw new UsageError(`${source} is ${fault.found}: ${fault.mend}`)
  return found
}

/** In place of a token's file: one is drawn, and printed once. */
export const NEW_TOKEN = 'new'

const READERS = [
  { name: 'listen', option: 'listen', reader: listenAt },
  { name: 'bridge', option: 'bridge', reader: flag },
  { name: 'link', option: 'links', reader: relays },
  { name: 'nats', option: 'nats', reader: servers },
  { name: 'nats-credentials', option: 'natsCredentials', reader: text },
  { name: 'origin', option: 'origins', reader: origins },
  { name: 'metrics', option: 'metrics', reader: flag },
  { name: 'dashboard', option: 'dashboard', reader: text },
] as const
const SECRETS: ReadonlySet<RelaySettingName> = new Set(['dashboard', 'nats-credentials'])
const SEVERAL: ReadonlySet<RelaySettingName> = new Set(['link', 'nats', 'origin', 'limit'])
const LINK_COUNTS = { min: 1, max: 1_000_000 }
