/** The JSON Schema of a configuration file with a relay's settings, for editors and for checks before a restart. */
import { SCOPES } from '../core/path/group.ts'
import { PROOFS } from '../core/publication.ts'
import { LOG_LEVELS, type RelaySettingName, type Settings } from './settings.ts'

/** `known` are the limits that there are, with their defaults. */
export function relaySchema(known: Readonly<Record<string, number>>): object {
  const limits = Object.entries(known).map(([name, value]) => {
    return [name, { type: 'integer', minimum: 1, default: value }]
  })
  const limit: object = {
    description: 'Limits of the relay by name (docs/api.md, "Limits of a relay")',
    type: 'object',
    properties: Object.fromEntries(limits),
    additionalProperties: false,
  }
  const relay: Record<Exclude<RelaySettingName, 'limit'>, object> = {
    listen: {
      ...text('Where links come to: [ADDRESS]:PORT, NAME:PORT, or :PORT for every address'),
      pattern: '^(\\[[0-9a-fA-F:.]+\\]|[A-Za-z0-9.-]*):[0-9]{1,5}$',
      default: '[::1]:62278',
    },
    bridge: { ...flag('Carry from one interface to another, at scope link'), default: true },
    link: several('Addresses of other relays, to join with all that they reach', WEBSOCKET),
    nats: several('Servers of NATS by which relays meet, at most 16', NATS_URL),
    'nats-credentials': text('The file that proves the relay to them, env:NAME or fd:N'),
    links: { ...whole('Links at once at most', 1, 1_000_000), default: known['links'] },
    origin: several('Web origins whose pages may call', ORIGIN),
    metrics: { ...flag('Tell the counters at /metrics to whoever asks'), default: false },
    dashboard: text('The file of the token that opens /dashboard, env:NAME, fd:N, or new'),
  }
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'The configuration of sixcast relay',
    type: 'object',
    properties: { $schema: { type: 'string' }, ...SHARED, ...relay, limit, ...AGENT },
    additionalProperties: false,
  }
}

function text(description: string): object {
  return { description, type: 'string', minLength: 1 }
}

function flag(description: string): object {
  return { description, type: 'boolean' }
}

function whole(description: string, minimum: number, maximum: number): object {
  return { description, type: 'integer', minimum, maximum }
}

function choice(description: string, words: readonly string[]): object {
  return { description, enum: words }
}

/** One text, or a list of them. */
function several(description: string, pattern: string): object {
  const one = { type: 'string', minLength: 1, pattern }
  return { description, anyOf: [one, { type: 'array', items: one, minItems: 1 }] }
}

const WEBSOCKET = '^wss?://[^/?#@]+'
const NATS_URL = '^(nats|tls)://[^/?#]+/?$'
/** Pages name no port that is the usual one, and hosts in small letters. */
const ORIGIN =
  '^(?!http://.*:80$)(?!https://.*:443$)(?!https?://.*[A-Z])[a-z][a-z0-9+.-]*://[^/?#@\\s]+$'
const ANY = '.'

/** What every command understands; a relay has no use for some of it. */
const SHARED: Record<keyof Settings, object> = {
  realm: { ...text('The realm'), pattern: '^[A-Za-z0-9._-]{1,64}$', default: 'local' },
  key: text('The key file, or env:NAME or fd:N; beside this file where it is relative'),
  identity: text('The identity file; of no use to a relay'),
  rights: text('The file of rights; of no use to a relay'),
  open: { ...flag('No key: everybody reads, writes and forges'), default: false },
  scope: { ...choice('How far packets go', Object.keys(SCOPES)), default: 'host' },
  interface: several('Names or globs of network interfaces', ANY),
  relay: several('Addresses of relays; of no use to a relay', WEBSOCKET),
  multicast: { ...flag('By multicast as well; no: links reach each other alone'), default: true },
  native: flag('Many datagrams a system call; of no use to a relay'),
  peers: several('Peers to reach by unicast; of no use to a relay', ANY),
  'unicast-port': whole('UDP port where unicast comes; of no use to a relay', 1, 65_535),
  port: { ...whole('UDP port', 1, 65_535), default: 62_278 },
  hops: whole('Hop limit', 0, 255),
  name: text('Shown to others; of no use to a relay'),
  linger: {
    description: 'Seconds; of no use to a relay',
    type: 'number',
    minimum: 0,
    maximum: 3600,
  },
  proof: choice('What proves who has published; of no use to a relay', PROOFS),
  'key-log': text('A file for the keys of packets; of no use to a relay'),
  'log-level': { ...choice('What is logged', LOG_LEVELS), default: 'warn' },
}

/** Of `sixcast agent`, which may have the same file. */
const AGENT = {
  actions: { description: 'Of sixcast agent', type: 'object' },
  variables: { description: 'Of sixcast agent', type: 'object' },
}
