/**
 * Identities that last: where a user's identity lives, and how it is made and read.
 *
 * An identity file is readable by its owner alone. One that nobody has made is not there: then each
 * start is new.
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { CONNECT } from '../api/option-rules.ts'
import type { ConnectOptions, Identity } from '../api/options.ts'
import { checkOptions, isRealmName } from '../api/rules.ts'
import { hex } from './digits.ts'
import { identityOfSeed, newIdentity } from './ed25519.ts'
import { identityText, parseSeed } from './identity-text.ts'
import { configDirectory, createSecretFile, isThere, realmFile } from './keyfile.ts'
import { given } from './given.ts'
import { readSecret } from './secret.ts'

/** The user's own identity file. */
export function identityFile(): string {
  return join(configDirectory(), 'identity')
}

/** Reads the text of an identity file; `source` names it in errors. Throws INVALID_KEY. */
export function parseIdentity(text: string, source: string): Identity {
  return identityOfSeed(parseSeed(text, source))
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

/** Names of the realms in which the user has an identity of their own, in order. */
export async function realmsWithIdentity(): Promise<readonly string[]> {
  const names = await readdir(join(configDirectory(), 'realms')).catch((): string[] => [])
  const ending = '.identity'
  return names
    .filter((name) => name.endsWith(ending))
    .map((name) => name.slice(0, -ending.length))
    .filter(isRealmName)
    .toSorted()
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
  return hex(publicKey)
}
