/** What an invitation shall bring, as the command line says it. */
import { VARIABLES } from '../api/variables/host.ts'
import { GRANTS_MAX } from '../core/wire/grant.ts'
import { isBoxable } from '../io/boxes.ts'
import type { Arguments } from './command.ts'
import { UsageError } from './exit.ts'
import { duration, list, text, whole } from './values.ts'

/** For `grant`. */
export interface Wishes {
  readonly publish: string[]
  readonly subscribe: string[]
  readonly expose: string[]
  readonly write: string[]
  readonly until: Date
  readonly depth: number
}

/**
 * Without any pattern everything; with some those alone. Who exposes has to hear questions for
 * variables, and who sets one has to ask, so these bring the right to that as well.
 */
export function wishesOf(given: Arguments): Wishes {
  const isOpen = ACTIONS.every((action) => given[action] === undefined)
  const patterns = (action: (typeof ACTIONS)[number]): string[] => {
    if (isOpen) return ['**']
    const raw = given[action]
    return raw === undefined ? [] : [...list(raw, `option --${action}`)]
  }
  const [expose, write] = [patterns('expose'), patterns('write')]
  return {
    publish: [...patterns('publish'), ...(!isOpen && write.length > 0 ? [QUESTIONS] : [])],
    subscribe: [...patterns('subscribe'), ...(!isOpen && expose.length > 0 ? [QUESTIONS] : [])],
    expose,
    write,
    until: after(given['until'] ?? '365d', 'until'),
    depth: whole(given['depth'] ?? 0, 'option --depth', { min: 0, max: GRANTS_MAX - 1 }),
  }
}

/** What a guest is given keys for: all that it may read or publish. */
export function topicsOf(given: Arguments): string[] {
  const { publish, subscribe } = wishesOf(given)
  return [...new Set([...publish, ...subscribe])]
}

/** The register has what a guest is given keys for, also in the epochs to come. */
export function guestTopics(given: Arguments): { topics?: readonly string[] } {
  return given['guest'] === true ? { topics: topicsOf(given) } : {}
}

export function after(raw: unknown, name: string): Date {
  return new Date(Date.now() + duration(raw, `option --${name}`))
}

export function identityOf(raw: unknown): string {
  const found = text(raw, 'option --for').toLowerCase()
  const mend = '64 hexadecimal digits, as `sixcast identity` prints them'
  if (/^[0-9a-f]{64}$/.test(found)) {
    if (isBoxable(new Uint8Array(Buffer.from(found, 'hex')))) return found
    throw new UsageError(`option --for is "${found}", which no identity can be: compare the digits`)
  }
  throw new UsageError(`option --for is ${JSON.stringify(raw)}: ${mend}`)
}

/** How long a code is good, ms: much shorter than an invitation that is sent somewhere. */
export function lifeOfCode({ expires }: Arguments): number {
  const ms = duration(expires ?? '10m', 'option --expires')
  if (ms <= DAY_MS) return ms
  const mend = 'a code is good for a day at most (24h)'
  throw new UsageError(`option --expires is ${JSON.stringify(expires)} with --wait: ${mend}`)
}

/** What an invitation may name; `relay` is reserved. */
export const ACTIONS = ['publish', 'subscribe', 'expose', 'write'] as const
/** In the form that a guest has a key for. */
const QUESTIONS = `${VARIABLES}/**`
const DAY_MS = 86_400_000
