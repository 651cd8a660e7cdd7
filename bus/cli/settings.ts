/** The settings that every command shares: a flag wins over the environment, that over the file. */
import { dirname, join, resolve } from 'node:path'
import { CONNECT } from '../api/option-rules.ts'
import { nearest } from '../api/rules.ts'
import { SCOPES } from '../core/path/group.ts'
import { PROOFS } from '../core/publication.ts'
import type { Proof, Scope } from '../index.ts'
import { configDirectory } from '../io/keyfile.ts'
import { isPath } from '../io/secret.ts'
import { readConfig } from './config.ts'
import { UsageError } from './exit.ts'
import { flag, list, oneOf, seconds, text, whole } from './values.ts'

export const SCOPE_NAMES = Object.keys(SCOPES) as readonly Scope[] // its keys are all scopes
export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const

export type LogLevel = (typeof LOG_LEVELS)[number]

export interface Settings {
  realm: string
  /** Path of a key file, `env:NAME` or `fd:N`. */
  key: string
  /** The same of an identity file, and of one with rights. */
  identity: string
  rights: string
  open: boolean
  scope: Scope
  interface: readonly string[]
  /** Addresses of relays. */
  relay: readonly string[]
  /** Beside a relay: by multicast as well. */
  multicast: boolean
  /** Many datagrams a system call. */
  native: boolean
  /** Peers to reach by unicast. */
  peers: readonly string[]
  'unicast-port': number
  port: number
  hops: number
  name: string
  /** Milliseconds. */
  linger: number
  proof: Proof
  /** Path of a file for the keys of packets. */
  'key-log': string
  'log-level': LogLevel
}

/** The values as one source has them, not yet checked. */
type Raw = Readonly<Record<string, unknown>>

/** Reads flags, environment and configuration file. Throws UsageError, naming the source. */
export async function settingsOf(flags: Raw, env: NodeJS.ProcessEnv): Promise<Partial<Settings>> {
  const { config, path } = await configOf(flags, env)
  const fromFile = configured(config, path)
  const fromEnv = read((name) => fromEnvironment(name, env), variableOf)
  const fromFlags = read((name) => flags[flagOf(name)], optionOf)
  return combine([fromFile, fromEnv, fromFlags])
}

/** The configuration file that flags and environment name, or the usual one. */
export async function configOf(
  flags: Raw,
  env: NodeJS.ProcessEnv,
): Promise<{ readonly config: Raw; readonly path: string }> {
  const named = flags['config'] ?? (env['SIXCAST_CONFIG'] || undefined)
  const path = typeof named === 'string' ? named : join(configDirectory(), 'config.json')
  return { config: await readConfig(path, named !== undefined), path }
}

/** The environment variable of a setting. */
export function variableOf(name: string): string {
  if (name === 'key-log') return 'SIXCAST_KEYLOG' // as SSLKEYLOGFILE is written
  return `SIXCAST_${name.toUpperCase().replaceAll('-', '_')}`
}

export function optionOf(name: string): string {
  return `option --${flagOf(name)}`
}

/** A flag names one peer, and is repeated. */
export function flagOf(name: string): string {
  return name === 'peers' ? 'peer' : name
}

/**
 * Later sources win. A key and `open` exclude each other, so the nearest source that has either
 * decides about both.
 */
function combine(sources: readonly Partial<Settings>[]): Partial<Settings> {
  const settings: Partial<Settings> = {}
  for (const source of sources) {
    if (source.open === true && source.key !== undefined) {
      throw new UsageError('a realm is either open or has a key: give --open or --key, not both')
    }
    if (source.open === true) delete settings.key
    if (source.key !== undefined) delete settings.open
    Object.assign(settings, source)
  }
  return settings
}

function read(
  rawOf: (name: SettingName) => unknown,
  sourceOf: (name: SettingName) => string,
): Partial<Settings> {
  const found: Partial<Record<SettingName, unknown>> = {}
  for (const name of SETTING_NAMES) {
    const raw = rawOf(name)
    if (raw !== undefined) found[name] = READERS[name](raw, sourceOf(name))
  }
  return found as Partial<Settings> // each reader gives the type of its setting
}

function fromEnvironment(name: SettingName, env: NodeJS.ProcessEnv): unknown {
  const raw = env[variableOf(name)] || undefined
  const several = name === 'interface' || name === 'relay' || name === 'peers'
  return several ? raw?.split(',').map((entry) => entry.trim()) : raw
}

function configured(config: Raw, path: string): Partial<Settings> {
  const known: readonly string[] = [
    ...SETTING_NAMES,
    ...RELAY_SETTING_NAMES,
    ...AGENT_SETTING_NAMES,
  ]
  for (const name of Object.keys(config)) {
    // By the latter editors know what may stand there.
    if (known.includes(name) || name === '$schema') continue
    const near = nearest(name, known)
    const guess = near === undefined ? '' : `did you mean "${near}"? `
    const fault = `the configuration file ${path} has the unknown key "${name}"`
    throw new UsageError(`${fault}: ${guess}there are ${known.join(', ')}`)
  }
  const settings = read(
    (name) => config[name],
    (name) => `"${name}" in ${path}`,
  )
  // A file names its neighbours, wherever the command is started.
  for (const name of ['key', 'identity', 'rights'] as const) {
    const secret = settings[name]
    if (secret !== undefined && isPath(secret)) settings[name] = resolve(dirname(path), secret)
  }
  const keyLog = settings['key-log']
  if (keyLog !== undefined) settings['key-log'] = resolve(dirname(path), keyLog)
  return settings
}

/** As `connect` would refuse it, which does not know where the value came from. */
function checked<T>(option: 'realm' | 'relay' | 'peers' | 'name', value: T, source: string): T {
  const fault = CONNECT[option].faultOf(value)
  if (fault) throw new UsageError(`${source} is ${fault.found}: ${fault.mend}`)
  return value
}

type SettingName = keyof Settings
export type RelaySettingName = (typeof RELAY_SETTING_NAMES)[number]
type Reader<T> = (raw: unknown, source: string) => T

const READERS: { readonly [Name in SettingName]: Reader<Settings[Name]> } = {
  realm: (raw, source) => checked('realm', text(raw, source), source),
  key: text,
  identity: text,
  rights: text,
  open: flag,
  scope: (raw, source) => oneOf(raw, source, SCOPE_NAMES),
  interface: list,
  relay: (raw, source) => checked('relay', list(raw, source), source),
  multicast: flag,
  native: flag,
  peers: (raw, source) => checked('peers', list(raw, source), source),
  'unicast-port': (raw, source) => whole(raw, source, { min: 1, max: 65_535 }),
  port: (raw, source) => whole(raw, source, { min: 1, max: 65_535 }),
  hops: (raw, source) => whole(raw, source, { min: 0, max: 255 }),
  name: (raw, source) => checked('name', text(raw, source), source),
  linger: (raw, source) => seconds(raw, source, { min: 0, max: 3600 }),
  proof: (raw, source) => oneOf(raw, source, PROOFS),
  'key-log': text,
  'log-level': (raw, source) => oneOf(raw, source, LOG_LEVELS),
}

/** Those that only the relay has; every command may find them in its file. */
const RELAY_SETTING_NAMES = [
  'listen',
  'bridge',
  'link',
  'nats',
  'nats-credentials',
  'links',
  'origin',
  'metrics',
  'dashboard',
  'limit',
] as const

/** The same of the agent. */
const AGENT_SETTING_NAMES = ['actions', 'variables'] as const

export const SETTING_NAMES = Object.keys(READERS) as readonly SettingName[] // its keys are all of them
