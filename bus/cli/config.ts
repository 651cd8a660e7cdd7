/** The configuration file: a JSON object in which every key stands once. */
import type { Stats } from 'node:fs'
import { readSmallFile } from '../io/small-file.ts'
import { UsageError } from './exit.ts'

/**
 * An absent file is an empty one, unless it was `demanded`. Throws UsageError, also when others may
 * change it: it can make a realm open, and says what an agent runs.
 */
export async function readConfig(
  path: string,
  demanded: boolean,
): Promise<Readonly<Record<string, unknown>>> {
  const file = `the configuration file ${path}`
  let text: string
  try {
    const check = (_: string, stats: Stats): void => assertOurs(stats, { path, demanded })
    text = await readSmallFile(path, { sizeMax: CONFIG_SIZE_MAX, check })
  } catch (cause) {
    if (cause instanceof UsageError) throw cause
    const { code, message } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT' && !demanded) return {}
    throw new UsageError(`${file} cannot be read: ${message}`, { cause })
  }
  return parseConfig(text, file)
}

/** Whose the file is, is the user's own choice where it was named. */
function assertOurs(
  stats: Stats,
  about: { readonly path: string; readonly demanded: boolean },
): void {
  const { path, demanded } = about
  const me = process.geteuid?.()
  if (me === undefined || !stats.isFile()) return
  const { mode, uid } = stats
  const file = `the configuration file ${path}`
  if (!demanded && uid !== me && uid !== 0) {
    const fault = `${file} belongs to user ${uid}, who may change it`
    throw new UsageError(`${fault}; as root, run: chown ${me} '${path}'`)
  }
  if ((mode & OTHERS_WRITE) === 0) return
  const open = (mode & 0o777).toString(8).padStart(4, '0')
  throw new UsageError(`${file} has mode ${open}: others may change it; run: chmod o-w '${path}'`)
}

/** The object in the text of a configuration file; `file` names it in errors. Throws UsageError. */
export function parseConfig(text: string, file: string): Readonly<Record<string, unknown>> {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (cause) {
    throw new UsageError(`${file} is not JSON: ${(cause as Error).message}`, { cause })
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new UsageError(`${file} holds no object: write {"realm": "NAME"}`)
  }
  const twice = repeatedKey(text)
  if (twice) {
    const lines = `on line ${twice.lines[0]} and on line ${twice.lines[1]}`
    throw new UsageError(`${file} has the key "${twice.key}" ${lines}: keep one of them`)
  }
  return { ...parsed }
}

/** The first key of the outermost object that stands there twice; the parser takes the last one. */
function repeatedKey(json: string): { key: string; lines: readonly [number, number] } | undefined {
  const lineByKey = new Map<string, number>()
  let depth = 0
  let line = 1
  for (const [token, key] of json.matchAll(TOKENS)) {
    if (token === '{' || token === '[') depth += 1
    if (token === '}' || token === ']') depth -= 1
    if (key !== undefined && depth === 1) {
      const name = JSON.parse(key) as string // the parser has taken this text before
      const before = lineByKey.get(name)
      if (before !== undefined) return { key: name, lines: [before, line] }
      lineByKey.set(name, line)
    }
    line += token.split('\n').length - 1
  }
  return undefined
}

/** More than all settings, actions and variables of an agent ever take. */
const CONFIG_SIZE_MAX = 1024 * 1024
const OTHERS_WRITE = 0o002
/** Brackets, line ends, keys (a text before a colon), and other texts, in JSON that is valid. */
const TOKENS = /[{}[\]\n]|("(?:[^"\\]|\\.)*")\s*:|"(?:[^"\\]|\\.)*"/g
