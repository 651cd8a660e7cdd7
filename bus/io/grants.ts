/** Makes realms with an owner, and grants rights in them. */
import { randomBytes } from 'node:crypto'
import { BusError } from '../api/errors.ts'
import { CONNECT, GRANT } from '../api/option-rules.ts'
import type { GrantOptions, NewRealm } from '../api/grant-options.ts'
import { checkOptions } from '../api/rules.ts'
import { concat } from '../core/bytes.ts'
import { extended, GRANT_LABEL, Rights } from '../core/rights.ts'
import { utf8 } from '../core/text.ts'
import { parsePattern } from '../core/topic/pattern.ts'
import {
  Action,
  type ActionName,
  RIGHTS_SIZE_MAX,
  RULES_MAX,
  type Rule,
  writeGrant,
} from '../core/wire/grant.ts'
import { newIdentity, signerOf } from './ed25519.ts'
import { keyText, parseKey } from './key-text.ts'
import { newKey } from './keyfile.ts'
import { EVERYTHING, overreach } from './reach.ts'
import { faultOf, realmId } from './rights.ts'
import { parseRights, rightsText } from './rights-text.ts'

/** A realm with a key and an owner of its own. Throws INVALID_OPTION. */
export function newRealm(realm: string): NewRealm {
  checkOptions('newRealm', { realm }, { realm: CONNECT.realm })
  const owner = newIdentity()
  const first = { epoch: 1, epochKey: newKey() }
  return { realm, key: keyText(newKey(), owner.publicKey, first), owner }
}

/**
 * Grants rights; resolves to their text. Rejects with INVALID_OPTION, INVALID_PATTERN, INVALID_KEY,
 * TOO_LARGE, or DENIED when the issuer may not grant them.
 */
export async function grant(options: GrantOptions): Promise<string> {
  checkOptions('grant', options, GRANT)
  const { realm, to, depth = 0, from = new Date(), until, issuer } = options
  if (until === undefined || issuer === undefined || to === undefined) {
    throw new BusError(
      'INVALID_OPTION',
      'grant needs an issuer, whom it is for, and an end (until)',
    )
  }
  const { root, owner } = parseKey(options.key, 'option "key"')
  if (!owner) {
    const mend = 'newRealm() and sixcast init make realms that have one'
    throw new BusError('DENIED', `the key of realm "${realm}" names no owner: ${mend}`)
  }
  const id = await realmId({ realm, root, owner })
  const before = chainOf(options, { id, owner })
  const beyond = before && overreach(options, before)
  if (beyond !== undefined) {
    const mend = `hand on as much at most, or "${EVERYTHING}" for all of it`
    throw new BusError('DENIED', `${beyond}: ${mend}`)
  }
  const signed = writeGrant({
    holder: new Uint8Array(Buffer.from(to, 'hex')),
    depth,
    serial: randomBytes(6).readUIntBE(0, 6),
    notBefore: Math.floor(from.getTime() / 1000),
    notAfter: Math.floor(until.getTime() / 1000),
    rules: rulesOf(options),
  })
  const signature = signerOf(issuer)(concat(GRANT_LABEL, id, signed))
  const bytes = extended(before?.bytes, concat(signed, signature))
  if (bytes.length > RIGHTS_SIZE_MAX) {
    const fault = `these rights have ${bytes.length} bytes of at most ${RIGHTS_SIZE_MAX}`
    throw new BusError('TOO_LARGE', `${fault}: use fewer or shorter patterns`)
  }
  if (Rights.read(bytes)) return rightsText(bytes)
  const mend = '"until" lies after "from", and who hands on keeps "depth" below the own one'
  throw new BusError('INVALID_OPTION', `these rights would count nowhere: ${mend}`)
}

/** The chain that the new grant ends; undefined when the owner begins one. */
function chainOf(
  { rights, issuer }: GrantOptions,
  by: { readonly id: Uint8Array; readonly owner: Uint8Array },
): Rights | undefined {
  const isOwner = Buffer.from(issuer.publicKey).equals(by.owner)
  if (isOwner) return undefined
  if (rights === undefined) {
    const mend = 'it needs rights of its own to hand on (option "rights")'
    throw new BusError('DENIED', `the issuer is not the owner of the realm: ${mend}`)
  }
  const chain = parseRights(rights, 'option "rights"')
  const fault = faultOf(chain, { ...by, holder: issuer.publicKey })
  if (fault) throw new BusError('DENIED', `the issuer's own rights do not count: ${fault}`)
  if (chain.depth > 0) return chain
  throw new BusError('DENIED', "the issuer's own rights may not be handed on: their depth is 0")
}

/** One rule for each pattern, with all the actions that it is given for. */
function rulesOf(options: GrantOptions): Rule[] {
  const actionsByPattern = new Map<string, number>()
  for (const name of Object.keys(Action) as ActionName[]) {
    for (const pattern of options[name] ?? []) {
      assertPattern(pattern)
      actionsByPattern.set(pattern, (actionsByPattern.get(pattern) ?? 0) | Action[name])
    }
  }
  if (actionsByPattern.size > RULES_MAX) {
    const fault = `${actionsByPattern.size} patterns are more than ${RULES_MAX}`
    throw new BusError('TOO_LARGE', `${fault}: use wider ones`)
  }
  return [...actionsByPattern].map(([text, actions]) => ({ actions, pattern: utf8(text) }))
}

function assertPattern(text: string): void {
  const parsed = parsePattern(text)
  if (!parsed.ok) throw new BusError('INVALID_PATTERN', parsed.fault)
  if (parsed.pattern.parts.every(({ type }) => type !== 'named')) return
  throw new BusError('INVALID_PATTERN', `pattern "${text}" has a name: rights take "*" instead`)
}
