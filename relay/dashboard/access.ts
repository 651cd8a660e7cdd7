/**
 * Who may see the dashboard: whoever has the token, in a header or by a form once.
 *
 * Wrong tokens are counted, and after a few of one place nobody there may try for a minute. A
 * browser has a cookie of its own instead of the token, for half a day.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Counters } from '../counters.ts'
import { placeOf } from '../places.ts'

export type Verdict = 'yes' | 'no' | 'later'

export interface AccessOptions {
  /** Undefined: nobody. */
  readonly token: () => string | undefined
  readonly counters: Counters
  readonly now: () => number
}

interface Fails {
  count: number
  readonly until: number
}

interface Visit {
  readonly until: number
  /** The token that opened it: with another one it is over. */
  readonly token: string
}

export class Access {
  readonly #options: AccessOptions
  /** By the hash of a cookie, the oldest first. */
  readonly #visits = new Map<string, Visit>()
  readonly #failsByPlace = new Map<string, Fails>()

  constructor(options: AccessOptions) {
    this.#options = options
  }

  /** Of a request, by its headers. */
  judge({ authorization, cookie = '' }: IncomingHttpHeaders, remote: string): Verdict {
    const token = this.#options.token()
    if (token === undefined) return 'no'
    const [, bearer] = /^bearer +(\S+)$/i.exec(authorization ?? '') ?? []
    if (bearer !== undefined) return this.#try(bearer, remote)
    const [, id] = COOKIE.exec(cookie) ?? []
    const visit = id === undefined ? undefined : this.#visits.get(hashOf(id))
    const good = visit && visit.until > this.#options.now() && visit.token === token
    return good ? 'yes' : 'no'
  }

  /** The cookie of whoever has given the right token. */
  enter(given: string, remote: string): { verdict: Verdict; cookie?: string } {
    const verdict = this.#try(given, remote)
    const token = this.#options.token()
    if (verdict !== 'yes' || token === undefined) return { verdict }
    const id = randomBytes(32).toString('base64url')
    this.#visits.set(hashOf(id), { until: this.#options.now() + VISIT_MS, token })
    if (this.#visits.size > VISITS_MAX) forgetFirst(this.#visits)
    return { verdict, cookie: `${NAME}=${id}; ${ATTRIBUTES}; Max-Age=${VISIT_MS / 1000}` }
  }

  /** The cookie that takes the place of one that is over. */
  leave({ cookie = '' }: IncomingHttpHeaders): string {
    const [, id] = COOKIE.exec(cookie) ?? []
    if (id !== undefined) this.#visits.delete(hashOf(id))
    return `${NAME}=; ${ATTRIBUTES}; Max-Age=0`
  }

  #try(given: string, remote: string): Verdict {
    const { token, counters, now } = this.#options
    const place = placeOf(remote)
    const known = this.#failsByPlace.get(place)
    const fails = known && known.until > now() ? known : { count: 0, until: now() + FAILS_MS }
    // The right one is not looked at either: who guesses must not be told.
    if (fails.count >= FAILS_MAX) {
      counters.count('dashboardLate')
      return 'later'
    }
    if (isSame(given, token() ?? '')) return 'yes'
    counters.count('dashboardRefused')
    fails.count += 1
    this.#failsByPlace.delete(place)
    this.#failsByPlace.set(place, fails)
    if (this.#failsByPlace.size > PLACES_MAX) forgetFirst(this.#failsByPlace)
    return 'no'
  }
}

/** In a time that does not tell how much of it is right. */
function isSame(given: string, token: string): boolean {
  const [a, b] = [given, token].map((text) => createHash('sha256').update(text).digest())
  return token !== '' && timingSafeEqual(a!, b!)
}

function hashOf(id: string): string {
  return createHash('sha256').update(id).digest('base64url')
}

function forgetFirst(map: Map<string, unknown>): void {
  for (const first of map.keys()) {
    map.delete(first)
    return
  }
}

const NAME = 'sixcast-dashboard'
const COOKIE: RegExp = /(?:^|;) *sixcast-dashboard=([\w-]{43})(?:;|$)/
const ATTRIBUTES = 'Path=/dashboard; HttpOnly; SameSite=Strict'
const VISIT_MS = 12 * 60 * 60_000
export const VISITS_MAX = 64
/** Of one IPv4 address or IPv6 network, in a minute. */
export const FAILS_MAX = 10
const FAILS_MS = 60_000
const PLACES_MAX = 4096
