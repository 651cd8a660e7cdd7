/** Key files: where realms' keys live, readable by their owner alone, and how they are made and read. */
import type { Stats } from 'node:fs'
import { chmod, link, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, dirname, isAbsolute, join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { nanoid } from 'nanoid'
import { BusError } from '../api/errors.ts'
import { keyText, LOCAL_REALM, parseKey, type RealmKey } from './key-text.ts'
import { readSmallFile } from './small-file.ts'

const KEY_SIZE = 32
/** More than a key file, or any other secret, ever holds. */
export const SECRET_SIZE_MAX = 8192
/** Permission bits that anybody but the owner would have. */
const OTHERS = 0o077
const WRITABLE = 0o022
/** What a file of a secret is called in errors. */
export type SecretKind = 'key' | 'identity' | 'rights' | 'invitation' | 'token' | 'credentials'

/**
 * The user's configuration directory of sixcast: $XDG_CONFIG_HOME or ~/.config. A relative path
 * there counts as none (XDG Base Directory Specification), or each folder would have keys.
 */
export function configDirectory(): string {
  const given = process.env['XDG_CONFIG_HOME'] ?? ''
  return join(isAbsolute(given) ? given : join(homedir(), '.config'), 'sixcast')
}

/** Where a file of a realm is that ends like this. */
export function realmFile(realm: string, ending: string): string {
  return join(configDirectory(), 'realms', `${realm}.${ending}`)
}

/** Where a realm's key is looked for when no other is given. */
export function keyFileOf(realm: string): string {
  return realmFile(realm, 'key')
}

/** Where the control key is that a relay of the realm is given. */
export function controlFileOf(realm: string): string {
  return realmFile(realm, 'control')
}

export async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}

export function newKey(): Uint8Array {
  return new Uint8Array(randomBytes(KEY_SIZE))
}

/**
 * Throws INVALID_KEY when the file is missing, malformed, or somebody else's. A pipe is waited for,
 * until the signal aborts.
 */
export async function readKeyFile(path: string, signal?: AbortSignal): Promise<RealmKey> {
  return parseKey(await readKeyText(path, signal), `the key file ${path}`)
}

/** The same for a file with a secret of any kind, not yet looked at. */
export async function readKeyText(
  path: string,
  signal?: AbortSignal,
  kind: SecretKind = 'key',
): Promise<string> {
  assertPath(path, kind)
  const file = `the ${kind} file ${path}`
  const check = (_: string, stats: Stats): void => assertOwn(stats, { path, file })
  try {
    return await readSmallFile(path, { sizeMax: SECRET_SIZE_MAX, check, signal })
  } catch (cause) {
    if (cause instanceof BusError || signal?.aborted) throw cause
    const reason = (cause as Error).message
    throw new BusError('INVALID_KEY', `${file} cannot be read: ${reason}`, { cause })
  }
}

/** A file that holds such a secret, with its article. */
export function fileOfKind(kind: SecretKind): string {
  return `${kind.startsWith('i') ? 'an' : 'a'} ${kind} file`
}

/** A key in place of its path would be shown by the error that nothing of such a name is there. */
function assertPath(path: string, kind: SecretKind): void {
  if (!looksSecret(path)) return
  const fault = `the path of ${fileOfKind(kind)} is expected, and what was given looks like a key itself`
  const mend = 'others can see it there: write it to a file of mode 0600, and give the path of that'
  throw new BusError('INVALID_KEY', `${fault}; ${mend}`)
}

/** Whether a text that should name a file is, or holds, a key, an identity or an invitation. */
export function looksSecret(path: string): boolean {
  if (/sixcast-[a-z]+-\d+\s|sixcast-invite-\d+\./.test(path)) return true
  const name = basename(path).trim()
  // No name is as long as an invitation, whatever has happened to its beginning.
  if (/[\w-]{200}/.test(name)) return true
  // The line of a key may have lost its first word.
  return name.split(/\s+/).some((word) => /^([\w-]{43}=?|[0-9a-f]{64})$/i.test(word))
}

/** A key that others may read or put there protects nothing. */
function assertOwn(stats: Stats, { path, file }: Record<'path' | 'file', string>): void {
  const { mode, uid } = stats
  const me = process.geteuid?.()
  if (stats.isCharacterDevice() && (mode & OTHERS) !== 0) {
    const mend = 'name a file, a pipe, or a descriptor that is open (fd:0)'
    throw new BusError('INVALID_KEY', `${file} is a device, and holds no secret: ${mend}`)
  }
  if (me !== undefined && uid !== me && uid !== 0) {
    const fault = `${file} belongs to user ${uid}, who may change it`
    throw new BusError('INVALID_KEY', `${fault}; as root, run: chown ${me} '${path}'`)
  }
  if ((mode & OTHERS) === 0) return
  const open = (mode & 0o777).toString(8).padStart(4, '0')
  const fault = `${file} has mode ${open}, open to others`
  throw new BusError('INVALID_KEY', `${fault}; run: chmod 600 '${path}'`)
}

/**
 * Whoever may write into the folder can put another file in the place of one that nobody else may
 * change. Throws INVALID_KEY; where the system knows no users there is nothing to check.
 */
async function assertOwnFolder(path: string): Promise<void> {
  const folder = dirname(path)
  const me = process.geteuid?.()
  const stats = me === undefined ? undefined : await stat(folder).catch(() => undefined)
  if (!stats) return
  const { mode, uid } = stats
  const of = `the folder ${folder}, which holds keys,`
  if (uid !== me && uid !== 0) {
    const mend = `as root, run: chown ${me} '${folder}'`
    throw new BusError('INVALID_KEY', `${of} belongs to user ${uid}, who may change them; ${mend}`)
  }
  if ((mode & WRITABLE) === 0) return
  const open = (mode & 0o7777).toString(8).padStart(4, '0')
  const fault = `${of} has mode ${open}: others may put their own there`
  throw new BusError('INVALID_KEY', `${fault}; run: chmod 700 '${folder}'`)
}

/** Reads a file of the user's own of up to that size, which nobody else may read or change. */
export async function readOwnFile(
  path: string,
  about: { readonly file: string; readonly sizeMax: number },
): Promise<string> {
  await assertOwnFolder(path)
  const check = (_: string, stats: Stats): void => assertOwn(stats, { path, file: about.file })
  return readSmallFile(path, { sizeMax: about.sizeMax, check })
}

/** Writes a new key file, mode 0600; false when one is there already, which is left alone. */
export function createKeyFile(path: string, key: Uint8Array): Promise<boolean> {
  return createSecretFile(path, keyText(key))
}

/** The same for any secret text. */
export async function createSecretFile(
  path: string,
  text: string,
  kind: SecretKind = 'key',
): Promise<boolean> {
  const directory = dirname(path)
  const draft = join(directory, `.${nanoid()}.key`)
  try {
    await makeDirectory(directory)
    const file = await open(draft, 'wx', 0o600)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await chmod(draft, 0o600)
    // A hard link appears whole or not at all, and never replaces what is there.
    return await linked(draft, path)
  } catch (cause) {
    const reason = (cause as Error).message
    throw new BusError('DENIED', `the ${kind} file ${path} cannot be written: ${reason}`, { cause })
  } finally {
    await rm(draft, { force: true }).catch(() => undefined) // its directory may be none
  }
}

/** The same, but what is there is replaced, whole or not at all. */
export async function replaceSecretFile(path: string, text: string): Promise<void> {
  const draft = `${path}.${nanoid()}`
  await createSecretFile(draft, text)
  try {
    await rename(draft, path)
  } catch (cause) {
    await rm(draft, { force: true })
    const reason = (cause as Error).message
    throw new BusError('DENIED', `the file ${path} cannot be written: ${reason}`, { cause })
  }
}

/**
 * For the user alone, with the folders above it. Node's own recursive mkdir never ends where nothing
 * can be made, as below /proc.
 */
export async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return
    if (code !== 'ENOENT' || dirname(path) === path) throw error
    await makeDirectory(dirname(path))
    await mkdir(path, { mode: 0o700 }).catch((again: NodeJS.ErrnoException) => {
      if (again.code !== 'EEXIST') throw again
    })
  }
}

/** False when something of that name is there. */
async function linked(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** The key of a realm from its file; the local realm's is made on first use. */
export async function realmKey(realm: string, signal?: AbortSignal): Promise<RealmKey> {
  return parseKey(await realmKeyText(realm, signal), `the key file ${keyFileOf(realm)}`)
}

/** The text of a realm's key file; the local realm's is made on first use. */
export async function realmKeyText(realm: string, signal?: AbortSignal): Promise<string> {
  const path = keyFileOf(realm)
  if (realm === LOCAL_REALM) await createLocalKey(path)
  else await requireFile(path, realm)
  await assertOwnFolder(path)
  return readKeyText(path, signal)
}

async function createLocalKey(path: string): Promise<void> {
  if (!(await isThere(path))) await createKeyFile(path, newKey())
}

async function requireFile(path: string, realm: string): Promise<void> {
  if (await isThere(path)) return
  const mend = `make one with: sixcast keygen --realm ${realm}, and copy it to the other hosts`
  throw new BusError('INVALID_KEY', `realm "${realm}" has no key (${path}): ${mend}`)
}
