/** Every option of every call with what it may be: one table for each call. */
import { SCOPES } from '../core/path/group.ts'
import { DELIVERIES } from '../core/peer/binding.ts'
import { PROOFS, RETAIN_MAX } from '../core/publication.ts'
import { utf8 } from '../core/text.ts'
import { GRANTS_MAX } from '../core/wire/grant.ts'
import { NAME_SIZE_MAX, TAG_SIZE_MAX, TAGS_MAX } from '../core/wire/hello.ts'
import type { RotateOptions, RotatingOptions } from './rotate-options.ts'
import type { GrantOptions } from './grant-options.ts'
import type { InviteOptions, JoinOptions } from './join-options.ts'
import type { ReceiveFilesOptions, SendFileOptions } from './file-options.ts'
import type {
  Cancel,
  CloseOptions,
  ConnectOptions,
  MatchedOptions,
  Overflow,
  PublishOptions,
  SubscribeOptions,
} from './options.ts'
import {
  described,
  each,
  type Fault,
  flag,
  hasControl,
  isObject,
  isRealmName,
  kindOf,
  limitsRule,
  methods,
  oneOf,
  REALM_NAME,
  type Rule,
  rule,
  type Rules,
  shown,
  share,
  whole,
} from './rules.ts'
import { parsePeerAddress, PEER_ADDRESS_MEND, PEER_ADDRESSES_MAX } from './peer-address.ts'
import { isSchema, SCHEMA_MEND } from './schema.ts'
import { busLimits } from './limits.ts'

const OVERFLOWS: readonly Overflow[] = ['drop-oldest', 'drop-newest', 'latest', 'fail']
const HOUR_MS = 3_600_000

export const signal: Rule = described(
  ({ aborted, addEventListener }) =>
    typeof aborted === 'boolean' && typeof addEventListener === 'function',
  'an AbortSignal, as AbortSignal.timeout(1000) makes',
)
const linger = whole(0, HOUR_MS)

const callback = described((value) => typeof value === 'function', 'a function')
const flow = rule(isFlow, "'max', 'min', or { tagged: 'key=value' }")
const tags: Rule = { faultOf: tagsFault, bounds: [TAGS_MAX, TAG_SIZE_MAX] }
const limits = limitsRule(busLimits, '{ peers: 64 }')

export const CONNECT: Rules<ConnectOptions> = {
  realm: rule(isRealmName, REALM_NAME, [1, 64]),
  // A message about a key must not show it: who reads it says what is wrong.
  key: rule(() => true, '', [32]),
  open: flag,
  scope: oneOf(Object.keys(SCOPES)),
  interface: rule(isInterfaces, 'a name or glob such as "eth*", or a list of them'),
  relay: each(isRelay, { mend: 'a ws:// or wss:// address, or a list of them' }),
  multicast: flag,
  native: flag,
  peers: each(isPeerAddress, { mend: PEER_ADDRESS_MEND, most: PEER_ADDRESSES_MAX }),
  unicastPort: whole(1, 65_535),
  port: whole(1, 65_535),
  hops: whole(0, 255),
  groups: whole(0, 65_536),
  name: rule(
    (value) =>
      typeof value === 'string' && utf8(value).length <= NAME_SIZE_MAX && !hasControl(value),
    `text of at most ${NAME_SIZE_MAX} bytes without control characters`,
    [NAME_SIZE_MAX],
  ),
  tags,
  identity: { faultOf: identityFault, bounds: [] },
  rights: rule((value) => typeof value === 'string', 'the text of rights, as grant() makes it'),
  page: rule((value) => typeof value === 'string', 'the text of a page, as rotate() makes it'),
  keep: callback,
  rate: whole(1000, 10 ** 11),
  minRate: whole(1000, 10 ** 11),
  linger,
  proof: oneOf(PROOFS),
  keyLog: rule((value) => typeof value === 'string' && value !== '', 'the path of a file'),
  codec: methods(['encode', 'decode'], 'an object with encode and decode'),
  limits,
  log: methods(
    ['debug', 'info', 'warn', 'error'],
    'an object with debug, info, warn and error, as pino makes',
  ),
  signal,
}

export const PUBLISH: Rules<PublishOptions> = {
  delivery: oneOf(DELIVERIES),
  urgent: flag,
  expires: whole(1, 24 * HOUR_MS),
  flow,
  retain: whole(0, RETAIN_MAX),
  proof: oneOf(PROOFS),
  shared: flag,
}

export const schema: Rule = {
  faultOf: (value) => (isSchema(value) ? undefined : { found: kindOf(value), mend: SCHEMA_MEND }),
  bounds: [],
}

export const SUBSCRIBE: Rules<SubscribeOptions<unknown>> = {
  schema,
  queue: whole(1),
  overflow: oneOf(OVERFLOWS),
  gaps: flag,
  history: rule(isHistory, "'last', 'all', a whole number of messages from 0, or { since: ms }"),
  live: flag,
  share,
  again: flag,
  proof: oneOf(PROOFS),
  signal,
}

export const MATCHED: Rules<MatchedOptions> = {
  flow,
  proof: oneOf(PROOFS),
  shared: flag,
  count: whole(0),
  timeout: whole(0, 24 * HOUR_MS),
  signal,
}

export const SEND_FILE: Rules<SendFileOptions> = {
  count: whole(1, busLimits.receivers),
  timeout: whole(0, 24 * HOUR_MS),
  name: rule((value) => typeof value === 'string', 'the name that receivers are to see'),
  progress: callback,
  signal,
}

export const RECEIVE_FILES: Rules<ReceiveFilesOptions> = {
  overwrite: flag,
  sizeMax: whole(1),
  progress: callback,
  refused: callback,
  signal,
}

const patterns = rule(
  (value) => Array.isArray(value) && value.every((one) => typeof one === 'string'),
  "a list of patterns such as ['home/**']",
)
const date = rule((value) => value instanceof Date && value.getTime() >= 0, 'a Date')
const pair: Rule = { faultOf: (value) => keyPair.faultOf(value), bounds: [] }

export const GRANT: Rules<GrantOptions> = {
  realm: CONNECT.realm,
  // A message about a key must not show it.
  key: rule(() => true, ''),
  issuer: pair,
  rights: CONNECT.rights,
  to: rule(
    (value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value),
    'an identity, 64 hexadecimal digits',
    [64],
  ),
  publish: patterns,
  subscribe: patterns,
  expose: patterns,
  write: patterns,
  relay: patterns,
  from: date,
  until: date,
  depth: whole(0, GRANTS_MAX - 1),
}

const { scope, interface: interfaces, port, hops, name, log } = CONNECT
const place = { scope, interface: interfaces, port, hops, name, log, signal }

export const INVITE: Rules<InviteOptions> = {
  ...place,
  realm: GRANT.realm,
  key: GRANT.key,
  issuer: GRANT.issuer,
  rights: GRANT.rights,
  until: GRANT.until,
  depth: GRANT.depth,
  publish: patterns,
  subscribe: patterns,
  expose: patterns,
  write: patterns,
  guest: flag,
  groups: CONNECT.groups,
  only: GRANT.to,
  admit: callback,
  expires: whole(1000, 24 * HOUR_MS),
  refused: callback,
}

export const JOIN: Rules<JoinOptions> = {
  ...place,
  identity: GRANT.issuer,
  timeout: whole(0, 24 * HOUR_MS),
}

const identity = GRANT.to
const member = described(
  ({ identity: name, topics, ...more }) =>
    identity.faultOf(name) === undefined &&
    (topics === undefined || patterns.faultOf(topics) === undefined) &&
    Object.keys(more).length === 0,
  '{ identity }, of 64 hexadecimal digits, and for a guest topics',
)

export const ROTATE: Rules<RotateOptions> = {
  realm: CONNECT.realm,
  // A message about a key must not show it.
  key: rule(() => true, ''),
  owner: pair,
  members: listOf(member, 'a list of { identity, topics }'),
  revoked: listOf(identity, 'a list of identities, 64 hexadecimal digits each'),
  revokedSerials: listOf(whole(0), 'a list of serials'),
  atOnce: flag,
}

export const ROTATING: Rules<RotatingOptions> = {
  next: callback,
  every: whole(1000),
  volume: whole(1),
  signal,
}

export const CLOSE: Rules<CloseOptions> = { linger, signal }

/** For waits that have no option but to be given up. */
export const CANCEL: Rules<Cancel> = { signal }

/** A list of what the rule allows. */
function listOf(one: Rule, mend: string): Rule {
  const good = (value: unknown): boolean => one.faultOf(value) === undefined
  return rule((value) => Array.isArray(value) && value.every(good), mend)
}

const keyPair = described(
  ({ publicKey, secretKey }) => isBytes(publicKey) && isBytes(secretKey),
  'an object with publicKey and secretKey, 32 bytes each; newIdentity() makes one',
)

/** The text of an identity file, and what a function brings, is looked at when it is read. */
function identityFault(value: unknown): Fault | undefined {
  return ['string', 'function'].includes(typeof value) ? undefined : keyPair.faultOf(value)
}

function isFlow(value: unknown): boolean {
  if (value === 'max' || value === 'min') return true
  if (!isObject(value) || Object.keys(value).length !== 1) return false
  return typeof value['tagged'] === 'string' && /^[^=]+=/.test(value['tagged'])
}

function isBytes(value: unknown): boolean {
  return value instanceof Uint8Array
}

function isHistory(value: unknown): boolean {
  if (value === 'last' || value === 'all') return true
  if (!isObject(value)) return Number.isSafeInteger(value) && Number(value) >= 0
  const { since, ...others } = value as { since?: unknown } // looked at as what it may be
  return Number.isFinite(since) && Number(since) >= 0 && Object.keys(others).length === 0
}

function isInterfaces(value: unknown): boolean {
  const names: readonly unknown[] = Array.isArray(value) ? value : [value]
  return names.length > 0 && names.every((name) => typeof name === 'string' && name !== '')
}

function isPeerAddress(value: unknown): boolean {
  return typeof value === 'string' && parsePeerAddress(value) !== undefined
}

function isRelay(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false
  const { protocol, hash } = new URL(value)
  return /^wss?:$/.test(protocol) && hash === ''
}

function tagsFault(value: unknown): Fault | undefined {
  if (!isObject(value)) return { found: shown(value), mend: "an object such as { role: 'pump' }" }
  const entries = Object.entries(value)
  if (entries.length > TAGS_MAX) {
    return { found: String(entries.length), mend: `at most ${TAGS_MAX} tags` }
  }
  const mend = `key=value of at most ${TAG_SIZE_MAX} bytes, no "=" in the key, no control characters`
  for (const [key, text] of entries) {
    if (typeof text !== 'string') return { part: `.${key}`, found: shown(text), mend: 'give text' }
    const tag = `${key}=${text}`
    const named = key !== '' && !key.includes('=')
    const good = named && utf8(tag).length <= TAG_SIZE_MAX && !hasControl(tag)
    if (!good) return { found: shown(tag), mend }
  }
  return undefined
}
