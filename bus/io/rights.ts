/**
 * Rights as text and as files, and whether they are good for an identity in a realm.
 *
 * One line, `sixcast-rights-1 ` and base64url digits of the chain of grants. They are signed, and
 * no secret.
 */
import { BusError } from '../api/errors.ts'
import type { ConnectOptions, Identity } from '../api/options.ts'
import { concat } from '../core/bytes.ts'
import { GRANT_LABEL, Rights } from '../core/rights.ts'
import { controlParts } from '../core/seal/keys.ts'
import { strictVerifier } from './ed25519.ts'
import { keyName } from './identity.ts'
import { isThere, realmFile } from './keyfile.ts'
import type { Opening } from './realm-keys.ts'
import { readSecret } from './secret.ts'
import { nodeEnv } from './system.ts'

const HEAD = 'sixcast-rights-1 '

/** The realm, as far as rights depend on it. */
export interface RealmOfRights extends Opening {
  readonly realm: string
}

export function rightsFileOf(realm: string): string {
  return realmFile(realm, 'rights')
}

export function rightsText(bytes: Uint8Array): string {
  return `${HEAD}${Buffer.from(bytes).toString('base64url')}\n`
}

/** Reads the text of rights; `source` names it in errors. Throws INVALID_KEY. */
export function parseRights(text: string, source: string): Rights {
  const line = text.trim()
  const digits = line.startsWith(HEAD) ? line.slice(HEAD.length) : ''
  const bytes = /^[\w-]+$/.test(digits)
    ? new Uint8Array(Buffer.from(digits, 'base64url'))
    : undefined
  const rights = bytes && Rights.read(bytes)
  if (rights) return rights
  const mend = `expected one line "${HEAD}" and base64url digits; the realm's owner grants them`
  throw new BusError('INVALID_KEY', `${source} holds no rights: ${mend}`)
}

/** What goes into every signature of the realm. */
export async function realmId({ realm, root, ring, owner }: RealmOfRights): Promise<Uint8Array> {
  if (ring) return ring.id
  const { crypto } = await nodeEnv()
  return controlParts(crypto, { name: realm, root, owner }).id
}

/** Why rights are not good for an identity, now; undefined: they are. */
export function faultOf(
  rights: Rights,
  by: { readonly id: Uint8Array; readonly owner: Uint8Array; readonly holder?: Uint8Array },
): string | undefined {
  const { id, owner, holder } = by
  if (holder && !Buffer.from(holder).equals(rights.holder)) {
    return `they are those of ${keyName(rights.holder)}`
  }
  const verify = strictVerifier()
  const good = rights.links(owner).every(({ issuer, signed, signature }) => {
    return verify(concat(GRANT_LABEL, id, signed), signature, issuer)
  })
  if (!good) return "the realm's owner has not signed them"
  if (rights.isValid(Date.now())) return undefined
  const { notBefore, notAfter } = rights
  return `they are good from ${timeOf(notBefore)} to ${timeOf(notAfter)} alone`
}

/** Throws DENIED when the rights are not good for this identity. */
export function assertGood(rights: Rights, by: Parameters<typeof faultOf>[1]): void {
  const fault = faultOf(rights, by)
  if (!fault) return
  throw new BusError('DENIED', `these rights do not count: ${fault}; ask the realm's owner`)
}

/**
 * The rights that the options name, or those of the realm's file, and how others are read later.
 * Throws DENIED without any in a realm with an owner.
 */
export async function rightsOf(
  options: ConnectOptions,
  given: RealmOfRights & { readonly identity: Identity },
): Promise<{ readonly rights: Rights | undefined; readonly readRights: (text: string) => Rights }> {
  const { realm, owner, identity } = given
  if (!owner) {
    if (options.rights !== undefined) throw ownerless(realm)
    return { rights: undefined, readRights: () => raise(ownerless(realm)) }
  }
  const by = { id: await realmId(given), owner, holder: identity.publicKey }
  const rights = await found(options, realm)
  assertGood(rights, by)
  const readRights = (text: string): Rights => {
    const other = parseRights(text, 'what renew is given')
    assertGood(other, by)
    return other
  }
  return { rights, readRights }
}

async function found(options: ConnectOptions, realm: string): Promise<Rights> {
  if (options.rights !== undefined) return parseRights(options.rights, 'option "rights"')
  const path = rightsFileOf(realm)
  if (await isThere(path)) {
    const { text, source } = await readSecret(path, options.signal, 'rights')
    return parseRights(text, source)
  }
  const mend = 'its owner invites you by: sixcast invite'
  throw new BusError(
    'DENIED',
    `realm "${realm}" has an owner, and you have no rights there: ${mend}`,
  )
}

function timeOf(seconds: number): string {
  const date = new Date(seconds * 1000)
  return Number.isNaN(date.getTime()) ? 'beyond all time' : date.toISOString()
}

function ownerless(realm: string): BusError {
  const fault = `rights are given, but realm "${realm}" has no owner in its key`
  return new BusError('INVALID_OPTION', `${fault}: leave them out, or use the key they came with`)
}

function raise(error: Error): never {
  throw error
}
