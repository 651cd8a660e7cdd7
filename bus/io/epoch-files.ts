/**
 * What a member keeps of the realm's epochs: the newest key in its key file, and the newest page.
 *
 * `realms/NAME.page` is the text of a page. Both files are replaced whole, and only by newer ones;
 * the page first, so that who dies between the two has the page that brings the key.
 */
import type { KeptEpoch } from '../api/epoch-options.ts'
import type { ConnectOptions } from '../api/options.ts'
import { concat } from '../core/bytes.ts'
import { PAGE_LABEL } from '../core/peer/realm/pages.ts'
import { Revoked } from '../core/revoked.ts'
import { readPageBody, readPageHead, splitPage } from '../core/wire/page.ts'
import { strictVerifier } from './ed25519.ts'
import { isThere, keyFileOf, readKeyText, realmFile, replaceSecretFile } from './keyfile.ts'
import { readPage } from './epochs.ts'
import { withLock } from './lock.ts'
import { PAGE_TEXT_SIZE_MAX, parsePage } from './page.ts'
import { type Opening, parseOpening } from './realm-keys.ts'
import { realmId } from './rights.ts'
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

/** Writes what is newer than what is there, one process at a time. */
export async function keepInFiles(realm: string, kept: KeptEpoch): Promise<void> {
  const { page, key } = kept
  const first = await newsOf(realm, kept)
  if (!first.page && !first.key) return
  await withLock(pageFileOf(realm), async () => {
    const news = await newsOf(realm, kept)
    if (news.page) await replaceSecretFile(pageFileOf(realm), page)
    if (news.key && key !== undefined) await replaceSecretFile(keyFileOf(realm), key)
  })
}

/** What of it is newer than the files. */
async function newsOf(
  realm: string,
  { epoch, key }: KeptEpoch,
): Promise<{ readonly page: boolean; readonly key: boolean }> {
  const file = keyFileOf(realm)
  const text = (await isThere(file)) ? await readKeyText(file) : undefined
  const isKeyNews = key !== undefined && epoch > (text === undefined ? -1 : epochOf(text, realm))
  return { page: epoch > (await keptEpoch(realm, text ?? key)), key: isKeyNews }
}

/** The epoch of the page that is here; one that is another realm's, of the same name, counts as none. */
async function keptEpoch(realm: string, keyText: string | undefined): Promise<number> {
  const path = pageFileOf(realm)
  if (!(await isThere(path))) return 0
  const { epoch, page } = parsePage(await readPageFile(path), path)
  if (keyText === undefined) return epoch
  const opening = parseOpening(keyText, { source: keyFileOf(realm), realm })
  return (await isSigned(page, realm, opening)) ? epoch : 0
}

/** Whether the owner that the realm's key names has signed the head of a page. */
export async function isSigned(
  page: Uint8Array,
  realm: string,
  opening: Opening,
): Promise<boolean> {
  const { owner } = opening
  const split = splitPage(page)
  const read = split && readPageHead(split.head)
  if (!read || !owner) return false
  const id = await realmId({ realm, ...opening })
  return strictVerifier()(concat(PAGE_LABEL, id, read.signed), read.signature, owner)
}

/** The epoch of a key's text. */
export function epochOf(text: string, realm: string): number {
  const { ring, epoch } = parseOpening(text, { source: 'the key file', realm })
  return ring?.epoch ?? epoch ?? 0
}
