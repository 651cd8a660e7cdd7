/**
 * The text of an identity, as identity files hold it.
 *
 * One line, `sixcast-identity-1 ` and 43 base64url digits of the Ed25519 seed.
 */
import { BusError } from '../api/errors.ts'
import type { Identity } from '../api/options.ts'
import { base64url, base64urlBytes } from './digits.ts'

const HEAD = 'sixcast-identity-1 '
const SEED_SIZE = 32

/** The text of an identity file. */
export function identityText({ secretKey }: Identity): string {
  return `${HEAD}${base64url(secretKey)}\n`
}

/** The seed in the text of an identity file; `source` names it in errors. Throws INVALID_KEY. */
export function parseSeed(text: string, source: string): Uint8Array {
  const line = text.trim()
  const digits = line.startsWith(HEAD) ? line.slice(HEAD.length) : ''
  const seed = base64urlBytes(digits)
  if (seed.length === SEED_SIZE && /^[\w-]{43}$/.test(digits)) return seed
  const mend = `expected one line "${HEAD}" and 43 base64url digits; make one with: sixcast identity`
  throw new BusError('INVALID_KEY', `${source} holds no identity: ${mend}`)
}
