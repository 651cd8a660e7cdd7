/**
 * The dashboard of a relay: a page for whoever has the token, and once a second what it shows.
 *
 * All viewers are told the same text, which is put together once; nobody looking costs nothing but
 * the counting. Only what is listed here is served, and nothing that is asked for is a file's name.
 */
import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { HeardBy } from '../gate.ts'
import type { Counters } from '../counters.ts'
import type { RelaySettings } from '../options.ts'
import { Access, type Verdict } from './access.ts'
import type { Snapshot } from './shown.ts'
import { Watch } from './watch.ts'

export interface DashboardHost {
  readonly settings: Pick<RelaySettings, 'dashboard' | 'limits'>
  readonly counters: Counters
  snapshot(watch: Watch): Snapshot
}

export class Dashboard {
  readonly #host: DashboardHost
  readonly #access: Access
  readonly #viewers = new Set<ServerResponse>()
  #watch: Watch | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(host: DashboardHost) {
    const { settings, counters } = host
    this.#host = host
    const token = (): string | undefined => settings.dashboard
    this.#access = new Access({ token, counters, now: () => performance.now() })
    this.settle()
  }

  readonly heard: HeardBy = (now, passed, from) => this.#watch?.heard(now, passed, from)

  /** What is to be told of datagrams that leave; undefined: there is no dashboard. */
  get left(): ((way: string, size: number) => void) | undefined {
    return this.#watch?.left
  }

  gone(way: string): void {
    this.#watch?.gone(way)
  }

  /** The settings may have changed: without a token, or with another one, all viewers go. */
  settle(tokenChanged = false): void {
    const { dashboard } = this.#host.settings
    if (dashboard === undefined) this.#watch = undefined
    else this.#watch ??= new Watch()
    if (tokenChanged) for (const viewer of this.#viewers) viewer.end()
  }

  close(): void {
    clearInterval(this.#timer)
    for (const viewer of this.#viewers) viewer.end()
  }

  /** False: it is none of the dashboard's. */
  answer(request: IncomingMessage, response: ServerResponse): boolean {
    const [path = ''] = (request.url ?? '').split('?')
    const watch = this.#watch
    if (!watch || !/^\/dashboard(\/|$)/.test(path)) return false
    for (const [name, value] of HEADERS) response.setHeader(name, value)
    // Who goes in the middle of a form has no answer.
    this.#answer(request, response, { path, watch }).catch(() => response.destroy())
    return true
  }

  async #answer(
    request: IncomingMessage,
    response: ServerResponse,
    { path, watch }: { readonly path: string; readonly watch: Watch },
  ): Promise<void> {
    const { method } = request
    if (path === '/dashboard/style.css') return this.#file(response, 'style.css')
    if (method === 'POST') return this.#post(request, response, path)
    if (method !== 'GET') return say(response, 405, 'GET, or POST of the form\n')
    const verdict = this.#access.judge(request.headers, remoteOf(request))
    if (path === '/dashboard' && verdict !== 'yes') return refuse(response, verdict, FORM)
    if (verdict !== 'yes') return refuse(response, verdict)
    switch (path) {
      case '/dashboard':
        return send(response, 200, PAGE)
      case '/dashboard/page.js':
        return this.#file(response, 'page.js')
      case '/dashboard/snapshot':
        response.setHeader('Content-Type', 'application/json')
        return say(response, 200, JSON.stringify(this.#host.snapshot(watch)))
      case '/dashboard/events':
        return this.#view(response)
      default:
        return say(response, 404, 'the dashboard is at /dashboard\n')
    }
  }

  async #post(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    // Pages of strangers have no business here; what is no browser says nothing of it.
    const { 'sec-fetch-site': site = 'none' } = request.headers
    if (site !== 'same-origin' && site !== 'none')
      return say(response, 403, "another page's form\n")
    response.setHeader('Location', '/dashboard')
    if (path === '/dashboard/leave') {
      response.setHeader('Set-Cookie', this.#access.leave(request.headers))
      return say(response, 303, '')
    }
    if (path !== '/dashboard/enter') return say(response, 404, 'no such form\n')
    if (!(Number(request.headers['content-length']) <= FORM_SIZE))
      return say(response, 413, 'no token\n')
    const remote = remoteOf(request)
    const token = new URLSearchParams(await textOf(request)).get('token')?.trim() ?? ''
    const { verdict, cookie } = this.#access.enter(token, remote)
    if (cookie === undefined) return refuse(response, verdict, FORM_AGAIN)
    response.setHeader('Set-Cookie', isSafe(request) ? `${cookie}; Secure` : cookie)
    say(response, 303, '')
  }

  /** Text, once a second, until the viewer goes. */
  #view(response: ServerResponse): void {
    const { settings, counters } = this.#host
    if (this.#viewers.size >= settings.limits.viewers) {
      counters.count('viewersFull')
      return say(response, 503, 'as many viewers as there may be\n')
    }
    response.setHeader('Content-Type', 'text/event-stream')
    response.writeHead(200)
    this.#viewers.add(response)
    response.on('close', () => {
      this.#viewers.delete(response)
      if (this.#viewers.size === 0) clearInterval(this.#timer)
    })
    if (this.#viewers.size === 1)
      this.#timer = setInterval(() => this.#tell(this.#viewers), TELL_MS)
    this.#tell([response])
  }

  #tell(viewers: Iterable<ServerResponse>): void {
    if (!this.#watch) return
    const text = `data: ${JSON.stringify(this.#host.snapshot(this.#watch))}\n\n`
    for (const viewer of viewers) {
      // Who does not read so fast is told less often.
      if (viewer.writableLength === 0) viewer.write(text)
    }
  }

  #file(response: ServerResponse, name: keyof typeof TYPES): void {
    try {
      const bytes = readFileSync(new URL(`${FILES}/${name}`, import.meta.url))
      response.setHeader('Content-Type', TYPES[name])
      response.writeHead(200).end(bytes)
    } catch {
      say(response, 503, `${name} is missing: npm run build makes it\n`)
    }
  }
}

function remoteOf({ socket }: IncomingMessage): string {
  return socket.remoteAddress ?? ''
}

/** Whether it has come by TLS, here or to the proxy. */
function isSafe({ socket, headers }: IncomingMessage): boolean {
  return 'encrypted' in socket || headers['x-forwarded-proto'] === 'https'
}

/** Of a form, whose size has been looked at. */
async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return text
}

function refuse(response: ServerResponse, verdict: Verdict, page?: string): void {
  const status = verdict === 'later' ? 429 : 401
  if (status === 429) response.setHeader('Retry-After', '60')
  else response.setHeader('WWW-Authenticate', 'Bearer realm="sixcast dashboard"')
  if (page !== undefined && status === 401) return send(response, status, page)
  say(response, status, status === 429 ? 'too many wrong tokens: wait a minute\n' : 'no token\n')
}

function send(response: ServerResponse, status: number, html: string): void {
  response.setHeader('Content-Type', 'text/html; charset=utf-8')
  response.writeHead(status).end(html)
}

function say(response: ServerResponse, status: number, text: string): void {
  if (!response.hasHeader('Content-Type')) {
    response.setHeader('Content-Type', 'text/plain; charset=utf-8')
  }
  response.writeHead(status).end(text)
}

/** The page has no script, style or target but its own. */
const HEADERS = [
  [
    'Content-Security-Policy',
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; " +
      "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  ],
  ['X-Content-Type-Options', 'nosniff'],
  ['Referrer-Policy', 'no-referrer'],
  ['Cross-Origin-Opener-Policy', 'same-origin'],
  ['Cross-Origin-Resource-Policy', 'same-origin'],
  ['Cache-Control', 'no-store'],
  ['Connection', 'close'],
] as const
const HEAD = `<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>sixcast relay</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/dashboard/style.css">`
const PAGE = `${HEAD}<body><noscript>This page needs its script.</noscript>
<main id="main"></main><script type="module" src="/dashboard/page.js"></script></body></html>`
const FORM = formOf('')
const FORM_AGAIN = formOf('<p role="alert">That is not the token.</p>')

function formOf(fault: string): string {
  return `${HEAD}<body><main class="enter"><h1>sixcast relay</h1>${fault}
<form method="post" action="/dashboard/enter"><label>Token
<input name="token" type="password" autocomplete="current-password" required autofocus></label>
<button>Enter</button></form></main></body></html>`
}

const TYPES = {
  'page.js': 'text/javascript; charset=utf-8',
  'style.css': 'text/css; charset=utf-8',
} as const
/** As seen from here, and from where the command has all of this in it: dist/bus/cli. */
const FILES = '../../relay/dashboard/page'
const TELL_MS = 1000
const FORM_SIZE = 2048
