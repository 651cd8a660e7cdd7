/** The dashboard over HTTP: whom it serves, what it serves, and how many at once. */
import { describe, expect, it, vi } from 'vitest'
import type { Snapshot } from '../../../../relay/dashboard/shown.ts'
import type { Relay, RelayOptions } from '../../../../relay/index.ts'
import { busAt, key, realm, relayWith, WAIT } from '../world.ts'

const dashboard = 'the-right-token-of-it'
const OWN: RelayOptions = { realm, key, listen: '[::1]:0', multicast: false }
const good = { Authorization: `Bearer ${dashboard}` }

function at(relay: Relay, path = ''): string {
  return `${relay.url!.replace('ws:', 'http:')}/dashboard${path}`
}

/** Opens the stream of events; its first one is there. */
async function view(relay: Relay): Promise<{ status: number; first: string; end: () => void }> {
  const over = new AbortController()
  const response = await fetch(at(relay, '/events'), { headers: good, signal: over.signal })
  const { value } = await response.body!.getReader().read()
  return {
    status: response.status,
    first: new TextDecoder().decode(value),
    end: () => over.abort(),
  }
}

describe('the dashboard', () => {
  it('is not there without a token, which says what one must be and shows none', async () => {
    const relay = await relayWith()
    expect((await fetch(at(relay))).status).toBe(404)
    for (const wrong of ['short', 'a token with spaces in it', 7]) {
      const refused = relayWith({ dashboard: wrong as string })
      await expect(refused).rejects.toMatchObject({ code: 'INVALID_OPTION' })
      await expect(refused).rejects.not.toThrow(String(wrong))
    }
  })

  it('forbids all but its own scripts, styles and addresses, and to be kept or framed', async () => {
    const relay = await relayWith({ dashboard })
    const { status, headers } = await fetch(at(relay))
    expect(status).toBe(401)
    const policy = headers.get('content-security-policy')
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
  })

  it('takes the token by a form of its own page alone', async () => {
    const relay = await relayWith({ dashboard })
    const post = (body: string, more: Record<string, string> = {}): Promise<Response> => {
      const type = { 'Content-Type': 'application/x-www-form-urlencoded', ...more }
      return fetch(at(relay, '/enter'), { method: 'POST', body, headers: type, redirect: 'manual' })
    }
    const entered = await post(`token=${dashboard}`)
    expect(entered.status).toBe(303)
    const cookie = entered.headers.get('set-cookie')!
    expect(cookie).toMatch(/HttpOnly; SameSite=Strict/)
    const shown = await fetch(at(relay, '/snapshot'), {
      headers: { Cookie: cookie.split(';')[0]! },
    })
    expect(shown.status).toBe(200)
    expect((await post(`token=${dashboard}`, { 'Sec-Fetch-Site': 'cross-site' })).status).toBe(403)
    expect((await post('token=wrong')).status).toBe(401)
    // What is longer than a token can be is not read.
    expect((await post(`token=${'x'.repeat(5000)}`)).status).toBe(413)
    expect(relay.stats().dashboardRefused).toBe(1)
  })

  it('shows links and peers, and neither keys nor contents', async () => {
    const relay = await relayWith({ dashboard })
    const [a, b] = [await busAt(relay.url, { name: 'a' }), await busAt(relay.url, { name: 'b' })]
    const got = b.subscribe('hall/lamp')
    await a.matched('hall/lamp')
    a.publish('hall/lamp', 'on and off')
    for await (const { value } of got) {
      expect(value).toBe('on and off')
      break
    }
    let text = ''
    await vi.waitFor(async () => {
      text = await (await fetch(at(relay, '/snapshot'), { headers: good })).text()
      const { links, peers, topics } = JSON.parse(text) as Snapshot
      expect(links).toHaveLength(2)
      expect(peers.map(({ name }) => name).toSorted()).toEqual(['a', 'b'])
      expect(topics).toMatchObject([{ publishers: 1, packets: 1 }])
      expect(topics[0]?.tag).toMatch(/^[\da-f]{16}$/)
    }, WAIT)
    expect(text).not.toMatch(/hall|lamp|on and off/)
    expect(text).not.toContain(Buffer.from(key).toString('hex'))
    expect(text).not.toContain(Buffer.from(key).toString('base64url'))
  })

  it('tells all viewers the same, as many as there may be, and counts the rest', async () => {
    const relay = await relayWith({ dashboard, limits: { viewers: 2 } })
    const [one, two] = [await view(relay), await view(relay)]
    expect(one.first).toMatch(/^data: {"at":\d+,.*}\n\n$/s)
    expect([one.status, two.status]).toEqual([200, 200])
    expect((await view(relay)).status).toBe(503)
    expect(relay.stats().viewersFull).toBe(1)
    one.end()
    await vi.waitFor(async () => {
      const third = await view(relay)
      expect(third.status).toBe(200)
      third.end()
    }, WAIT)
    two.end()
  })

  it('comes, goes and changes its token as the relay is told', async () => {
    const relay = await relayWith({ dashboard })
    const other = 'another-token-than-it'
    expect((await relay.reload({ ...OWN, dashboard: other })).changed).toEqual(['dashboard'])
    expect((await fetch(at(relay, '/snapshot'), { headers: good })).status).toBe(401)
    await relay.reload(OWN)
    expect((await fetch(at(relay, '/snapshot'), { headers: good })).status).toBe(404)
    await relay.reload({ ...OWN, dashboard })
    expect((await fetch(at(relay, '/snapshot'), { headers: good })).status).toBe(200)
  })
})
