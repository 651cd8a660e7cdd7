/** Origins of web pages, as browsers say them: with anything more no page would ever have one. */
import { each, type Rule } from '../api/rules.ts'

/** What `new URL(page).origin` gives. */
export const ORIGINS: Rule = each(isOrigin, {
  mend: 'scheme, host and port if any, such as https://app.example.org',
  alone: false,
  least: 0,
})

/** Of schemes that are not the web's, as apps have them, the runtime knows no origin. */
function isOrigin(one: unknown): boolean {
  if (typeof one !== 'string' || !URL.canParse(one)) return false
  const { origin } = new URL(one)
  return origin === 'null' ? /^[a-z][a-z0-9+.-]*:\/\/[^/?#@\s]+$/.test(one) : origin === one
}
