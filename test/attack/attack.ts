/**
 * An attack as a test: what the attacker has, what it does, and what must hold all the same.
 *
 * docs/security.md names every one of them; test/unit/docs/attacks.test.ts compares.
 */
import { it } from 'vitest'

/** Who attacks, and with what: each has what those above it have. */
export type Attacker =
  | 'outsider' // on the segment: reads, records, sends, from any address
  | 'on path' // also drops, delays, changes and redirects
  | 'member' // has the realm's key
  | 'local user' // another user of the host, or a program that may write to its folders
  | 'accident' // no malice: a crash, a clone, a slip of the pen

export interface Terms {
  readonly by: Attacker
  /** What must hold. */
  readonly holds: string
  /** Default: that of its project. */
  readonly timeoutMs?: number
}

export function attack(name: string, terms: Terms, run: () => void | Promise<void>): void {
  it(`${name} (${terms.by}): ${terms.holds}`, run, terms.timeoutMs)
}
