/** Checks connect options and fills in what is absent. */
import { hostname } from 'node:os'
import { nanoid } from 'nanoid'
import { BusError } from '../api/errors.ts'
import { CONNECT } from '../api/option-rules.ts'
import type { ConnectOptions, Scope } from '../api/options.ts'
import { checkOptions } from '../api/rules.ts'
import { identityOf } from './identity.ts'
import { LOCAL_REALM } from './key-text.ts'
import { keyFileOf, realmKeyText } from './keyfile.ts'
import { type Opening, parseOpening } from './realm-keys.ts'
import { readRealmFile, type RealmSettings } from './realm-file.ts'
import { rightsOf } from './rights.ts'
import { openingOf, openRealm, paceOf, peersOf, relaysOf, type Settings } from './settled.ts'
import { given } from './given.ts'
import { pageIn } from './epoch-files.ts'

export const DEFAULT_PORT = 62278
/** Throws INVALID_OPTION or INVALID_KEY, naming the value and the mend. */
export async function settle(options: ConnectOptions): Promise<Settings> {
  checkOptions('connect', options, CONNECT)
  const { realm = LOCAL_REALM, interface: wish } = options
  const { scope = 'host', port, groups } = await sharedOf(options, realm)
  assertWays(options, scope)
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
    relays: relaysOf(options),
    ...peersOf(options),
    port: port ?? DEFAULT_PORT,
    hops: options.hops,
    fold: groups ?? 0,
    name: options.name ?? `${hostname().slice(0, 40)}-${nanoid(6)}`,
    ...paceOf(options),
  }
}

/** Throws INVALID_OPTION where there is no way to anybody, or one that excludes another. */
function assertWays(options: ConnectOptions, scope: Scope): void {
  const { multicast = true, peers, unicastPort } = options
  const linked = relaysOf(options).length > 0
  const named = peers !== undefined ? 'peers' : 'unicastPort'
  const isNamed = peers !== undefined || unicastPort !== undefined
  if (!multicast && !linked && !isNamed && scope !== 'host') {
    const mend =
      "give the address of a relay, such as { relay: 'wss://relay.example.org' }, or peers"
    throw invalid(`option "multicast" is false, and there is no relay: ${mend}`)
  }
  if (isNamed && scope === 'host') {
    const mend = "give a wider scope, such as 'link'"
    throw invalid(`option "${named}" is of no use at scope 'host', which no packet leaves: ${mend}`)
  }
  if (isNamed && !multicast && linked) {
    const mend = 'leave out one of the three'
    const fault = 'is of no use with a relay and without multicast, where nothing goes by UDP'
    throw invalid(`option "${named}" ${fault}: ${mend}`)
  }
}

function invalid(message: string): BusError {
  return new BusError('INVALID_OPTION', message)
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
  const key = await given('key', options.key, options.signal)
  if (options.open) return openRealm(key)
  if (key === undefined) {
    const source = `the key file ${keyFileOf(realm)}`
    return parseOpening(await realmKeyText(realm, options.signal), { source, realm })
  }
  return openingOf(key, realm)
}
