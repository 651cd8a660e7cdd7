/** The keys of a realm as files and options give them: a member's, or a guest's. */
import { BusError } from '../api/errors.ts'
import type { KeyRing, RealmOptions } from '../core/seal/keys.ts'
import { isGuestKey, parseGuestKey } from './guest-key.ts'
import { parseKey } from './key-text.ts'

/** What opens a realm; neither root nor ring: it is an open one. */
export interface Opening {
  readonly root?: Uint8Array | undefined
  readonly ring?: KeyRing | undefined
  readonly owner?: Uint8Array | undefined
  readonly epoch?: number | undefined
  readonly epochKey?: Uint8Array | undefined
}

/** What the core makes the keys of a realm from. */
export function realmOptions(realm: string, opening: Opening): RealmOptions {
  const { root, ring, owner, epoch = 0, epochKey } = opening
  return { name: realm, root, ring, owner, epoch, epochKey }
}

/** Throws INVALID_KEY when it is no key, or a guest's for another realm. */
export function parseOpening(text: string, about: { source: string; realm: string }): Opening {
  const { source, realm } = about
  if (!isGuestKey(text)) return parseKey(text, source)
  const guest = parseGuestKey(text, source)
  if (guest.ring.name === realm) return guest
  const fault = `${source} is a guest's key for realm "${guest.ring.name}", not for "${realm}"`
  throw new BusError('INVALID_KEY', `${fault}: name that realm`)
}
