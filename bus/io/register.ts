/**
 * The owner's register: whom rights were granted to in a realm, one JSON object a line.
 *
 * It is a memory, not a source of rights: those are with their holders.
 */
import { BusError } from '../api/errors.ts'
import { isObject } from '../api/rules.ts'
import type { Rights } from '../core/rights.ts'
import { isThere, readOwnFile, realmFile, replaceSecretFile } from './keyfile.ts'
import { withLock } from './lock.ts'
import { parseRights, rightsText } from './rights-text.ts'

/** Some thousand members. */
const REGISTER_SIZE_MAX = 4 * 1024 * 1024

export interface Member {
  /** What the owner calls it. */
  readonly name: string
  readonly rights: Rights
  /** A guest: the patterns that its keys are for. */
  readonly topics?: readonly string[]
  /** Removed by the owner. */
  readonly revoked?: boolean
}

/** The file. */
export function registerOf(realm: string): string {
  return realmFile(realm, 'members')
}

/** Throws INVALID_KEY when a line is no member. */
export async function readRegister(realm: string): Promise<readonly Member[]> {
  const lines = (await textOf(realm)).split('\n').filter((line) => line !== '')
  return lines.map((line, i) => parseMember(line, `line ${i + 1} of ${registerOf(realm)}`))
}

export function addMember(realm: string, member: Member): Promise<void> {
  return withLock(registerOf(realm), async () => {
    await replaceSecretFile(registerOf(realm), `${await textOf(realm)}${memberLine(member)}`)
  })
}

/** Marks all that these identities were granted. */
export function revokeMembers(realm: string, isMeant: (one: Member) => boolean): Promise<void> {
  return withLock(registerOf(realm), async () => {
    const members = await readRegister(realm)
    const lines = members.map((one) => memberLine(isMeant(one) ? { ...one, revoked: true } : one))
    await replaceSecretFile(registerOf(realm), lines.join(''))
  })
}

/** The line of a member in the register. */
export function memberLine({ rights, ...rest }: Member): string {
  return `${JSON.stringify({ ...rest, rights: rightsText(rights.bytes).trim() })}\n`
}

async function textOf(realm: string): Promise<string> {
  const path = registerOf(realm)
  if (!(await isThere(path))) return ''
  return readOwnFile(path, { file: `the register ${path}`, sizeMax: REGISTER_SIZE_MAX })
}

/** Reads a line of the register; `source` names it in errors. Throws INVALID_KEY. */
export function parseMember(line: string, source: string): Member {
  let found: unknown
  try {
    found = JSON.parse(line)
  } catch {
    found = undefined
  }
  const { name, rights, topics, revoked } = isObject(found) ? found : {}
  const isList = Array.isArray(topics) && topics.every((one) => typeof one === 'string')
  const isGood = (topics === undefined || isList) && (revoked === undefined || revoked === true)
  if (typeof name === 'string' && typeof rights === 'string' && isGood) {
    const more = {
      ...(isList && { topics: topics as string[] }),
      ...(revoked && { revoked: true }),
    }
    return { name, rights: parseRights(rights, source), ...more }
  }
  throw new BusError('INVALID_KEY', `${source} is no member: mend or remove the line`)
}
