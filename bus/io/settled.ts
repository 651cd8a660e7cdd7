/** What connect options come to, wherever they are read. */
import { BusError } from '../api/errors.ts'
import type { ConnectOptions, Identity, Limits, Proof, Scope } from '../api/options.ts'
import { busLimits } from '../api/limits.ts'
import type { Rights } from '../core/rights.ts'
import type { KeyRing } from '../core/seal/keys.ts'
import { type Opening, parseOpening } from './realm-keys.ts'

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
  /** Addresses of peers to reach by unicast, and the port where it comes to this process. */
  readonly peers: readonly string[]
  readonly unicastPort: number | undefined
  readonly port: number
  readonly hops: number | undefined
  readonly fold: number
  readonly name: string
  readonly tags: Readonly<Record<string, string>>
  readonly rate: number
  readonly minRate: number
  readonly lingerMs: number
  readonly proof: Proof
  readonly limits: Limits
}

/** How fast, how long and how much. */
export function paceOf(
  options: ConnectOptions,
): Pick<Settings, 'tags' | 'rate' | 'minRate' | 'lingerMs' | 'proof' | 'limits'> {
  const { tags = {}, rate = DEFAULT_RATE, linger = DEFAULT_LINGER_MS } = options
  return {
    tags,
    rate,
    minRate: options.minRate ?? Math.max(1000, rate / 20),
    lingerMs: linger,
    proof: options.proof ?? 'group',
    limits: { ...busLimits, ...options.limits },
  }
}

export function relaysOf({ relay = [] }: ConnectOptions): readonly string[] {
  return typeof relay === 'string' ? [relay] : relay
}

/** Whom unicast is to reach, and where it comes. */
export function peersOf({
  peers = [],
  unicastPort,
}: ConnectOptions): Pick<Settings, 'peers' | 'unicastPort'> {
  return { peers: typeof peers === 'string' ? [peers] : peers, unicastPort }
}

/** The keys of an open realm: none. Throws INVALID_OPTION beside a key. */
export function openRealm(key: unknown): Opening {
  if (key === undefined) return {}
  const mend = 'a realm is either open or has a key, not both'
  throw new BusError('INVALID_OPTION', `option "open" is true beside a key: ${mend}`)
}

/** What option "key" opens. Throws INVALID_KEY. */
export function openingOf(key: unknown, realm: string): Opening {
  if (typeof key === 'string') return parseOpening(key, { source: 'option "key"', realm })
  if (!(key instanceof Uint8Array)) {
    throw new BusError('INVALID_KEY', 'option "key" is neither bytes nor the text of a key file')
  }
  // A copy, also of a Buffer, whose slice is none: it is overwritten at the end.
  if (key.length === 32) return { root: new Uint8Array(key) }
  throw new BusError('INVALID_KEY', `option "key" has ${key.length} bytes: a realm's key has 32`)
}
