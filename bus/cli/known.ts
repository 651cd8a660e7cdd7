/**
 * The last values that `sixcast get --stale` has got, kept between its runs in a file of the user's own.
 *
 * What the realm sees is sealed on the wire and stands here as it is, beside the realm's key and as
 * readable as that. A file that cannot be read, or is not what it should be, counts as empty: it
 * holds nothing that could not be asked for again.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isObject } from '../api/rules.ts'
import { matches, parsePattern, parseTopic, type Pattern } from '../core/topic/pattern.ts'
import { configDirectory, replaceSecretFile } from '../io/keyfile.ts'

/** A value as `get --json` prints it, with who gave it and when it was got. */
export interface KnownValue {
  readonly name: string
  readonly from: string
  /** The owner's name and tags. */
  readonly who: string
  readonly tags: Readonly<Record<string, string>>
  readonly value: unknown
  readonly encoding?: string
  readonly version: number
  readonly age: number
  /** Ms since 1970. */
  readonly at: number
}

export interface KnownQuestion {
  readonly names: readonly string[]
  readonly where: Readonly<Record<string, string>>
  readonly from: readonly string[] | undefined
  readonly maxAgeMs: number
}

/** What is there of a realm; the newest first. */
export async function readKnown(realm: string): Promise<readonly KnownValue[]> {
  try {
    const found: unknown = JSON.parse(await readFile(fileOf(realm), 'utf8'))
    return Array.isArray(found) ? found.filter(isKnown).slice(0, VALUES_MAX) : []
  } catch {
    return []
  }
}

/** Replaces the file by the newest of these, each variable of each owner once. */
export async function writeKnown(realm: string, values: readonly KnownValue[]): Promise<void> {
  const newestByKey = new Map<string, KnownValue>()
  for (const value of values.toSorted((a, b) => b.at - a.at)) {
    const key = `${value.from}/${value.name}`
    if (!newestByKey.has(key)) newestByKey.set(key, value)
  }
  const lines: string[] = []
  let size = 0
  for (const value of newestByKey.values()) {
    const line = JSON.stringify(value)
    size += line.length
    if (lines.length === VALUES_MAX || size > SIZE_MAX) break
    lines.push(line)
  }
  await replaceSecretFile(fileOf(realm), `[\n${lines.join(',\n')}\n]\n`)
}

/** Those that are asked for, and are no older than that. */
export function findKnown(
  values: readonly KnownValue[],
  { names, where, from, maxAgeMs }: KnownQuestion,
  now: number,
): readonly KnownValue[] {
  const patterns = names.map(patternOf)
  return values.filter((value) => {
    const passed = now - value.at
    if (passed < 0 || passed > maxAgeMs) return false
    if (from && !from.includes(value.from)) return false
    if (Object.entries(where).some(([key, text]) => value.tags[key] !== text)) return false
    const parsed = parseTopic(value.name)
    return parsed.ok && patterns.some((pattern) => pattern && matches(pattern, parsed.segments))
  })
}

function patternOf(name: string): Pattern | undefined {
  const parsed = parsePattern(name)
  return parsed.ok ? parsed.pattern : undefined
}

function isKnown(found: unknown): found is KnownValue {
  if (!isObject(found)) return false
  const { name, from, who, tags, version, age, at } = found
  const texts = [name, from, who].every((text) => typeof text === 'string')
  const numbers = [version, age, at].every((number) => Number.isFinite(number))
  return texts && numbers && isObject(tags) && 'value' in found
}

function fileOf(realm: string): string {
  return join(configDirectory(), 'known', `${realm}.json`)
}

const VALUES_MAX = 4096
/** Characters of all of them. */
const SIZE_MAX = 16 * 1024 * 1024
