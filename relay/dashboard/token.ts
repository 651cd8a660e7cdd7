/** What may be a token that opens a dashboard. */
import type { Rule } from '../../bus/api/rules.ts'

/** What is wrong with one is told without showing it. */
export const TOKEN: Rule = {
  faultOf: (value) => (isToken(value) ? undefined : { found: shownOf(value), mend: MEND }),
  bounds: [],
}

function isToken(value: unknown): value is string {
  return typeof value === 'string' && /^[!-~]{16,256}$/.test(value)
}

function shownOf(value: unknown): string {
  return typeof value === 'string' ? `a text of ${value.length} characters` : typeof value
}

const MEND = 'a token of 16 to 256 printable characters without spaces, best a random one'
