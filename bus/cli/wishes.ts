/** What an invitation shall bring, as the command line says it. */
import { GRANTS_MAX } from '../core/wire/grant.ts'
import { isBoxable } from '../io/boxes.ts'
import type { Arguments } from './command.ts'
import { UsageError } from './exit.ts'
import { duration, list, text, whole } from './values.ts'

/** For `grant`. */
export interface Wishes {
  readonly publish: string[]
  readonly subscribe: string[]
  readonly until: Date
  readonly depth: number
}

/** Without any pattern everything; with some those alone. */
export function wishesOf(given: Arguments): Wishes {
  const { publish, subscribe } = given
  const all = publish === undefined && subscribe === undefined
  const patterns = (raw: unknown, name: string): string[] => {
    if (all) return ['**']
    return raw === undefined ? [] : [...list(raw, `option --${name}`)]
  }
  return {
    publish: patterns(publish, 'publish'),
    subscribe: patterns(subscribe, 'subscribe'),
    until: after(given['until'] ?? '365d', 'until'),
    depth: whole(given['depth'] ?? 0, 'option --depth', { min: 0, max: GRANTS_MAX - 1 }),
  }
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

const DAY_MS = 86_400_000
