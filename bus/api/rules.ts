/** What an option may be: small rules, and the one error for a value that breaks its rule. */
import { utf8 } from '../core/text.ts'
import type { PeerId } from './terms.ts'
import { BusError } from './errors.ts'

/** What is wrong with a value, or with the part of it that `part` names (`.peers`). */
export interface Fault {
  readonly part?: string
  /** The value as the message shows it. */
  readonly found: string
  /** What would be right. */
  readonly mend: string
}

export interface Rule {
  readonly faultOf: (value: unknown) => Fault | undefined
  /** The numbers that it draws the line at: the documents name them, too. */
  readonly bounds: readonly number[]
}

/** A rule for each option of one call. */
export type Rules<Options> = { readonly [name in keyof Required<Options>]: Rule }

/**
 * Throws INVALID_OPTION when these are no options of the call, or one of them breaks its rule. An
 * option that is undefined counts as absent.
 */
export function checkOptions(
  call: string,
  given: unknown,
  rules: Readonly<Record<string, Rule>>,
): void {
  if (given === undefined) return
  if (!isObject(given)) {
    const fault = `${call} takes its options as an object, not ${kindOf(given)}`
    throw new BusError('INVALID_OPTION', `${fault}: as in { ${Object.keys(rules)[0]}: … }`)
  }
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(rules, name)) throw invalid(name, unknownName(call, name, rules))
    const value = given[name]
    const fault = value === undefined ? undefined : rules[name]?.faultOf(value)
    if (fault) throw invalid(name, fault)
  }
}

/** `option "port" is 0: a whole number from 1 to 65535` */
function invalid(name: string, { part = '', found, mend }: Fault): BusError {
  return new BusError('INVALID_OPTION', `option "${name}${part}" is ${found}: ${mend}`)
}

/** A value must pass; `mend` says what would. */
export function rule(
  fits: (value: unknown) => boolean,
  mend: string,
  bounds: readonly number[] = [],
): Rule {
  const faultOf = (value: unknown): Fault | undefined =>
    fits(value) ? undefined : { found: shown(value), mend }
  return { faultOf, bounds }
}

/** One value, or a list of them: of a list a message shows those that do not pass. */
export function each(
  fits: (value: unknown) => boolean,
  how: {
    readonly mend: string
    /** Of a list. */
    readonly least?: number
    readonly most?: number
    /** False: one value must stand in a list as well. */
    readonly alone?: boolean
  },
): Rule {
  const { mend, least = 1, most = Infinity, alone = true } = how
  const faultOf = (value: unknown): Fault | undefined => {
    if (!Array.isArray(value) && !alone) return { found: shown(value), mend: `a list: ${mend}` }
    const all: readonly unknown[] = Array.isArray(value) ? value : [value]
    if (all.length < least || all.length > most) return { found: shown(value), mend }
    const wrong = all.filter((one) => !fits(one))
    return wrong.length === 0 ? undefined : { found: wrong.map(shown).join(', '), mend }
  }
  return { faultOf, bounds: most === Infinity ? [] : [most] }
}

/** A secret must pass: what is wrong with one is told without showing it. */
export function secret(fits: (text: string) => boolean, mend: string): Rule {
  const faultOf = (value: unknown): Fault | undefined => {
    if (typeof value !== 'string') return { found: typeof value, mend }
    return fits(value) ? undefined : { found: `a text of ${value.length} characters`, mend }
  }
  return { faultOf, bounds: [] }
}

export function whole(min: number, max: number = Number.MAX_SAFE_INTEGER): Rule {
  const open = max === Number.MAX_SAFE_INTEGER
  const fits = (value: unknown): boolean =>
    Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max
  const mend = open ? `a whole number from ${min}` : `a whole number from ${min} to ${max}`
  return rule(fits, mend, open ? [min] : [min, max])
}

export const flag: Rule = rule((value) => typeof value === 'boolean', 'true or false')

export function oneOf(choice: readonly string[]): Rule {
  return rule((value) => choice.some((word) => word === value), `one of ${choice.join(', ')}`)
}

/** An object with these methods; what else it holds is not shown. */
export function methods(names: readonly string[], mend: string): Rule {
  const faultOf = (value: unknown): Fault | undefined => {
    if (!isObject(value) && typeof value !== 'function') return { found: kindOf(value), mend }
    // Whatever is no primitive can be asked for its members.
    const members = value as Readonly<Record<string, unknown>>
    const lacking = names.filter((name) => typeof members[name] !== 'function')
    if (lacking.length === 0) return undefined
    return {
      found: `${kindOf(value)} without ${lacking.map((name) => `${name}()`).join(', ')}`,
      mend,
    }
  }
  return { faultOf, bounds: [] }
}

/** As `rule`, for objects (and functions) that a message had better not print. */
export function described(
  fits: (value: Readonly<Record<string, unknown>>) => boolean,
  mend: string,
): Rule {
  const faultOf = (value: unknown): Fault | undefined => {
    const able = isObject(value) || typeof value === 'function'
    // Whatever is no primitive can be asked for its members.
    if (able && fits(value as Readonly<Record<string, unknown>>)) return undefined
    return { found: kindOf(value), mend }
  }
  return { faultOf, bounds: [] }
}

/** The fault of a name that a call does not know. */
function unknownName(owner: string, name: string, known: object): Fault {
  const names = Object.keys(known)
  const near = nearest(name, names)
  const guess = near === undefined ? '' : `did you mean "${near}"? `
  return { found: `unknown to ${owner}`, mend: `${guess}there are ${names.join(', ')}` }
}

/** Text that acts on a terminal, or breaks a line in two. */
export function hasControl(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(text)
}

/** An object of named members: no list, and no map either, whose entries would go unseen. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !(Symbol.iterator in value)
}

/** JSON, but for what JSON has no words for, and cut when it is long. */
export function shown(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  try {
    const text = JSON.stringify(value) ?? kindOf(value)
    return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text
  } catch {
    return kindOf(value) // it holds itself, or a bigint
  }
}

export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

/** The name that was probably meant. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  const distances = names.map(
    (one) => [one, distance(one.toLowerCase(), name.toLowerCase())] as const,
  )
  const [best] = distances.toSorted(([, a], [, b]) => a - b)
  return best && best[1] <= Math.max(1, Math.floor(name.length / 3)) ? best[0] : undefined
}

/** Letters to add, take away, replace or swap with their neighbour until one word is the other. */
function distance(a: string, b: string): number {
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swaps = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const swapped = swaps ? before[j - 2]! + 1 : Infinity
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, replaced, swapped))
    }
    before = row
    row = next
  }
  return row[b.length]!
}

const SHOWN_MAX = 120

/** What a realm may be called. */
export const REALM_NAME = '1 to 64 letters, digits, ".", "-" or "_"'

export function isRealmName(value: unknown): value is string {
  return typeof value === 'string' && /^[\w.-]{1,64}$/.test(value)
}

/** For the limits of something: a whole number each, by the names that have a default. */
export function limitsRule(defaults: object, example: string): Rule {
  const limit = whole(1)
  const faultOf = (value: unknown): Fault | undefined => {
    if (!isObject(value)) return { found: shown(value), mend: `an object such as ${example}` }
    for (const [name, bound] of Object.entries(value)) {
      const part = `.${name}`
      if (!Object.hasOwn(defaults, name))
        return { part, ...unknownName('the limits', name, defaults) }
      const fault = limit.faultOf(bound)
      if (fault) return { ...fault, part }
    }
    return undefined
  }
  return { faultOf, bounds: [] }
}

export function isPeerId(value: unknown): value is PeerId {
  return typeof value === 'string' && /^[0-9a-f]{16}$/.test(value)
}

/** As long as a topic. */
const SHARE_SIZE_MAX = 255

/** The name of a group that shares. */
export const share: Rule = rule(
  (value) => typeof value === 'string' && value !== '' && utf8(value).length <= SHARE_SIZE_MAX,
  `the name of a group, of 1 to ${SHARE_SIZE_MAX} bytes`,
  [SHARE_SIZE_MAX],
)
