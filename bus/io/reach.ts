/** Whether patterns reach further than others: what somebody hands on may not exceed the own. */
import { patternsFor, type Rights } from '../core/rights.ts'
import { type Part, parsePattern } from '../core/topic/pattern.ts'
import { Action, type ActionName } from '../core/wire/grant.ts'

/** `**` by itself: as far as who hands it on may go. */
export const EVERYTHING = '**'

/** What of the wishes a chain does not give, as a sentence; undefined: it gives all of it. */
export function overreach(
  wishes: Partial<Record<ActionName, readonly string[]>>,
  chain: Rights,
): string | undefined {
  for (const action of Object.keys(Action) as ActionName[]) {
    for (const pattern of wishes[action] ?? []) {
      const short = chain.rules.find((rules) => {
        return !patternsFor(action, rules).some((one) => covers(one, pattern))
      })
      if (!short || pattern === EVERYTHING) continue
      const own = patternsFor(action, short)
      const may = own.length > 0 ? `it may ${action} on ${own.join(' ')}` : `it may not ${action}`
      return `${action} on "${pattern}" reaches further than the issuer's own rights: ${may}`
    }
  }
  return undefined
}

/**
 * Whether every topic that `inner` matches is one of `outer`. It is never wrong when it says so; of
 * two odd spellings of one set of topics it may say no.
 */
export function covers(outer: string, inner: string): boolean {
  const [wide, narrow] = [parsePattern(outer), parsePattern(inner)]
  if (!wide.ok || !narrow.ok) return false
  const within = narrow.pattern.parts
  // Which of the inner parts may come next, for each outer part that has been used up.
  let places = [0]
  for (const part of wide.pattern.parts) {
    places = [...new Set(places.flatMap((place) => behind(part, place, within)))]
  }
  return places.includes(within.length)
}

/** Where the inner parts may go on behind an outer one that begins at this place. */
function behind(outer: Part, place: number, within: readonly Part[]): readonly number[] {
  if (outer.type !== 'many') return takes(outer, within[place]) ? [place + 1] : []
  return Array.from({ length: within.length - place + 1 }, (_, i) => place + i)
}

function takes(outer: Part, inner: Part | undefined): boolean {
  if (!inner || inner.type === 'many') return false
  if (outer.type === 'text') return inner.type === 'text' && inner.text === outer.text
  return true
}
