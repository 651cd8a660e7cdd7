/**
 * What a member keeps of the realm's epochs: the newest key in its key file, and the newest page.
 *
 * `realms/NAME.page` is the text of a page. Both files are replaced whole, and only by newer ones;
 * the page first, so that who dies between the two has the page that brings the key.
 */
import { BusError } from '../api/errors.ts'
import type { KeptEpoch } from '../api/epoch-options.ts'
import type { ConnectOptions } from '../api/options.ts'
import type { Notice } from '../core/output.ts'
import { readSecret } from '../core/seal/epoch-secret.ts'
import type { EpochSecret } from '../core/seal/keys.ts'
import { guestKeyText } from './guest-key.ts'
import {
  isThere,
  keyFileOf,
  keyText,
  readKeyText,
  realmFile,
  replaceSecretFile,
} from './keyfile.ts'
import { PAGE_TEXT_SIZE_MAX, pageText, parsePage } from './page.ts'
import { type Opening, parseOpening } from './realm-keys.ts'
import { readSmallFile } from './small-file.ts'

/** Keeps what a notice brings; rejects when that fails. */
export type EpochKeeper = (notice: Extract<Notice, { page: Uint8Array }>) => Promise<void>

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

/** Throws INVALID_KEY. */
export function readPage(text: string): Uint8Array {
  return parsePage(text, 'the page').page
}

export function readPageFile(path: string, signal?: AbortSignal): Promise<string> {
  return readSmallFile(path, { sizeMax: PAGE_TEXT_SIZE_MAX, signal })
}

/** The text of the key file of another epoch. */
export function keyTextIn(realm: string, opening: Opening, next: NextEpoch): string {
  const { root, ring, owner } = opening
  const { epoch, secret } = next
  if ('key' in secret && root) return keyText(root, owner, { epoch, epochKey: secret.key })
  if (ring && !('key' in secret))
    return guestKeyText({ ring: { ...ring, epoch, ...secret }, owner })
  const fault = `the owner of realm "${realm}" has given a key of another kind than the one here`
  throw new BusError('INVALID_KEY', `${fault}: ask for another invitation`)
}

interface NextEpoch {
  readonly epoch: number
  readonly secret: EpochSecret
}

/** How a bus keeps epochs: in the realm's own files if it uses them, and where the program says. */
export function epochKeeper(
  about: Opening & { readonly realm: string; readonly ownFiles: boolean },
  keep: ConnectOptions['keep'],
): EpochKeeper {
  const { realm, ownFiles } = about
  // One after the other: an older epoch must not be written behind a newer one.
  let last: Promise<void> = Promise.resolve()
  return (notice) => {
    const { epoch } = notice
    const page = pageText(notice.page)
    const secret = notice.state === 'entered' ? readSecret(notice.secret) : undefined
    const key = secret && keyTextIn(realm, about, { epoch, secret })
    const kept: KeptEpoch = { epoch, page, ...(key !== undefined && { key }) }
    last = last
      .catch(() => undefined)
      .then(async () => {
        if (ownFiles) await keepInFiles(realm, kept)
        await keep?.(kept)
      })
    return last
  }
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
