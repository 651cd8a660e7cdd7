/**
 * What a realm that was made or joined keeps beside its key: the settings that all its peers share.
 *
 * `realms/NAME.json` is an object with `scope`, `port` and `groups`, any of them absent. They are
 * the defaults where the realm's own key file is used; options win.
 */
import { BusError } from '../api/errors.ts'
import { CONNECT } from '../api/option-rules.ts'
import type { ConnectOptions } from '../api/options.ts'
import { checkOptions } from '../api/rules.ts'
import { isThere, readKeyText, realmFile } from './keyfile.ts'

export type RealmSettings = Pick<ConnectOptions, 'scope' | 'port' | 'groups'>

export function realmFileOf(realm: string): string {
  return realmFile(realm, 'json')
}

/** Where the owner's key is, on the owner's host alone: an identity file. */
export function ownerFileOf(realm: string): string {
  return realmFile(realm, 'owner')
}

/** Throws INVALID_OPTION when the file says something else than these settings. */
export async function readRealmFile(realm: string, signal?: AbortSignal): Promise<RealmSettings> {
  const path = realmFileOf(realm)
  return (await isThere(path)) ? parseRealmSettings(await readKeyText(path, signal), path) : {}
}

export function parseRealmSettings(text: string, source: string): RealmSettings {
  const { scope, port, groups } = CONNECT
  try {
    const found: unknown = JSON.parse(text)
    checkOptions('a realm', found, { scope, port, groups })
    return found as RealmSettings // as it has just been checked
  } catch (cause) {
    const reason = (cause as Error).message
    throw new BusError('INVALID_OPTION', `${source} holds no settings: ${reason}`, { cause })
  }
}
