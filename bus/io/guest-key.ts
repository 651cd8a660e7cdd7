/**
 * Guest key files: keys for some topics of a realm, in place of the key that opens them all.
 *
 * One line: `sixcast-guest-1 `, the realm's name, its epoch, 214 base64url digits (realm id, address,
 * control, name and names key), the owner's public key or `-`, and for each topic base64url digits
 * of its key and name. A topic's key opens all topics below it as well.
 */
import { BusError } from '../api/errors.ts'
import { isRealmName } from '../api/rules.ts'
import { concat } from '../core/bytes.ts'
import { KEY_SIZE } from '../core/seal/control-keys.ts'
import type { KeyRing } from '../core/seal/keys.ts'
import { textOf, utf8 } from '../core/text.ts'
import { parseTopic } from '../core/topic/pattern.ts'
import { isEpoch } from './control-key.ts'
import { base64url, base64urlBytes } from './digits.ts'

const HEAD = 'sixcast-guest-1'
/** Its file stays as small as every key file is. */
export const GUEST_TOPICS_MAX = 8

/** What a guest has in place of a `RealmKey`. */
export interface GuestKey {
  readonly ring: KeyRing
  readonly owner: Uint8Array | undefined
}

export function isGuestKey(text: string): boolean {
  return text.trimStart().startsWith(`${HEAD} `)
}

export function guestKeyText({ ring, owner }: GuestKey): string {
  const { id, address, control, tags, names } = ring
  const topics = ring.topics.map(({ prefix, key }) => digitsOf(key, utf8(prefix)))
  const shared = digitsOf(id, address, control, tags, names)
  const signer = owner ? digitsOf(owner) : '-'
  return `${[HEAD, ring.name, ring.epoch, shared, signer, ...topics].join(' ')}\n`
}

/** Reads the text of a guest key file; `source` names it in errors. Throws INVALID_KEY. */
export function parseGuestKey(text: string, source: string): GuestKey {
  const [head, realm = '', epoch = '', shared = '', signer = '', ...rest] = text.trim().split(' ')
  const topics = rest.map(topicOf).filter((topic) => topic !== undefined)
  const good =
    head === HEAD &&
    isRealmName(realm) &&
    isEpoch(epoch) &&
    /^[\w-]{214}$/.test(shared) &&
    /^(-|[\w-]{43})$/.test(signer) &&
    topics.length > 0 &&
    topics.length <= GUEST_TOPICS_MAX &&
    topics.length === rest.length
  if (!good) {
    const mend = 'ask for another one; it is made by: sixcast keys export'
    throw new BusError('INVALID_KEY', `${source} holds no guest key: ${mend}`)
  }
  const keys = base64urlBytes(shared)
  const [id, address, control, tags, names] = [0, 1, 2, 3, 4].map((i) => {
    return keys.slice(i * KEY_SIZE, (i + 1) * KEY_SIZE)
  }) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array]
  const about = { name: realm, open: false, epoch: Number(epoch) }
  const ring = { ...about, id, address, control, tags, names, topics }
  return { ring, owner: signer === '-' ? undefined : base64urlBytes(signer) }
}

function topicOf(digits: string): KeyRing['topics'][number] | undefined {
  if (!/^[\w-]+$/.test(digits)) return undefined
  const bytes = base64urlBytes(digits)
  const prefix = textOf(bytes.subarray(KEY_SIZE)) ?? ''
  return parseTopic(prefix).ok ? { prefix, key: bytes.slice(0, KEY_SIZE) } : undefined
}

function digitsOf(...bytes: readonly Uint8Array[]): string {
  return base64url(concat(...bytes))
}
