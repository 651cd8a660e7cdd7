/**
 * Rights as text, and whether they are good for an identity in a realm.
 *
 * One line, `sixcast-rights-1 ` and base64url digits of the chain of grants. They are signed, and
 * no secret.
 */
import { BusError } from '../api/errors.ts'
import type { Identity } from '../api/options.ts'
import { concat } from '../core/bytes.ts'
import type { Crypto } from '../core/env.ts'
import { GRANT_LABEL, Rights } from '../core/rights.ts'
import { controlParts } from '../core/seal/keys.ts'
import { base64url, base64urlBytes, hex } from './digits.ts'
import type { Opening } from './realm-keys.ts'
import type { Verifier } from './strict.ts'

const HEAD = 'sixcast-rights-1 '

/** The realm, as far as rights depend on it. */
export interface RealmOfRights extends Opening {
  readonly realm: string
}

/** Whose rights must be good, and where. */
export interface RightsOf {
  /** The realm's id. */
  readonly id: Uint8Array
  readonly owner: Uint8Array
  /** Whose rights they must be; absent: anybody's. */
  readonly holder?: Uint8Array
}

export function rightsText(bytes: Uint8Array): string {
  return `${HEAD}${base64url(bytes)}\n`
}

/** Reads the text of rights; `source` names it in errors. Throws INVALID_KEY. */
export function parseRights(text: string, source: string): Rights {
  const line = text.trim()
  const digits = line.startsWith(HEAD) ? line.slice(HEAD.length) : ''
  const bytes = base64urlBytes(digits)
  const rights = bytes.length > 0 ? Rights.read(bytes) : undefined
  if (rights) return rights
  const mend = `expected one line "${HEAD}" and base64url digits; the realm's owner grants them`
  throw new BusError('INVALID_KEY', `${source} holds no rights: ${mend}`)
}

/** Why rights are not good for an identity, now; undefined: they are. */
export function rightsFault(
  rights: Rights,
  { id, owner, holder }: RightsOf,
  verify: Verifier,
): string | undefined {
  if (holder && hex(holder) !== hex(rights.holder)) {
    return `they are those of ${hex(rights.holder)}`
  }
  const good = rights.links(owner).every(({ issuer, signed, signature }) => {
    return verify(concat(GRANT_LABEL, id, signed), signature, issuer)
  })
  if (!good) return "the realm's owner has not signed them"
  if (rights.isValid(Date.now())) return undefined
  const { notBefore, notAfter } = rights
  return `they are good from ${timeOf(notBefore)} to ${timeOf(notAfter)} alone`
}

/** Throws DENIED when the rights are not good for this identity. */
export function assertRights(rights: Rights, by: RightsOf, verify: Verifier): void {
  const fault = rightsFault(rights, by, verify)
  if (!fault) return
  throw new BusError('DENIED', `these rights do not count: ${fault}; ask the realm's owner`)
}

/** What goes into every signature of the realm. */
export function idOfRealm(crypto: Crypto, { realm, root, ring, owner }: RealmOfRights): Uint8Array {
  return ring ? ring.id : controlParts(crypto, { name: realm, root, owner }).id
}

/** What an identity may do, and how other rights of it are read later. */
export interface SettledRights {
  readonly rights: Rights | undefined
  readonly readRights: (text: string) => Rights
}

/**
 * Those that option "rights" gives, or else `find` brings. Throws DENIED without any in a realm with
 * an owner.
 */
export async function settledRights(
  given: RealmOfRights & { readonly identity: Identity; readonly text: string | undefined },
  by: {
    readonly crypto: Crypto
    readonly verify: Verifier
    readonly find: () => Promise<Rights | undefined>
  },
): Promise<SettledRights> {
  const { realm, owner, identity, text } = given
  if (!owner) {
    if (text !== undefined) throw ownerless(realm)
    return { rights: undefined, readRights: () => raise(ownerless(realm)) }
  }
  const whose = { id: idOfRealm(by.crypto, given), owner, holder: identity.publicKey }
  const rights = text === undefined ? await by.find() : parseRights(text, 'option "rights"')
  if (!rights) throw rightless(realm)
  assertRights(rights, whose, by.verify)
  const readRights = (renewed: string): Rights => {
    const other = parseRights(renewed, 'what renew is given')
    assertRights(other, whose, by.verify)
    return other
  }
  return { rights, readRights }
}

function timeOf(seconds: number): string {
  const date = new Date(seconds * 1000)
  return Number.isNaN(date.getTime()) ? 'beyond all time' : date.toISOString()
}

function ownerless(realm: string): BusError {
  const fault = `rights are given, but realm "${realm}" has no owner in its key`
  return new BusError('INVALID_OPTION', `${fault}: leave them out, or use the key they came with`)
}

function rightless(realm: string): BusError {
  const mend = 'its owner invites you by: sixcast invite'
  return new BusError(
    'DENIED',
    `realm "${realm}" has an owner, and you have no rights there: ${mend}`,
  )
}

function raise(error: Error): never {
  throw error
}
