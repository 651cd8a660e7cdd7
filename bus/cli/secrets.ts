/** Secrets that the command line names; one that makes a command wait is told of. */
import type { Identity } from '../index.ts'
import { readIdentity } from '../io/identity.ts'
import type { RealmKey } from '../io/key-text.ts'
import type { SecretKind } from '../io/keyfile.ts'
import { readRealmKey, readSecret, type Secret } from '../io/secret.ts'
import { note } from './log.ts'

export function secretNamed(
  name: string,
  signal: AbortSignal,
  kind: SecretKind = 'key',
): Promise<Secret> {
  return told(name, readSecret(name, signal, kind))
}

export function realmKeyNamed(name: string, signal: AbortSignal): Promise<RealmKey> {
  return told(name, readRealmKey(name, signal))
}

export function identityNamed(name: string, signal: AbortSignal): Promise<Identity> {
  return told(name, readIdentity(name, signal))
}

/** A pipe is read until its other end is closed, which may be never. */
async function told<T>(name: string, reading: Promise<T>): Promise<T> {
  const timer = setTimeout(() => {
    note(`still reading ${name}: a pipe is read until its other end is closed`)
  }, PATIENCE_MS)
  try {
    return await reading
  } finally {
    clearTimeout(timer)
  }
}

const PATIENCE_MS = 1500
