/** Checks connect options and fills in what is absent. */
import { hostname } from 'node:os'
import { nanoid } from 'nanoid'
import { BusError } from '../api/errors.ts'
import { CONNECT } from '../api/option-rules.ts'
import type { ConnectOptions, Identity, Limits, Scope } from '../api/options.ts'
import { checkOptions } from '../api/rules.ts'
import { defaultLimits } from '../core/limits.ts'
import type { Rights } from '../core/rights.ts'
import type { KeyRing } from '../core/seal/keys.ts'
import { identityOf } from './identity.ts'
import { keyFileOf, LOCAL_REALM, realmKeyText } from './keyfile.ts'
import { type Opening, parseOpening } from './realm-keys.ts'
import { readRealmFile, type RealmSettings } from './realm-file.ts'
import { rightsOf } from './rights.ts'
import { given } from './secret.ts'
import { pageIn } from './epoch-files.ts'

export const DEFAULT_PORT = 62278
const DEFAULT_LINGER_MS = 2000
/** 40 Mbit/s: what a busy receiver takes in while nothing repairs what it loses. */
export const DEFAULT_RATE = 5_000_000

export interface Settings {
  readonly realm: string
  /** Neither root nor ring: an open realm. */
  readonly root: Uint8Array | undefined
  /** A guest's keys. */
  readonly ring: KeyRing | undefined
  readonly owner: Uint8Array | undefined
  readonly epoch: number | undefined
  readonly epochKey: Uint8Array | undefined
  /** The newest page that is known. */
  readonly page: Uint8Array | undefined
  /** Whether key and page are those of the realm's own files, which follow its epochs. */
  readonly ownFiles: boolean
  readonly identity: Identity
  /** What this process may do; undefined: everything. */
  readonly rights: Rights | undefined
  /** Reads other rights of the same identity. */
  readonly readRights: (text: string) => Rights
  readonly scope: Scope
  readonly interfaces: readonly string[] | undefined
  /** Addresses of relays; empty: none is used. */
  readonly relays: readonly string[]
  readonly port: number
  readonly hops: number | undefined
  readonly fold: number
  readonly name: string
  readonly tags: Readonly<Record<string, string>>
  readonly rate: number
  readonly minRate: number
  readonly lingerMs: number
  readonly limits: Limits
}

/** Throws INVALID_OPTION or INVALID_KEY, naming the value and the mend. */
export async function settle(options: ConnectOptions): Promise<Settings> {
  checkOptions('connect', options, CONNECT)
  const { realm = LOCAL_REALM, interface: wish, relay = [] } = options
  const { scope = 'host', port, groups } = await sharedOf(options, realm)
  const { root, ring, owner, epoch, epochKey } = await keyOf(options, realm)
  const ownFiles = options.key === undefined && !options.open && owner !== undefined
  const identity = await identityOf(options, realm)
  return {
    realm,
    root,
    ring,
    owner,
    epoch,
    epochKey,
    page: await pageIn(options, ownFiles ? realm : undefined),
    ownFiles,
    identity,
    ...(await rightsOf(options, { realm, root, ring, owner, identity })),
    scope,
    interfaces: typeof wish === 'string' ? [wish] : wish,
    relays: typeof relay === 'string' ? [relay] : relay,
    port: port ?? DEFAULT_PORT,
    hops: options.hops,
    fold: groups ?? 0,
    name: options.name ?? `${hostname().slice(0, 40)}-${nanoid(6)}`,
    tags: options.tags ?? {},
    rate: options.rate ?? DEFAULT_RATE,
    minRate: options.minRate ?? Math.max(1000, (options.rate ?? DEFAULT_RATE) / 20),
    lingerMs: options.linger ?? DEFAULT_LINGER_MS,
    limits: { ...defaultLimits, ...options.limits },
  }
}

/** What of the options says which realm it is. */
type KeyOptions = Pick<ConnectOptions, 'scope' | 'port' | 'groups' | 'key' | 'open' | 'signal'>

/** What all peers of the realm share: options win over the realm's own file beside its key. */
export async function sharedOf(options: KeyOptions, realm: string): Promise<RealmSettings> {
  const { scope, port, groups, key, open, signal } = options
  const file = key === undefined && !open ? await readRealmFile(realm, signal) : {}
  return {
    ...file,
    ...(scope !== undefined && { scope }),
    ...(port !== undefined && { port }),
    ...(groups !== undefined && { groups }),
  }
}

/** The keys that the options name; no root: an open realm. */
export async function keyOf(options: KeyOptions, realm: string): Promise<Opening> {
  const { open = false, signal } = options
  const key = await given('key', options.key, signal)
  if (open) {
    if (key === undefined) return {}
    const mend = 'a realm is either open or has a key, not both'
    throw new BusError('INVALID_OPTION', `option "open" is true beside a key: ${mend}`)
  }
  if (key === undefined) {
    const source = `the key file ${keyFileOf(realm)}`
    return parseOpening(await realmKeyText(realm, signal), { source, realm })
  }
  if (typeof key === 'string') return parseOpening(key, { source: 'option "key"', realm })
  if (!(key instanceof Uint8Array)) {
    throw new BusError('INVALID_KEY', 'option "key" is neither bytes nor the text of a key file')
  }
  if (key.length === 32) return { root: key }
  throw new BusError('INVALID_KEY', `option "key" has ${key.length} bytes: a realm's key has 32`)
}
