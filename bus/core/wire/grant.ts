/**
 * Rights as a peer shows them: a chain of signed grants.
 *
 *     rights   uint8 n (1 to 4), n x grant; at most 512 bytes
 *     grant    holder (32) | uint8 depth | varint serial | varint not before, s
 *              varint not after, s | varint n, n x rule | signature (64)
 *     rule     uint8 actions | block pattern
 *
 * The signature covers "sixcast/1/grant", the realm's id and the grant before the signature. The
 * realm's owner signs the first grant, the holder of each one the next.
 */
import { Reader, Writer } from './cursor.ts'

export const Action = { publish: 1, subscribe: 2, expose: 4, write: 8, relay: 16 } as const

export type ActionName = keyof typeof Action

const ACTIONS_ALL = 31
const HOLDER_SIZE = 32
const SIGNATURE_SIZE = 64
/** Most grants of a chain: an owner, two who hand on, a member. */
export const GRANTS_MAX = 4
/** Most rules of one grant. */
export const RULES_MAX = 16
/** A hello with rights still fits the smallest packet, and has room for lists. */
export const RIGHTS_SIZE_MAX = 512
const PATTERN_SIZE_MAX = 255

export interface Rule {
  /** Bits of `Action`. */
  readonly actions: number
  readonly pattern: Uint8Array
}

export interface Grant {
  /** The identity that it is granted to. */
  readonly holder: Uint8Array
  /** How many further grants may follow. */
  readonly depth: number
  readonly serial: number
  /** Seconds since 1970. */
  readonly notBefore: number
  readonly notAfter: number
  readonly rules: readonly Rule[]
}

export interface SignedGrant {
  readonly grant: Grant
  readonly signed: Uint8Array
  readonly signature: Uint8Array
}

/** A grant without its signature. */
export function writeGrant(grant: Grant): Uint8Array {
  const rules = grant.rules.reduce((size, { pattern }) => size + 3 + pattern.length, 0)
  const writer = new Writer(HOLDER_SIZE + 1 + 4 * 8 + rules)
  writer.put(grant.holder).uint8(grant.depth).varint(grant.serial)
  writer.varint(grant.notBefore).varint(grant.notAfter).varint(grant.rules.length)
  for (const { actions, pattern } of grant.rules) writer.uint8(actions).block(pattern)
  return writer.written
}

/** The grants in order, or `undefined` when the bytes are no such chain. */
export function readRights(bytes: Uint8Array): readonly SignedGrant[] | undefined {
  if (bytes.length > RIGHTS_SIZE_MAX) return undefined
  const reader = new Reader(bytes)
  const count = reader.uint8()
  if (count < 1 || count > GRANTS_MAX) return undefined
  const grants: SignedGrant[] = []
  for (let i = 0; i < count && !reader.failed; i++) grants.push(readGrant(reader))
  return reader.failed || reader.left > 0 ? undefined : grants
}

function readGrant(reader: Reader): SignedGrant {
  const from = reader.offset
  const grant: Grant = {
    holder: reader.take(HOLDER_SIZE),
    depth: reader.uint8(),
    serial: reader.varint(),
    notBefore: reader.varint(),
    notAfter: reader.varint(),
    rules: readRules(reader),
  }
  if (grant.notAfter < grant.notBefore) reader.failed = true
  const signed = reader.bytes.subarray(from, reader.offset)
  return { grant, signed, signature: reader.take(SIGNATURE_SIZE) }
}

function readRules(reader: Reader): Rule[] {
  const count = reader.count(2)
  if (count > RULES_MAX) reader.failed = true
  const rules: Rule[] = []
  for (let i = 0; i < count && !reader.failed; i++) {
    const actions = reader.uint8()
    if (actions === 0 || actions > ACTIONS_ALL) reader.failed = true
    rules.push({ actions, pattern: reader.block(PATTERN_SIZE_MAX) })
  }
  return rules
}
