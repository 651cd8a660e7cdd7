/**
 * What a member keeps of the realm's epochs: the newest key in its key file, and the newest page.
 *
 * `realms/NAME.page` is the text of a page. Both files are replaced whole, and only by newer ones;
 * the page first, so that who dies between the two has the page that brings the key.
 */
import type { KeptEpoch } from '../api/epoch-options.ts'
import type { ConnectOptions } from '../api/options.ts'
import { Revoked } from '../core/revoked.ts'
import { readPageBody, splitPage } from '../core/wire/page.ts'
import { isThere, keyFileOf, readKeyText, realmFile, replaceSecretFile } from './keyfile.ts'
import { readPage } from './epochs.ts'
import { PAGE_TEXT_SIZE_MAX, parsePage } from './page.ts'
import { parseOpening } from './realm-keys.ts'
import { readSmallFile } from './small-file.ts'
import { nodeEnv } from './system.ts'

export function pageFileOf(realm: string): string {
  return realmFile(realm, 'page')
}

/** The page that the options name, or that of the realm's file. Throws INVALID_KEY. */
export async function pageIn(
  { page, signal }: Pick<ConnectOptions, 'page' | 'signal'>,
  realm: string | undefined,
): Promise<Uint8Array | undefined> {
  if (page !== undefined) return readPage(page)
  const path = realm === undefined ? undefined : pageFileOf(realm)
  if (path === undefined || !(await isThere(path))) return undefined
  return parsePage(await readPageFile(path, signal), `the file ${path}`).page
}

export function readPageFile(path: string, signal?: AbortSignal): Promise<string> {
  return readSmallFile(path, { sizeMax: PAGE_TEXT_SIZE_MAX, signal })
}

/** Keeps epochs in the realm's own files if a bus uses them, and where the program says. */
export function keeping(
  { realm, ownFiles }: { readonly realm: string; readonly ownFiles: boolean },
  keep: ConnectOptions['keep'],
): (kept: KeptEpoch) => Promise<void> {
  return async (kept) => {
    if (ownFiles) await keepInFiles(realm, kept)
    await keep?.(kept)
  }
}

/** Whether the page that is here has removed that identity: then it is out, and stays so. */
export async function hasRemoved(realm: string, identity: Uint8Array): Promise<boolean> {
  const path = pageFileOf(realm)
  if (!(await isThere(path))) return false
  const split = splitPage(parsePage(await readPageFile(path), path).page)
  const body = split && readPageBody(split.body)
  const { crypto } = await nodeEnv()
  return body !== undefined && new Revoked(crypto, body).has(identity, undefined)
}

/** Writes what is newer than what is there. */
export async function keepInFiles(realm: string, { epoch, page, key }: KeptEpoch): Promise<void> {
  const path = pageFileOf(realm)
  const before = (await isThere(path)) ? parsePage(await readPageFile(path), path).epoch : 0
  if (epoch > before) await replaceSecretFile(path, page)
  if (key === undefined) return
  const file = keyFileOf(realm)
  const now = (await isThere(file)) ? epochOf(await readKeyText(file), realm) : -1
  if (epoch > now) await replaceSecretFile(file, key)
}

/** The epoch of a key's text. */
export function epochOf(text: string, realm: string): number {
  const { ring, epoch } = parseOpening(text, { source: 'the key file', realm })
  return ring?.epoch ?? epoch ?? 0
}
