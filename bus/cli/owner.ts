/** What the owner of a realm has on this host, for the commands that only the owner can run. */
import { isRealmName, REALM_NAME } from '../api/rules.ts'
import type { Identity } from '../index.ts'
import { grant } from '../io/grants.ts'
import { readIdentity } from '../io/identity.ts'
import { isThere, keyFileOf, keyText, readKeyFile, type RealmKey } from '../io/keyfile.ts'
import { ownerFileOf } from '../io/realm-file.ts'
import type { World } from './command.ts'
import { Failure, UsageError } from './exit.ts'

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
}

/** The realm that --realm names, with the key of its owner. */
export async function ownedRealm({ settings, interrupt }: World): Promise<Owned> {
  const { realm } = settings
  if (realm === undefined) throw new UsageError('name a realm of yours: --realm NAME')
  assertName(realm)
  const path = ownerFileOf(realm)
  if (!(await isThere(path))) {
    const mend = `only its owner can do this; make a realm of your own by: sixcast init NAME`
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

/** Rights that the owner grants, as text. */
export function granted({ realm, key, owner }: Owned, given: Given): Promise<string> {
  return grant({ realm, key: keyText(key.root, key.owner), issuer: owner, ...given })
}

/** As `connect` would refuse it, before anything is written. */
export function assertName(realm: string, source: string = "the realm's name"): void {
  if (isRealmName(realm)) return
  throw new UsageError(`${source} is ${JSON.stringify(realm)}: ${REALM_NAME}`)
}
