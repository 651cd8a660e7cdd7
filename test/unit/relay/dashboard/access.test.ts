/** Who may see a dashboard: tokens, cookies, and what becomes of those who guess. */
import { describe, expect, it } from 'vitest'
import { Counters } from '../../../../relay/counters.ts'
import { Access, FAILS_MAX, VISITS_MAX } from '../../../../relay/dashboard/access.ts'

const TOKEN = 'the-right-token-of-it'
const HOUR_MS = 3_600_000

class Gate {
  token: string | undefined = TOKEN
  now = 1000
  readonly counters: Counters = new Counters()
  readonly access: Access = new Access({
    token: () => this.token,
    counters: this.counters,
    now: () => this.now,
  })

  bearer(token: string, remote = '::1'): string {
    return this.access.judge({ authorization: `Bearer ${token}` }, remote)
  }

  cookie(): string {
    return this.access.enter(TOKEN, '::1').cookie!.split(';')[0]!
  }

  shows(cookie: string): string {
    return this.access.judge({ cookie: `other=1; ${cookie}` }, '::1')
  }
}

describe('the token', () => {
  it('opens by a header, and nothing else does', () => {
    const gate = new Gate()
    expect(gate.bearer(TOKEN)).toBe('yes')
    for (const wrong of [`${TOKEN}x`, TOKEN.slice(1), TOKEN.toUpperCase()]) {
      expect(gate.bearer(wrong)).toBe('no')
    }
    expect(gate.access.judge({}, '::1')).toBe('no')
    expect(gate.access.judge({ authorization: `Basic ${TOKEN}` }, '::1')).toBe('no')
    expect(gate.counters.snapshot().dashboardRefused).toBe(3)
  })

  it('is not looked at for a minute after ten wrong ones of one network', () => {
    const gate = new Gate()
    for (let i = 0; i < FAILS_MAX; i++)
      expect(gate.bearer(`wrong-${i}`, `2001:db8::${i}`)).toBe('no')
    expect(gate.bearer(TOKEN, '2001:db8::99')).toBe('later')
    expect(gate.access.enter(TOKEN, '2001:db8::99')).toEqual({ verdict: 'later' })
    expect(gate.bearer(TOKEN, '2001:db8:1::1')).toBe('yes')
    gate.now += 60_000
    expect(gate.bearer(TOKEN, '2001:db8::99')).toBe('yes')
    expect(gate.counters.snapshot()).toMatchObject({
      dashboardRefused: FAILS_MAX,
      dashboardLate: 2,
    })
  })

  it('opens nothing where there is none', () => {
    const gate = new Gate()
    gate.token = undefined
    expect(gate.bearer('')).toBe('no')
    expect(gate.access.enter('', '::1').verdict).toBe('no')
  })
})

describe('the cookie', () => {
  it('is not the token, and goes to this page of this site alone', () => {
    const { cookie } = new Gate().access.enter(TOKEN, '::1')
    expect(cookie).not.toContain(TOKEN)
    expect(cookie).toMatch(/; Path=\/dashboard; HttpOnly; SameSite=Strict; Max-Age=43200$/)
  })

  it('opens for half a day, until its viewer leaves, or until there is another token', () => {
    const gate = new Gate()
    const [late, left, old] = [gate.cookie(), gate.cookie(), gate.cookie()]
    expect([late, left, old].map((one) => gate.shows(one))).toEqual(['yes', 'yes', 'yes'])
    expect(gate.access.leave({ cookie: left })).toMatch(/Max-Age=0$/)
    expect(gate.shows(left)).toBe('no')
    gate.token = `${TOKEN}-2`
    expect(gate.shows(old)).toBe('no')
    gate.token = TOKEN
    gate.now += 12 * HOUR_MS - 1
    expect(gate.shows(late)).toBe('yes')
    gate.now += 1
    expect(gate.shows(late)).toBe('no')
    expect(gate.shows(`sixcast-dashboard=${'A'.repeat(43)}`)).toBe('no')
  })

  it('is one of so many: the oldest is forgotten', () => {
    const gate = new Gate()
    const first = gate.cookie()
    for (let i = 1; i < VISITS_MAX; i++) gate.cookie()
    expect(gate.shows(first)).toBe('yes')
    gate.cookie()
    expect(gate.shows(first)).toBe('no')
  })
})
