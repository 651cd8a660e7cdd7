/** Checks connect options and fills in what is absent. */
import { hostname } from 'node:os'
import { nanoid } from 'nanoid'
import { BusError } from '../api/errors.ts'
import type { ConnectOptions, Limits, Scope } from '../api/options.ts'
import { defaultLimits } from '../core/limits.ts'
import { SCOPES } from '../core/path/group.ts'
import { utf8 } from '../core/text.ts'
import { NAME_SIZE_MAX, TAG_SIZE_MAX, TAGS_MAX } from '../core/wire/hello.ts'
import { LOCAL_REALM, parseKey, realmKey } from './keyfile.ts'

export const DEFAULT_PORT = 62278
const DEFAULT_LINGER_MS = 2000
/** 40 Mbit/s: what a busy receiver takes in while nothing repairs what it loses. */
export const DEFAULT_RATE = 5_000_000

export interface Settings {
  readonly realm: string
  /** Undefined: an open realm. */
  readonly root: Uint8Array | undefined
  readonly scope: Scope
  readonly interfaces: readonly string[] | undefined
  readonly port: number
  readonly hops: number | undefined
  readonly fold: number
  readonly name: string
  readonly tags: Readonly<Record<string, string>>
  readonly rate: number
  readonly lingerMs: number
  readonly limits: Limits
}

/** Throws INVALID_OPTION or INVALID_KEY, naming the value and the mend. */
export async function settle(options: ConnectOptions): Promise<Settings> {
  checkNames(options)
  const { realm = LOCAL_REALM, scope = 'host', interface: wish, tags = {} } = options
  check(/^[\w.-]{1,64}$/.test(realm), ['realm', realm], '1 to 64 letters, digits, ".", "-" or "_"')
  check(Object.hasOwn(SCOPES, scope), ['scope', scope], `one of ${Object.keys(SCOPES).join(', ')}`)
  const name = options.name ?? `${hostname().slice(0, 40)}-${nanoid(6)}`
  check(utf8(name).length <= NAME_SIZE_MAX, ['name', name], `at most ${NAME_SIZE_MAX} bytes`)
  checkTags(tags)
  return {
    realm,
    root: await rootOf(options, realm),
    scope,
    interfaces: interfacesOf(wish),
    port: whole('port', options.port ?? DEFAULT_PORT, { min: 1, max: 65_535 }),
    hops:
      options.hops === undefined ? undefined : whole('hops', options.hops, { min: 0, max: 255 }),
    fold: whole('groups', options.groups ?? 0, { min: 0, max: 65_536 }),
    name,
    tags,
    rate: whole('rate', options.rate ?? DEFAULT_RATE, { min: 1000, max: 10 ** 11 }),
    lingerMs: whole('linger', options.linger ?? DEFAULT_LINGER_MS, { min: 0, max: 3_600_000 }),
    limits: limitsOf(options.limits ?? {}),
  }
}

/** A slip in an option's name must not go unseen: `scop` would leave the bus at scope host. */
function checkNames(options: ConnectOptions): void {
  if (typeof options !== 'object' || options === null) {
    throw new BusError(
      'INVALID_OPTION',
      `connect takes an object of options, not ${typeof options}`,
    )
  }
  for (const name of Object.keys(options)) {
    check(OPTIONS.has(name), ['options', name], `one of ${[...OPTIONS].join(', ')}`)
  }
  const { log } = options
  const logs = (['debug', 'info', 'warn', 'error'] as const).every(
    (level) => log === undefined || typeof log[level] === 'function',
  )
  check(logs, ['log', typeof log], 'an object with debug, info, warn and error, as pino makes')
}

async function rootOf(options: ConnectOptions, realm: string): Promise<Uint8Array | undefined> {
  const { key, open = false } = options
  check(typeof open === 'boolean', ['open', open], 'true or false')
  if (open) {
    check(key === undefined, ['open', open], 'a realm is either open or has a key, not both')
    return undefined
  }
  if (key === undefined) return realmKey(realm)
  if (typeof key === 'string') return parseKey(key, 'option "key"')
  if (!(key instanceof Uint8Array)) {
    throw new BusError('INVALID_KEY', 'option "key" is neither bytes nor the text of a key file')
  }
  if (key.length === 32) return key
  throw new BusError('INVALID_KEY', `option "key" has ${key.length} bytes: a realm's key has 32`)
}

function interfacesOf(wish: string | readonly string[] | undefined): readonly string[] | undefined {
  if (wish === undefined) return undefined
  const names = typeof wish === 'string' ? [wish] : wish
  const good = names.length > 0 && names.every((name) => typeof name === 'string' && name !== '')
  check(good, ['interface', wish], 'a name or glob such as "eth*", or a list of them')
  return names
}

function checkTags(tags: Readonly<Record<string, string>>): void {
  const entries = Object.entries(tags)
  check(entries.length <= TAGS_MAX, ['tags', entries.length], `at most ${TAGS_MAX} tags`)
  for (const [key, value] of entries) {
    const tag = `${key}=${value}`
    const good = key !== '' && !key.includes('=') && utf8(tag).length <= TAG_SIZE_MAX
    check(good, ['tags', tag], `key=value of at most ${TAG_SIZE_MAX} bytes, no "=" in the key`)
  }
}

function limitsOf(given: Partial<Limits>): Limits {
  for (const [name, value] of Object.entries(given)) {
    check(Object.hasOwn(defaultLimits, name), ['limits', name], 'a name of the interface Limits')
    whole(`limits.${name}`, value, { min: 1, max: Number.MAX_SAFE_INTEGER })
  }
  return { ...defaultLimits, ...given }
}

function whole(option: string, value: number, bounds: { min: number; max: number }): number {
  const { min, max } = bounds
  const good = Number.isInteger(value) && value >= min && value <= max
  check(good, [option, value], `a whole number from ${min} to ${max}`)
  return value
}

/** `mend` says what would be right. */
function check(good: boolean, [option, value]: readonly [string, unknown], mend: string): void {
  if (good) return
  throw new BusError('INVALID_OPTION', `option "${option}" is ${shown(value)}: ${mend}`)
}

/** JSON, but for what JSON has no words for: NaN, Infinity, bigint, undefined. */
function shown(value: unknown): string {
  const simple = typeof value === 'number' || typeof value === 'bigint' || value === undefined
  return simple ? String(value) : JSON.stringify(value)
}

const OPTIONS: ReadonlySet<string> = new Set([
  'realm',
  'key',
  'open',
  'scope',
  'interface',
  'port',
  'hops',
  'groups',
  'name',
  'tags',
  'identity',
  'rate',
  'linger',
  'codec',
  'limits',
  'log',
  'signal',
] satisfies (keyof ConnectOptions)[])
