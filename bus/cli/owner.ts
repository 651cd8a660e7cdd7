/** What the owner of a realm has on this host, for the commands that only the owner can run. */
import { isRealmName, REALM_NAME } from '../api/rules.ts'
import type { Identity } from '../index.ts'
import { grant } from '../io/grants.ts'
import { identityOf, keyName, readIdentity } from '../io/identity.ts'
import { keyText, type RealmKey } from '../io/key-text.ts'
import { isThere, keyFileOf, readKeyFile } from '../io/keyfile.ts'
import { ownerFileOf } from '../io/realm-file.ts'
import { readRegister } from '../io/register.ts'
import { rightsFileOf } from '../io/rights.ts'
import type { World } from './command.ts'
import { Failure, UsageError } from './exit.ts'
import { identityNamed, secretNamed } from './secrets.ts'
import { shownJson } from './shown.ts'
import { text } from './values.ts'

export interface Owned {
  readonly realm: string
  readonly key: RealmKey & { readonly owner: Uint8Array }
  readonly owner: Identity
}

/** What is granted, and to whom. */
export interface Given {
  readonly to: string
  readonly until: Date
  readonly publish: readonly string[]
  readonly subscribe: readonly string[]
  readonly expose: readonly string[]
  readonly write: readonly string[]
  readonly depth?: number
}

/** The realm that --realm names, with the key of its owner. */
export async function ownedRealm(
  { settings, interrupt }: World,
  otherwise = 'make a realm of your own by: sixcast init NAME',
): Promise<Owned> {
  const { realm } = settings
  if (realm === undefined) throw new UsageError('name a realm of yours: --realm NAME')
  assertName(realm)
  const path = ownerFileOf(realm)
  if (!(await isThere(path))) {
    const mend = `only its owner can do this; ${otherwise}`
    throw new Failure(
      'DENIED',
      `the owner's key of realm "${realm}" is not here (${path}): ${mend}`,
    )
  }
  const { signal } = interrupt
  const key = await readKeyFile(keyFileOf(realm), signal)
  const { owner: named } = key
  const owner = await readIdentity(path, signal)
  if (named && Buffer.from(named).equals(owner.publicKey)) {
    return { realm, key: { ...key, owner: named }, owner }
  }
  throw new Failure('DENIED', `${path} is not the key of the owner that realm "${realm}" names`)
}

/** Who may let others in: the owner, or a member whose rights may be handed on. */
export interface Issuing {
  readonly realm: string
  /** The text of the realm's key file. */
  readonly key: string
  readonly issuer: Identity
  /** Those of a member. */
  readonly rights?: string
}

/** What --realm names, for whoever of the two is here. */
export async function issuingRealm(world: World): Promise<Issuing> {
  const { realm } = world.settings
  if (realm === undefined || !isRealmName(realm) || (await isThere(ownerFileOf(realm)))) {
    const { key, owner, realm: name } = await ownedRealm(world)
    return { realm: name, key: keyText(key.root, key.owner, key), issuer: owner }
  }
  const { settings, interrupt } = world
  const path = settings.rights ?? rightsFileOf(realm)
  if (settings.rights === undefined && !(await isThere(path))) await ownedRealm(world) // tells why
  const { signal } = interrupt
  const rights = await secretNamed(path, signal, 'rights')
  const key = await readKeyFile(settings.key ?? keyFileOf(realm), signal)
  const { identity: own } = settings
  const issuer = own === undefined ? await identityOf({}, realm) : await identityNamed(own, signal)
  return { realm, key: keyText(key.root, key.owner, key), issuer, rights: rights.text }
}

/** Whether the owner has put that identity out. */
export async function isRevoked(realm: string, identity: string): Promise<boolean> {
  const members = await readRegister(realm)
  return members.some(({ rights, revoked }) => revoked && keyName(rights.holder) === identity)
}

export async function assertNotRevoked(realm: string, identity: string): Promise<void> {
  if (!(await isRevoked(realm, identity))) return
  const mend =
    'an identity that was removed stays out; they make another one, by: sixcast identity --identity FILE'
  throw new Failure('DENIED', `the identity ${identity} was revoked: ${mend}`)
}

/** What the owner calls somebody new; one name is one member, or `revoke` could not tell them apart. */
export async function newName(realm: string, raw: unknown, identity?: string): Promise<string> {
  const name = text(raw, AS)
  const { length } = new TextEncoder().encode(name)
  if (length > NAME_SIZE_MAX || /[\p{C}\p{Zl}\p{Zp}]/u.test(name)) {
    const mend = `at most ${NAME_SIZE_MAX} bytes, no control characters`
    throw new UsageError(`${AS} is ${shownJson(name.slice(0, NAME_SIZE_MAX))}: ${mend}`)
  }
  if (name === 'me') throw new UsageError(`${AS} is "me", which is yourself: choose another name`)
  const members = await readRegister(realm)
  const other = members.find((one) => one.name === name && keyName(one.rights.holder) !== identity)
  if (!other) return name
  const who = `${keyName(other.rights.holder).slice(0, 16)}…${other.revoked ? ', revoked' : ''}`
  throw new UsageError(
    `${AS} is ${shownJson(name)}, as a member is called (${who}): choose another`,
  )
}

/** Rights that the owner grants, as text. */
export function granted({ realm, key, owner }: Owned, given: Given): Promise<string> {
  return grant({ realm, key: keyText(key.root, key.owner), issuer: owner, ...given })
}

/** As `connect` would refuse it, before anything is written. */
export function assertName(realm: string, source: string = "the realm's name"): void {
  if (isRealmName(realm)) return
  throw new UsageError(`${source} is ${JSON.stringify(realm)}: ${REALM_NAME}`)
}

const AS = 'option --as'
/** As that of a peer. */
const NAME_SIZE_MAX = 64
