/**
 * Where secrets come from: a file, an environment variable, or a file descriptor.
 *
 * Secret managers hand them over in one of these ways. No error shows what was read.
 */
import { BusError } from '../api/errors.ts'
import { parseKey, type RealmKey } from './key-text.ts'
import {
  fileOfKind,
  looksSecret,
  readKeyText,
  SECRET_SIZE_MAX,
  type SecretKind,
} from './keyfile.ts'
import { readSmallFile } from './small-file.ts'

/** The text of a secret, and where it was found, as errors name it. */
export interface Secret {
  readonly text: string
  readonly source: string
}

/** Whether it names a variable or a descriptor; everything else is the path of a file. */
export function isPath(name: string): boolean {
  return !/^(env|fd):/.test(name)
}

/**
 * `env:NAME` is a variable, `fd:N` an open descriptor, everything else a path. Throws INVALID_KEY.
 */
export async function readSecret(
  name: string,
  signal?: AbortSignal,
  kind: SecretKind = 'key',
): Promise<Secret> {
  const [, way, what = ''] = /^(env|fd):(.*)$/s.exec(name) ?? []
  if (way === 'env') return fromEnvironment(what, kind)
  if (way === 'fd') return fromDescriptor(what, signal)
  return { text: await readKeyText(name, signal, kind), source: `the ${kind} file ${name}` }
}

/** The whole key of a realm that is found there. Throws INVALID_KEY. */
export async function readRealmKey(name: string, signal?: AbortSignal): Promise<RealmKey> {
  const { text, source } = await readSecret(name, signal)
  return parseKey(text, source)
}

function fromEnvironment(name: string, kind: SecretKind): Secret {
  if (!/^[a-z_]\w*$/i.test(name) || looksSecret(name)) {
    // It may be the key itself.
    const fault = 'what follows "env:" is no name of an environment variable'
    throw new BusError('INVALID_KEY', `${fault}: write it as in env:SITE_KEY`)
  }
  const text = process.env[name]
  const source = `the environment variable ${name}`
  if (text !== undefined && text !== '') return { text, source }
  const mend = `it should hold the text of ${fileOfKind(kind)}`
  throw new BusError('INVALID_KEY', `${source} is not set: ${mend}`)
}

async function fromDescriptor(digits: string, signal?: AbortSignal): Promise<Secret> {
  if (!/^\d{1,6}$/.test(digits)) {
    throw new BusError('INVALID_KEY', 'what follows "fd:" is no number: write it as in fd:3')
  }
  const source = `the file descriptor ${digits}`
  try {
    const text = await readSmallFile(Number(digits), { sizeMax: SECRET_SIZE_MAX, signal })
    return { text, source }
  } catch (cause) {
    if (signal?.aborted) throw cause
    const reason = (cause as Error).message
    throw new BusError('INVALID_KEY', `${source} cannot be read: ${reason}`, { cause })
  }
}
