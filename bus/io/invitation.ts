/**
 * Invitations: everything that a new member needs, in one line of text.
 *
 *     sixcast-invite-1.PAYLOAD.SIGNATURE     both base64url
 *
 * The payload is a JSON object. The signature is the owner's, over "sixcast/1/invite", the realm's
 * id and the payload: what was changed on the way, its date too, is refused. Who it is from the
 * signature does not say, since the owner's key is in the payload: that is for the way it came.
 * The realm's key is in it, so it is as secret as the key.
 */
import { BusError } from '../api/errors.ts'
import { CONNECT } from '../api/option-rules.ts'
import type { Identity } from '../api/options.ts'
import { checkOptions, isObject, rule } from '../api/rules.ts'
import { concat } from '../core/bytes.ts'
import type { Rights } from '../core/rights.ts'
import { utf8 } from '../core/text.ts'
import { signerOf, strictVerifier } from './ed25519.ts'
import { parseIdentity } from './identity.ts'
import { identityText } from './identity-text.ts'
import { LOCAL_REALM } from './key-text.ts'
import { parseOpening } from './realm-keys.ts'
import { parseRealmSettings, type RealmSettings } from './realm-file.ts'
import { assertGood, realmId } from './rights.ts'
import { parseRights, rightsText } from './rights-text.ts'

const HEAD = 'sixcast-invite-1'
const LABEL = utf8('sixcast/1/invite')
export const INVITATION_SIZE_MAX = 8192
/** Clocks may differ by so much. */
const SKEW_MS = 60_000

/** What makes a member, apart from its identity. */
export interface Membership {
  readonly realm: string
  /** The text of the key file: a member's, or a guest's. */
  readonly key: string
  readonly owner: Uint8Array
  readonly rights: Rights
  readonly settings: RealmSettings
}

export interface Invitation extends Membership {
  /** Absent when the rights are those of an identity that the invited has made. */
  readonly identity?: Identity
  readonly expires: Date
}

/** The text of an invitation, signed by the owner. */
export async function invitationText(invitation: Invitation, owner: Identity): Promise<string> {
  const { realm, key, rights, identity, settings, expires } = invitation
  const payload = utf8(
    JSON.stringify({
      realm,
      key,
      rights: rightsText(rights.bytes),
      ...(identity && { identity: identityText(identity) }),
      settings,
      expires: Math.floor(expires.getTime() / 1000),
    }),
  )
  const opening = parseOpening(key, { source: 'the key', realm })
  const id = await realmId({ realm, ...opening })
  const signature = signerOf(owner)(concat(LABEL, id, payload))
  const digits = [payload, signature].map((bytes) => Buffer.from(bytes).toString('base64url'))
  return `${[HEAD, ...digits].join('.')}\n`
}

/**
 * Throws INVALID_KEY when it is no invitation or was changed, DENIED when it has expired,
 * or is for the realm of who names none.
 */
export async function parseInvitation(text: string, source: string): Promise<Invitation> {
  const [head, digits = '', signature = '', ...more] = text.trim().split('.')
  const shape = head === HEAD && more.length === 0 && text.length <= INVITATION_SIZE_MAX
  if (!shape || !/^[\w-]+$/.test(digits) || !/^[\w-]{86}$/.test(signature)) throw damaged(source)
  const payload = new Uint8Array(Buffer.from(digits, 'base64url'))
  const invitation = read(payload, source)
  const { realm, key, owner, rights, identity, expires } = invitation
  const id = await realmId({ realm, ...parseOpening(key, { source, realm }) })
  const signed = new Uint8Array(Buffer.from(signature, 'base64url'))
  if (!strictVerifier()(concat(LABEL, id, payload), signed, owner)) throw damaged(source)
  if (Date.now() > expires.getTime() + SKEW_MS) {
    const fault = `${source} has expired at ${expires.toISOString()}`
    throw new BusError('DENIED', `${fault}: ask the realm's owner for another one`)
  }
  const holder = identity ? { holder: identity.publicKey } : {}
  assertGood(rights, { id, owner, ...holder })
  return invitation
}

function read(payload: Uint8Array, source: string): Invitation {
  const found = contentOf(payload, source)
  const { identity, expires } = found
  if (expires === undefined) throw damaged(source)
  return {
    ...membershipOf(found, source),
    ...(identity !== undefined && { identity: parseIdentity(identity, source) }),
    expires: new Date(expires * 1000),
  }
}

/** Reads what an inviter on the bus gives: no invitation that could be passed on. */
export function parseMembership(content: Uint8Array, source: string): Membership {
  return membershipOf(contentOf(content, source), source)
}

function contentOf(payload: Uint8Array, source: string): Payload {
  let found: unknown
  try {
    found = JSON.parse(Buffer.from(payload).toString())
  } catch {
    throw damaged(source)
  }
  if (!isObject(found)) throw damaged(source)
  checkOptions('an invitation', found, RULES)
  return found as unknown as Payload
}

function membershipOf(found: Payload, source: string): Membership {
  const { realm, key, rights, settings } = found
  if (key === undefined || realm === undefined) throw damaged(source)
  // Some file systems tell no capitals.
  if (realm.toLowerCase() === LOCAL_REALM) throw usurping(source)
  const { owner } = parseOpening(key, { source, realm })
  if (!owner) throw damaged(source)
  return {
    realm,
    key,
    owner,
    rights: parseRights(rights ?? '', source),
    settings: parseRealmSettings(JSON.stringify(settings ?? {}), source),
  }
}

function damaged(source: string): BusError {
  const mend = 'copy it whole; it is one line'
  return new BusError('INVALID_KEY', `${source} is no invitation, or was changed: ${mend}`)
}

/** Programs and commands that name no realm would be in it, at the scope that the inviter likes. */
function usurping(source: string): BusError {
  const fault = `${source} is for the realm "${LOCAL_REALM}", which each user has for itself`
  return new BusError('DENIED', `${fault}: ask for one into a realm of another name`)
}

/** The payload, its types checked by `RULES`. */
interface Payload {
  readonly realm?: string
  readonly key?: string
  readonly rights?: string
  readonly identity?: string
  readonly settings?: object
  readonly expires?: number
}

/** A message about what is in it must not show it. */
const hidden = {
  faultOf: (value: unknown) =>
    typeof value === 'string' ? undefined : { found: 'no text', mend: 'ask for another one' },
  bounds: [],
}
const RULES = {
  realm: CONNECT.realm,
  key: hidden,
  rights: hidden,
  identity: hidden,
  settings: rule(isObject, 'an object'),
  expires: rule(
    (value) => Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= 8.64e12,
    'seconds since 1970',
  ),
}
