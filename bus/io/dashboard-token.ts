/** What may be a token that opens a dashboard. */
import { type Rule, secret } from '../api/rules.ts'

export const TOKEN: Rule = secret(
  (text) => /^[!-~]{16,256}$/.test(text),
  'a token of 16 to 256 printable characters without spaces, best a random one',
)
