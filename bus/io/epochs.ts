/** What a member keeps of the realm's epochs, as text: the newest key, and the newest page. */
import { BusError } from '../api/errors.ts'
import type { KeptEpoch } from '../api/epoch-options.ts'
import type { Notice } from '../core/output.ts'
import { readSecret } from '../core/seal/epoch-secret.ts'
import type { EpochSecret } from '../core/seal/keys.ts'
import { guestKeyText } from './guest-key.ts'
import { keyText } from './key-text.ts'
import { pageText, parsePage } from './page.ts'
import type { Opening } from './realm-keys.ts'

/** Keeps what a notice brings; rejects when that fails. */
export type EpochKeeper = (notice: Extract<Notice, { page: Uint8Array }>) => Promise<void>

/** Throws INVALID_KEY. */
export function readPage(text: string): Uint8Array {
  return parsePage(text, 'the page').page
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

/** How a bus keeps epochs: as `keep` does, one after the other. */
export function epochKeeper(
  about: Opening & { readonly realm: string },
  keep: (kept: KeptEpoch) => Promise<void>,
): EpochKeeper {
  // An older epoch must not be written behind a newer one.
  let last: Promise<void> = Promise.resolve()
  return (notice) => {
    const { epoch } = notice
    const page = pageText(notice.page)
    const secret = notice.state === 'entered' ? readSecret(notice.secret) : undefined
    const key = secret && keyTextIn(about.realm, about, { epoch, secret })
    const kept: KeptEpoch = { epoch, page, ...(key !== undefined && { key }) }
    last = last.catch(() => undefined).then(() => keep(kept))
    return last
  }
}
