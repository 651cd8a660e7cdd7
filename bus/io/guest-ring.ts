/** Makes a guest's keys: those of some topics, in place of the one that opens them all. */
import { BusError } from '../api/errors.ts'
import { guestRing, ringOf } from '../core/seal/keys.ts'
import { parsePattern } from '../core/topic/pattern.ts'
import { GUEST_TOPICS_MAX, type GuestKey } from './guest-key.ts'
import type { RealmKey } from './key-text.ts'
import { realmOptions } from './realm-keys.ts'
import { nodeEnv } from './system.ts'

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
