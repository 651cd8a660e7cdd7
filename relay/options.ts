/** The options of a relay, checked and filled in. */
import { existsSync } from 'node:fs'
import type { Server as HttpServer } from 'node:http'
import { BusError } from '../bus/api/errors.ts'
import { CONNECT } from '../bus/api/option-rules.ts'
import type { Scope } from '../bus/api/options.ts'
import {
  checkOptions,
  described,
  flag,
  isObject,
  limitsRule,
  methods,
  rule,
  type Rules,
} from '../bus/api/rules.ts'
import type { Crypto } from '../bus/core/env.ts'
import { controlParts } from '../bus/core/seal/keys.ts'
import { type ControlKey, isControlKey, parseControlKey } from '../bus/io/control-key.ts'
import { given } from '../bus/io/given.ts'
import { type Listen, LISTEN_EXAMPLE, parseListen } from '../bus/io/listen.ts'
import { DEFAULT_PORT, keyOf, sharedOf } from '../bus/io/settings.ts'
import { ORIGINS } from '../bus/io/origins.ts'
import { realmOptions } from '../bus/io/realm-keys.ts'
import { LOCAL_REALM } from '../bus/io/key-text.ts'
import { controlFileOf, readKeyText } from '../bus/io/keyfile.ts'
import { TOKEN } from '../bus/io/dashboard-token.ts'
import { type RelayLimits, defaultRelayLimits } from './limits.ts'
import { namesUser, NATS, NATS_CREDENTIALS } from '../bus/io/nats-servers.ts'
import type { Backbone, RelayOptions } from './types.ts'

export const SERVE: Rules<RelayOptions> = {
  listen: rule(
    (value) => isServer(value) || (typeof value === 'string' && parseListen(value) !== undefined),
    `text such as ${LISTEN_EXAMPLE}, or an HTTP server`,
    [0, 65_535],
  ),
  realm: CONNECT.realm,
  key: CONNECT.key,
  open: flag,
  scope: CONNECT.scope,
  multicast: flag,
  interface: CONNECT.interface,
  bridge: flag,
  links: CONNECT.relay,
  nats: NATS,
  natsCredentials: NATS_CREDENTIALS,
  backbone: methods(
    ['open', 'subscribe', 'unsubscribe', 'publish', 'close'],
    'an object with the methods of Backbone',
  ),
  port: CONNECT.port,
  hops: CONNECT.hops,
  origins: ORIGINS,
  admit: described((value) => typeof value === 'function', 'a function'),
  metrics: flag,
  dashboard: TOKEN,
  limits: limitsRule(defaultRelayLimits, '{ links: 64 }'),
  log: CONNECT.log,
  signal: CONNECT.signal,
}

/** What `reload` changes is changed in here, so that everybody who has it sees it. */
export interface RelaySettings {
  /** Undefined: the program's own server listens. */
  readonly listen: Listen | undefined
  readonly server: HttpServer | undefined
  readonly scope: Scope
  readonly multicast: boolean
  readonly interface: readonly string[] | undefined
  readonly bridge: boolean
  readonly links: readonly string[]
  readonly nats: readonly string[]
  readonly natsCredentials: string | undefined
  readonly backbone: Backbone | undefined
  readonly port: number
  readonly hops: number | undefined
  readonly origins: readonly string[]
  readonly metrics: boolean
  readonly dashboard: string | undefined
  readonly limits: RelayLimits
  /** Of a logger that has one, as pino's do. */
  readonly logLevel: unknown
}

/** Throws INVALID_OPTION or INVALID_KEY, naming the value and the mend. */
export async function settleRelay(
  crypto: Crypto,
  options: RelayOptions,
): Promise<RelaySettings & ControlKey> {
  const settings = await plainSettings('serve', options)
  return { ...settings, ...(await controlKeyOf(crypto, options)) }
}

/** All but the key, of which another function knows. */
export async function plainSettings(call: string, options: RelayOptions): Promise<RelaySettings> {
  checkOptions(call, options, SERVE)
  const { listen = DEFAULT_LISTEN, interface: wish, links = [], nats = [] } = options
  const { scope = 'host', port } = await sharedOf(options, options.realm ?? LOCAL_REALM)
  // Looked at by the rule above: it listens, and has the marks of Node's own.
  const server = typeof listen === 'string' ? undefined : (listen as unknown as HttpServer)
  if (server) assertOwn(options)
  const servers = typeof nats === 'string' ? [nats] : nats
  if (options.backbone && servers.length > 0) {
    const mend = 'a relay has one backbone: leave one of the two out'
    throw new BusError('INVALID_OPTION', `options "nats" and "backbone" are both there: ${mend}`)
  }
  const { natsCredentials } = options
  if (natsCredentials !== undefined) assertUsed(servers)
  return {
    listen: typeof listen === 'string' ? parseListen(listen) : undefined,
    server,
    scope,
    multicast: options.multicast ?? true,
    interface: typeof wish === 'string' ? [wish] : wish,
    bridge: options.bridge ?? true,
    links: typeof links === 'string' ? [links] : links,
    nats: servers,
    natsCredentials,
    backbone: options.backbone,
    port: port ?? DEFAULT_PORT,
    hops: options.hops,
    origins: options.origins ?? [],
    metrics: options.metrics ?? false,
    dashboard: options.dashboard,
    limits: { ...defaultRelayLimits, ...options.limits },
    logLevel: (options.log as { readonly level?: unknown } | undefined)?.level,
  }
}

/** On a server of the program's own the relay answers calls alone. */
function assertOwn({ dashboard, metrics }: RelayOptions): void {
  const name = dashboard === undefined ? metrics && 'metrics' : 'dashboard'
  if (!name) return
  const mend = 'leave it out, or let the relay listen by itself (option "listen" as text)'
  throw new BusError('INVALID_OPTION', `option "${name}" is for the relay's own server: ${mend}`)
}

/** Credentials are for servers that are named, and by their address in no other way. */
function assertUsed(servers: readonly string[]): void {
  const fault =
    servers.length === 0
      ? 'there are no servers: name them by option "nats", or leave it out'
      : 'a server has a user or token in its address as well: leave one of the two out'
  if (servers.length > 0 && !namesUser(servers)) return
  throw new BusError('INVALID_OPTION', `option "natsCredentials" is of no use: ${fault}`)
}

/** The whole key is forgotten as soon as the part that a relay needs has been derived. */
export async function controlKeyOf(crypto: Crypto, options: RelayOptions): Promise<ControlKey> {
  const { realm = LOCAL_REALM, open = false, signal } = options
  const key = (await given('key', options.key, signal)) ?? (await ownControlKey(options))
  if (typeof key !== 'string' || !isControlKey(key)) {
    const found = await keyOf({ ...options, ...(key !== undefined && { key }) }, realm)
    const all = found.ring ?? controlParts(crypto, realmOptions(realm, found))
    return { parts: all, owner: found.owner }
  }
  const { parts, owner } = parseControlKey(key, 'option "key"')
  if (open || (options.realm !== undefined && realm !== parts.name)) {
    const mend = `it is the control key of the realm "${parts.name}", which it names itself`
    throw new BusError('INVALID_OPTION', `option "key" is of another realm: ${mend}`)
  }
  return { parts, owner }
}

/** The realm's control key at its usual place, if there is one. */
async function ownControlKey(options: RelayOptions): Promise<string | undefined> {
  const { realm = LOCAL_REALM, open, signal } = options
  const path = controlFileOf(realm)
  return open || !existsSync(path) ? undefined : readKeyText(path, signal)
}

function isServer(value: unknown): boolean {
  return isObject(value) && typeof value['listen'] === 'function' && 'headersTimeout' in value
}

const DEFAULT_LISTEN = `[::1]:${DEFAULT_PORT}`
