/**
 * What a member of a realm with an owner may do.
 *
 * A topic is allowed when every grant of the chain allows it: a later grant can only take away,
 * so handing on needs no comparison of patterns. All of this is looked at when a peer is admitted
 * and when a stream's topic is learnt, never for a packet.
 */
import { concat } from './bytes.ts'
import { textOf, utf8 } from './text.ts'
import { matches, parsePattern, type Pattern } from './topic/pattern.ts'
import { Action, type ActionName, readRights, type Rule, type SignedGrant } from './wire/grant.ts'

/** Opens what is signed for a grant. */
export const GRANT_LABEL: Uint8Array = utf8('sixcast/1/grant')
/** Clocks may differ by so much, seconds. */
const SKEW_S = 60

interface Allowance {
  readonly actions: number
  readonly pattern: Pattern
}

/** Who must have signed what. */
export interface Link {
  readonly issuer: Uint8Array
  readonly signed: Uint8Array
  readonly signature: Uint8Array
}

export class Rights {
  readonly bytes: Uint8Array
  readonly holder: Uint8Array
  /** More grants that may follow. */
  readonly depth: number
  /** When the first grant of the chain begins and when one ends, s since 1970. */
  readonly notBefore: number
  readonly notAfter: number
  readonly #grants: readonly SignedGrant[]
  readonly #allowances: readonly (readonly Allowance[])[]

  private constructor(
    bytes: Uint8Array,
    grants: readonly SignedGrant[],
    allowances: readonly (readonly Allowance[])[],
  ) {
    const last = grants.at(-1)!.grant
    this.bytes = bytes
    this.holder = last.holder
    this.depth = last.depth
    this.notBefore = Math.max(...grants.map(({ grant }) => grant.notBefore))
    this.notAfter = Math.min(...grants.map(({ grant }) => grant.notAfter))
    this.#grants = grants
    this.#allowances = allowances
  }

  /** Reads a chain; `undefined` when it is none. Its signatures are still to be checked. */
  static read(given: Uint8Array): Rights | undefined {
    const bytes = given.slice()
    const grants = readRights(bytes)
    if (!grants) return undefined
    for (const [i, { grant }] of grants.entries()) {
      const before = grants[i - 1]
      if (before && grant.depth >= before.grant.depth) return undefined
    }
    const allowances = grants.map(({ grant }) => allowancesOf(grant.rules))
    const good = allowances.filter((one) => one !== undefined)
    return good.length === grants.length ? new Rights(bytes, grants, good) : undefined
  }

  get serials(): readonly number[] {
    return this.#grants.map(({ grant }) => grant.serial)
  }

  /** The rules of each grant as text, for whoever explains them. */
  get rules(): readonly (readonly { readonly actions: number; readonly pattern: string }[])[] {
    return this.#allowances.map((rules) =>
      rules.map(({ actions, pattern }) => ({ actions, pattern: pattern.text })),
    )
  }

  /** What has to be verified, from the owner on. */
  links(owner: Uint8Array): readonly Link[] {
    return this.#grants.map(({ signed, signature }, i) => {
      return { issuer: this.#grants[i - 1]?.grant.holder ?? owner, signed, signature }
    })
  }

  /** Whether the wall clock, ms since 1970, is within all its times. */
  isValid(wallMs: number): boolean {
    const now = wallMs / 1000
    return now >= this.notBefore - SKEW_S && now <= this.notAfter + SKEW_S
  }

  /** Whether every grant gives the action, on whichever topics: what who sees no topic can judge. */
  gives(action: ActionName): boolean {
    const bit = Action[action]
    return this.#allowances.every((rules) => rules.some(({ actions }) => (actions & bit) !== 0))
  }

  allows(action: ActionName, segments: readonly string[]): boolean {
    return this.refusal(action, segments) === undefined
  }

  /** The place in the chain of the first grant that does not allow it. */
  refusal(action: ActionName, segments: readonly string[]): number | undefined {
    const bit = Action[action]
    const allows = ({ actions, pattern }: Allowance): boolean =>
      (actions & bit) !== 0 && matches(pattern, segments)
    const at = this.#allowances.findIndex((rules) => !rules.some(allows))
    return at < 0 ? undefined : at
  }
}

/** The bytes of a chain to which one more signed grant is added. */
export function extended(before: Uint8Array | undefined, grant: Uint8Array): Uint8Array {
  if (!before) return concat(Uint8Array.of(1), grant)
  const bytes = concat(before, grant)
  bytes[0]! += 1
  return bytes
}

/** The patterns for which a grant's rules give an action, as text. */
export function patternsFor(action: ActionName, rules: Rights['rules'][number]): string[] {
  const bit = Action[action]
  return rules.filter(({ actions }) => (actions & bit) !== 0).map(({ pattern }) => pattern)
}

function allowancesOf(rules: readonly Rule[]): readonly Allowance[] | undefined {
  const allowances: Allowance[] = []
  for (const { actions, pattern } of rules) {
    const parsed = parsePattern(textOf(pattern) ?? '')
    // Names of segments mean nothing here: one way to write each rule.
    const plain = parsed.ok && parsed.pattern.parts.every(({ type }) => type !== 'named')
    if (!plain) return undefined
    allowances.push({ actions, pattern: parsed.pattern })
  }
  return allowances
}
