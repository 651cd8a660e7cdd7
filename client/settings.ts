/** Checks connect options for a page and fills in what is absent. */
import { nanoid } from 'nanoid'
import { BusError } from '../bus/api/errors.ts'
import { CONNECT } from '../bus/api/option-rules.ts'
import type { ConnectOptions, Identity } from '../bus/api/options.ts'
import { checkOptions } from '../bus/api/rules.ts'
import { readPage } from '../bus/io/epochs.ts'
import { given } from '../bus/io/given.ts'
import { parseSeed } from '../bus/io/identity-text.ts'
import { LOCAL_REALM } from '../bus/io/key-text.ts'
import type { Opening } from '../bus/io/realm-keys.ts'
import { settledRights } from '../bus/io/rights-text.ts'
import {
  openingOf,
  openRealm,
  paceOf,
  peersOf,
  relaysOf,
  type Settings,
} from '../bus/io/settled.ts'
import { tweetnaclCrypto } from '../bus/io/tweetnacl.ts'
import { identityOfSeed, newIdentity, verifyNow } from './ed25519.ts'

/** Throws INVALID_OPTION, INVALID_KEY or DENIED, naming the value and the mend. */
export async function settlePage(options: ConnectOptions): Promise<Settings> {
  checkOptions('connect', options, CONNECT)
  assertForPages(options)
  const { realm = LOCAL_REALM, scope = 'host' } = options
  const { root, ring, owner, epoch, epochKey } = await keyOf(options, realm)
  const identity = await identityOf(options)
  const whose = { realm, root, ring, owner, identity, text: options.rights }
  const by = { crypto: tweetnaclCrypto, verify: verifyNow, find: () => Promise.resolve(undefined) }
  return {
    realm,
    root,
    ring,
    owner,
    epoch,
    epochKey,
    page: options.page === undefined ? undefined : readPage(options.page),
    ownFiles: false,
    identity,
    ...(await settledRights(whose, by)),
    scope,
    interfaces: undefined,
    relays: relaysOf(options),
    ...peersOf({}),
    port: 0,
    hops: undefined,
    fold: options.groups ?? 0,
    name: options.name ?? `page-${nanoid(6)}`,
    ...paceOf(options),
  }
}

function assertForPages(options: ConnectOptions): void {
  if (options.keyLog !== undefined) {
    const mend = 'it has no files; let a process on Node write it'
    throw new BusError('INVALID_OPTION', `option "keyLog" is of no use in a page: ${mend}`)
  }
  for (const name of UDP_OPTIONS) {
    if (options[name] === undefined) continue
    const mend = "it has no network of its own, and the relay's is the relay's matter; leave it out"
    throw new BusError('INVALID_OPTION', `option "${name}" is of no use in a page: ${mend}`)
  }
  if (relaysOf(options).length > 0) return
  const mend = "give the address of a relay, such as { relay: 'wss://relay.example.org' }"
  throw new BusError(
    'INVALID_OPTION',
    `option "relay" is missing, and pages have no other way: ${mend}`,
  )
}

async function keyOf(options: ConnectOptions, realm: string): Promise<Opening> {
  const key = await given('key', options.key, options.signal)
  if (options.open) return openRealm(key)
  if (key !== undefined) return openingOf(key, realm)
  const mend = 'give it (option "key"), as from openVault() of sixcast/vault, or open: true'
  throw new BusError('INVALID_KEY', `realm "${realm}" has no key in this page: ${mend}`)
}

async function identityOf(options: ConnectOptions): Promise<Identity> {
  const found = await given('identity', options.identity, options.signal)
  if (found === undefined) return newIdentity()
  if (typeof found === 'string') return identityOfSeed(parseSeed(found, 'option "identity"'))
  // Of what a function brings nothing has been looked at yet.
  checkOptions('connect', { identity: found }, CONNECT)
  return found
}

/** What belongs to a network of one's own. */
const UDP_OPTIONS = [
  'interface',
  'port',
  'hops',
  'multicast',
  'native',
  'peers',
  'unicastPort',
] as const
