/** Chains of grants for tests, signed by whatever signs in them. */
import { concat } from '../../../bus/core/bytes.ts'
import { extended, GRANT_LABEL } from '../../../bus/core/rights.ts'
import { utf8 } from '../../../bus/core/text.ts'
import { Action, type Grant, writeGrant } from '../../../bus/core/wire/grant.ts'

export type Sign = (message: Uint8Array) => Uint8Array

/** A grant to publish on and to subscribe to these patterns, at any time. */
export function grantOn(
  holder: Uint8Array,
  patterns: { readonly publish?: readonly string[]; readonly subscribe?: readonly string[] },
): Grant {
  const rules = (['publish', 'subscribe'] as const).flatMap((name) =>
    (patterns[name] ?? []).map((text) => ({ actions: Action[name], pattern: utf8(text) })),
  )
  return { holder, depth: 0, serial: 1, notBefore: 0, notAfter: 2 ** 40, rules }
}

/** The bytes of rights: each grant signed by its own signer, for the realm of this id. */
export function rightsBytes(
  realmId: Uint8Array,
  ...grants: readonly { readonly grant: Grant; readonly sign: Sign }[]
): Uint8Array {
  let bytes: Uint8Array | undefined
  for (const { grant, sign } of grants) {
    const signed = writeGrant(grant)
    bytes = extended(bytes, concat(signed, sign(concat(GRANT_LABEL, realmId, signed))))
  }
  return bytes ?? new Uint8Array(0)
}
