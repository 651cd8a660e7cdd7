/** Attacks on a relay's dashboard: by who guesses its token, asks for more than it serves, or holds it up. */
import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { describe, expect, vi } from 'vitest'
import type { Snapshot } from '../../relay/dashboard/shown.ts'
import { busAt, relayWith, WAIT } from '../unit/relay/world.ts'
import { attack } from './attack.ts'
import { Beside } from './beside.ts'

const dashboard = 'the-token-of-the-dashboard'
const good = { Authorization: `Bearer ${dashboard}` }

interface Asking {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** The address that it calls from. */
  readonly from?: string
}

interface Answer {
  readonly status: number
  readonly cookie: string
  readonly text: string
}

/** Asks for a path exactly as it is written: `fetch` would tidy it up. */
function ask(url: string, path: string, asking: Asking = {}): Promise<Answer> {
  const { method = 'GET', headers = {}, body, from } = asking
  const { hostname, port } = new URL(url)
  const host = hostname.replace(/[[\]]/g, '')
  const local = from === undefined ? {} : { localAddress: from }
  return new Promise((done, fail) => {
    const call = request({ host, port, path, method, headers, agent: false, ...local })
    call.on('error', fail)
    call.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', fail)
      response.on('end', () => {
        const [cookie = ''] = response.headers['set-cookie'] ?? []
        const text = Buffer.concat(chunks).toString()
        done({ status: response.statusCode ?? 0, cookie, text })
      })
    })
    call.end(body)
  })
}

function entering(token: string, more: Readonly<Record<string, string>> = {}): Asking {
  const body = new URLSearchParams({ token }).toString()
  const type = { 'Content-Type': 'application/x-www-form-urlencoded' }
  const size = { 'Content-Length': String(body.length) }
  return { method: 'POST', body, headers: { ...type, ...size, ...more } }
}

/** The cookie of whoever has entered by the form. */
async function entered(url: string, from?: string): Promise<Record<string, string>> {
  const own = from === undefined ? {} : { from }
  const { status, cookie } = await ask(url, '/dashboard/enter', { ...entering(dashboard), ...own })
  expect(status).toBe(303)
  return { Cookie: cookie.split(';')[0]! }
}

describe('a dashboard', () => {
  attack(
    'by three hundred guesses of its token at once, by form and by header',
    { by: 'outsider', holds: 'ten are looked at, other networks and who is in go on' },
    async () => {
      const relay = await relayWith({ dashboard, listen: '127.0.0.1:0' })
      const viewer = await entered(relay.url, '127.0.0.2')
      const guesses = Array.from({ length: 300 }, (_, i) => {
        const guess = `${dashboard.slice(0, i % dashboard.length)}${'x'.repeat(16)}`
        const from = '127.0.0.2'
        const headers = { Authorization: `Bearer ${guess}` }
        return i % 2 === 0
          ? ask(relay.url, '/dashboard/snapshot', { headers, from })
          : ask(relay.url, '/dashboard/enter', { ...entering(guess), from })
      })
      const counts = new Map<number, number>()
      for (const { status, cookie } of await Promise.all(guesses)) {
        counts.set(status, (counts.get(status) ?? 0) + 1)
        expect(cookie).toBe('')
      }
      expect(Object.fromEntries(counts)).toEqual({ 401: 10, 429: 290 })
      expect(relay.stats()).toMatchObject({ dashboardRefused: 10, dashboardLate: 290 })
      // Not even the right one tells anything there; elsewhere it opens.
      const right = { headers: good, from: '127.0.0.2' }
      expect((await ask(relay.url, '/dashboard/snapshot', right)).status).toBe(429)
      const other = { headers: good, from: '127.0.0.3' }
      expect((await ask(relay.url, '/dashboard/snapshot', other)).status).toBe(200)
      const inside = { headers: viewer, from: '127.0.0.2' }
      expect((await ask(relay.url, '/dashboard/snapshot', inside)).status).toBe(200)
    },
  )

  attack(
    'by cookies of its own making, and by one that is over',
    { by: 'outsider', holds: 'none opens it' },
    async () => {
      const relay = await relayWith({ dashboard })
      const { Cookie } = await entered(relay.url)
      const opens = async (cookie: string): Promise<number> => {
        return (await ask(relay.url, '/dashboard/snapshot', { headers: { Cookie: cookie } })).status
      }
      expect(await opens(Cookie!)).toBe(200)
      const [name, id] = Cookie!.split('=') as [string, string]
      const made = [
        `${name}=`,
        `${name}=${dashboard}`,
        `${name}=${'A'.repeat(43)}`,
        `${name}=${id.slice(0, 42)}`,
        `${name}=${id}A`,
        `${name}=${id.toLowerCase()}`,
        `x${name}=${id}`,
        `${name}=${'A'.repeat(43)}; ${name}=${'B'.repeat(43)}`,
        `${';'.repeat(2000)}${name}`,
      ]
      for (const one of made)
        expect({ one, status: await opens(one) }).toEqual({ one, status: 401 })
      await ask(relay.url, '/dashboard/leave', { method: 'POST', headers: { Cookie: Cookie! } })
      expect(await opens(Cookie!)).toBe(401)
    },
  )

  attack(
    "by forms of another page, in a viewer's browser",
    { by: 'outsider', holds: 'they neither let anybody in nor end a view' },
    async () => {
      const relay = await relayWith({ dashboard })
      const cookie = await entered(relay.url)
      for (const site of ['cross-site', 'same-site', 'Same-Origin']) {
        const headers = { 'Sec-Fetch-Site': site }
        const enter = await ask(relay.url, '/dashboard/enter', entering(dashboard, headers))
        const leave = await ask(relay.url, '/dashboard/leave', {
          method: 'POST',
          headers: { ...headers, ...cookie },
        })
        expect([enter.status, enter.cookie, leave.status, leave.cookie]).toEqual([403, '', 403, ''])
      }
      expect((await ask(relay.url, '/dashboard/snapshot', { headers: cookie })).status).toBe(200)
    },
  )

  attack(
    'asked for files beside its own, in every spelling and by every method',
    { by: 'outsider', holds: 'only its own few are served, and to nobody without the token' },
    async () => {
      const relay = await relayWith({ dashboard })
      const paths = [
        '/dashboard/../package.json',
        '/dashboard/../../../../etc/passwd',
        '/dashboard/%2e%2e/%2e%2e/package.json',
        '/dashboard/..%2fdashboard.ts',
        '/dashboard//etc/passwd',
        '/dashboard/page.js/../../token.ts',
        '/dashboard/page.ts',
        '/dashboard/page.js%00.css',
        String.raw`/dashboard/..\..\package.json`,
        '/dashboard/snapshot/',
        '/dashboard/__proto__',
        '/dashboard/constructor',
      ]
      for (const path of paths) {
        expect({ path, ...(await ask(relay.url, path)) }).toMatchObject({ path, status: 401 })
        const told = await ask(relay.url, path, { headers: good })
        expect({ path, ...told }).toMatchObject({ path, status: 404 })
        expect(told.text).toBe('the dashboard is at /dashboard\n')
      }
      for (const method of ['HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE']) {
        const { status } = await ask(relay.url, '/dashboard/snapshot', { method, headers: good })
        expect({ method, status }).toEqual({ method, status: 405 })
      }
      for (const path of ['/dashboard/snapshot', '/dashboard/events', '/dashboard/page.js']) {
        expect((await ask(relay.url, path)).text).toBe('no token\n')
      }
    },
  )

  attack(
    'by forms without an end, without a size, and of another size than they say',
    { by: 'outsider', holds: 'they are cut off in time, links and viewers go on' },
    async () => {
      const relay = await relayWith({ dashboard, limits: { handshakeTime: 1000 } })
      const beside = await Beside.at(relay.url)
      const long = await ask(relay.url, '/dashboard/enter', entering('x'.repeat(2100)))
      expect(long.status).toBe(413)
      const head = (more: string): string =>
        `POST /dashboard/enter HTTP/1.1\r\nHost: relay\r\n${more}\r\n\r\n`
      const calls = [
        ...Array.from({ length: 30 }, () => raw(relay.url, head('Content-Length: 2000'))),
        raw(relay.url, head('Transfer-Encoding: chunked')),
        raw(relay.url, head('Content-Length: 5\r\nTransfer-Encoding: chunked')),
        raw(relay.url, head('Content-Length: -5')),
        raw(relay.url, head('Content-Length: 5\r\nContent-Length: 6')),
      ]
      const dripping = setInterval(() => {
        for (const { socket } of calls) if (socket.writable) socket.write('x')
      }, 100)
      await beside.goesOn()
      expect((await ask(relay.url, '/dashboard/snapshot', { headers: good })).status).toBe(200)
      // Node looks for late ones every half a minute at most.
      const answers = await Promise.all(calls.map(({ ended }) => ended))
      clearInterval(dripping)
      for (const text of answers) expect(text).not.toMatch(/^HTTP\/1.1 (200|303)/)
      await beside.goesOn()
      expect(relay.stats()).toMatchObject({ links: 2, dashboardRefused: 0 })
    },
  )

  attack(
    'of names that are markup',
    { by: 'member', holds: 'they stand in it as text, and end no event' },
    async () => {
      const relay = await relayWith({ dashboard })
      const names = [
        '</script><script>alert(1)</script>',
        '"><img src=x onerror=alert(1)>',
        '&#60;b>',
      ]
      for (const name of names) await busAt(relay.url, { name })
      await vi.waitFor(async () => {
        const { text } = await ask(relay.url, '/dashboard/snapshot', { headers: good })
        const { peers } = JSON.parse(text) as Snapshot
        expect(peers.map(({ name }) => name).toSorted()).toEqual(names.toSorted())
      }, WAIT)
      const { signal, first } = await view(relay.url)
      // One line each, whatever is in it: nothing can end an event and begin another one.
      expect(first.split('\n').filter((line) => line !== '')).toHaveLength(1)
      signal.abort()
    },
  )

  attack(
    'by viewers that never read',
    { by: 'member', holds: 'as many as there may be have a place, and the others are told' },
    async () => {
      const relay = await relayWith({ dashboard, limits: { viewers: 4 } })
      const beside = await Beside.at(relay.url)
      const words = `GET /dashboard/events HTTP/1.1\r\nHost: relay\r\nAuthorization: Bearer ${dashboard}\r\n\r\n`
      const calls = Array.from({ length: 20 }, () => raw(relay.url, words))
      for (const { socket } of calls) socket.pause()
      await vi.waitFor(() => expect(relay.stats().viewersFull).toBe(16), WAIT)
      await beside.goesOn()
      expect((await ask(relay.url, '/dashboard/snapshot', { headers: good })).status).toBe(200)
      for (const { socket } of calls) socket.destroy()
      await vi.waitFor(async () => {
        const { signal, first } = await view(relay.url)
        expect(first).toMatch(/^data: /)
        signal.abort()
      }, WAIT)
    },
  )
})

interface Call {
  readonly socket: Socket
  /** What had come when it was over. */
  readonly ended: Promise<string>
}

function raw(url: string, words: string): Call {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname.replace(/[[\]]/g, ''))
  let text = ''
  socket.on('data', (bytes) => (text += bytes.toString('latin1')))
  socket.on('error', () => undefined)
  socket.write(words)
  return { socket, ended: new Promise((done) => socket.once('close', () => done(text))) }
}

/** The first event of the stream. */
async function view(url: string): Promise<{ signal: AbortController; first: string }> {
  const signal = new AbortController()
  const at = `${url.replace('ws:', 'http:')}/dashboard/events`
  const response = await fetch(at, { headers: good, signal: signal.signal })
  const { value } = await response.body!.getReader().read()
  return { signal, first: new TextDecoder().decode(value) }
}
