/** The rights that options and files give, and whether they are good for an identity in a realm. */
import type { ConnectOptions, Identity } from '../api/options.ts'
import type { Rights } from '../core/rights.ts'
import { hex } from './digits.ts'
import { strictVerifier } from './ed25519.ts'
import { isThere, realmFile } from './keyfile.ts'
import type { Opening } from './realm-keys.ts'
import {
  assertRights,
  idOfRealm,
  parseRights,
  type RealmOfRights,
  rightsFault,
  type RightsOf,
  type SettledRights,
  settledRights,
} from './rights-text.ts'
import { readSecret } from './secret.ts'
import { nodeEnv } from './system.ts'

export function rightsFileOf(realm: string): string {
  return realmFile(realm, 'rights')
}

/** What goes into every signature of the realm. */
export async function realmId(realm: RealmOfRights): Promise<Uint8Array> {
  return idOfRealm((await nodeEnv()).crypto, realm)
}

/** Whether two keys are of one realm, whatever their epochs. */
export async function isSameRealm(a: Opening, b: Opening, realm: string): Promise<boolean> {
  const [one, other] = await Promise.all([a, b].map((key) => realmId({ realm, ...key })))
  return hex(one!) === hex(other!)
}

/** Why rights are not good for an identity, now; undefined: they are. */
export function faultOf(rights: Rights, by: RightsOf): string | undefined {
  return rightsFault(rights, by, strictVerifier())
}

/** Throws DENIED when the rights are not good for this identity. */
export function assertGood(rights: Rights, by: RightsOf): void {
  assertRights(rights, by, strictVerifier())
}

/** The rights that the options name, or those of the realm's file. */
export async function rightsOf(
  options: ConnectOptions,
  given: RealmOfRights & { readonly identity: Identity },
): Promise<SettledRights> {
  const { crypto } = await nodeEnv()
  const find = (): Promise<Rights | undefined> => found(given.realm, options.signal)
  const all = { ...given, text: options.rights }
  return settledRights(all, { crypto, verify: strictVerifier(), find })
}

async function found(realm: string, signal: AbortSignal | undefined): Promise<Rights | undefined> {
  const path = rightsFileOf(realm)
  if (!(await isThere(path))) return undefined
  const { text, source } = await readSecret(path, signal, 'rights')
  return parseRights(text, source)
}
