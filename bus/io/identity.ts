/**
 * Identities that last: where a user's identity lives, and how it is made and read.
 *
 * An identity file is one line, `sixcast-identity-1 ` and 43 base64url digits of the Ed25519 seed,
 * readable by its owner alone. One that nobody has made is not there: then each start is new.
 */
import { join } from 'node:path'
import { BusError } from '../api/errors.ts'
import { CONNECT } from '../api/option-rules.ts'
import type { ConnectOptions, Identity } from '../api/options.ts'
import { checkOptions } from '../api/rules.ts'
import { identityOfSeed, newIdentity } from './ed25519.ts'
import { configDirectory, createSecretFile, isThere, realmFile } from './keyfile.ts'
import { given, readSecret } from './secret.ts'

const HEAD = 'sixcast-identity-1 '
const SEED_SIZE = 32

/** The user's own identity file. */
export function identityFile(): string {
  return join(configDirectory(), 'identity')
}

/** The text of an identity file. */
export function identityText({ secretKey }: Identity): string {
  return `${HEAD}${Buffer.from(secretKey).toString('base64url')}\n`
}

/** Reads the text of an identity file; `source` names it in errors. Throws INVALID_KEY. */
export function parseIdentity(text: string, source: string): Identity {
  const line = text.trim()
  const digits = line.startsWith(HEAD) ? line.slice(HEAD.length) : ''
  const seed = Buffer.from(digits, 'base64url')
  if (seed.length === SEED_SIZE && /^[\w-]{43}$/.test(digits)) return identityOfSeed(seed)
  const mend = `expected one line "${HEAD}" and 43 base64url digits; make one with: sixcast identity`
  throw new BusError('INVALID_KEY', `${source} holds no identity: ${mend}`)
}

/** From a file, `env:NAME` or `fd:N`. Throws INVALID_KEY. */
export async function readIdentity(name: string, signal?: AbortSignal): Promise<Identity> {
  const { text, source } = await readSecret(name, signal, 'identity')
  return parseIdentity(text, source)
}

/** Makes an identity file; false when something of that name is there, which is left alone. */
export function createIdentityFile(path: string, identity: Identity): Promise<boolean> {
  return createSecretFile(path, identityText(identity), 'identity')
}

/** Where the identity is that an invitation to a realm has brought. */
export function identityFileOf(realm: string): string {
  return realmFile(realm, 'identity')
}

/**
 * The identity that the options name. Without one it is the user's for this realm, or the user's
 * own, or else a new one.
 */
export async function identityOf(options: ConnectOptions, realm: string): Promise<Identity> {
  const { signal } = options
  const found = await given('identity', options.identity, signal)
  if (typeof found === 'string') return parseIdentity(found, 'option "identity"')
  if (found !== undefined) {
    // Of what a function brings nothing has been looked at yet.
    checkOptions('connect', { identity: found }, CONNECT)
    return found
  }
  for (const own of [identityFileOf(realm), identityFile()]) {
    if (await isThere(own)) return readIdentity(own, signal)
  }
  return newIdentity()
}

/** As everybody else sees it: 64 hexadecimal digits. */
export function identityName({ publicKey }: Pick<Identity, 'publicKey'>): string {
  return keyName(publicKey)
}

/** The same of a public key by itself. */
export function keyName(publicKey: Uint8Array): string {
  return Buffer.from(publicKey).toString('hex')
}
