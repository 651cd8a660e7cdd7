/** The keys of a realm as files and options give them: a member's, or a guest's. */
import { BusError } from '../api/errors.ts'
import {
  controlParts,
  guestRing,
  type KeyRing,
  type RealmOptions,
  ringOf,
} from '../core/seal/keys.ts'
import { parsePattern } from '../core/topic/pattern.ts'
import { GUEST_TOPICS_MAX, type GuestKey, isGuestKey, parseGuestKey } from './guest-key.ts'
import { parseKey, type RealmKey } from './keyfile.ts'
import { nodeEnv } from './system.ts'

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

/** A guest's key for the topics below these patterns, each of which ends in the only wildcard. */
export async function guestKeyOf(
  realm: string,
  key: RealmKey,
  patterns: readonly string[],
): Promise<GuestKey> {
  if (patterns.length > GUEST_TOPICS_MAX) {
    const fault = `${patterns.length} patterns are more than ${GUEST_TOPICS_MAX}`
    throw new BusError('TOO_LARGE', `${fault}: use wider ones`)
  }
  const prefixes = patterns.map(prefixOf)
  const { crypto } = await nodeEnv()
  const ring = ringOf(crypto, realmOptions(realm, key))
  return { ring: guestRing(crypto, ring, [...new Set(prefixes)]), owner: key.owner }
}

/** Whether two texts of keys are of one realm, whatever their epochs. */
export async function isSameRealm(a: Opening, b: Opening, realm: string): Promise<boolean> {
  const { crypto } = await nodeEnv()
  const [one, other] = [a, b].map(
    (key) => key.ring?.id ?? controlParts(crypto, realmOptions(realm, key)).id,
  )
  return Buffer.from(one!).equals(other!)
}

/** `a/b` of `a/b/**`: nothing else has a key of its own. */
function prefixOf(text: string): string {
  const parsed = parsePattern(text)
  if (!parsed.ok) throw new BusError('INVALID_PATTERN', parsed.fault)
  const { parts } = parsed.pattern
  const plain = parts.slice(0, -1).every(({ type }) => type === 'text')
  if (parts.length > 1 && plain && parts.at(-1)?.type === 'many') return text.slice(0, -3)
  const mend = "a topic's key opens all below it, so write it as in hall/3/**"
  throw new BusError('INVALID_PATTERN', `pattern "${text}" has no key of its own: ${mend}`)
}
