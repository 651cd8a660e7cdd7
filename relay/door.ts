/** Where links come in: the HTTP server, what it tells those who look after it, and who is let through. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { BusError } from '../bus/api/errors.ts'
import { LINK_MESSAGE_MAX, LINK_PROTOCOL } from '../bus/core/wire/link.ts'
import type { Listen } from '../bus/io/listen.ts'
import { systemCode } from '../bus/io/udp-socket.ts'
import type { Counters, RelayCounter } from './counters.ts'
import type { RelaySettings } from './options.ts'
import { Places } from './places.ts'
import { PROMETHEUS_TYPE } from './prometheus.ts'
import { TRUNK_PROTOCOL } from './trunk-wire.ts'

export interface DoorHost {
  readonly settings: RelaySettings
  readonly counters: Counters
  /** Why nobody should be sent here now; undefined: all is well. */
  unready(): string | undefined
  /** Why this address may have no other link. */
  full(remote: string): RelayCounter | undefined
  /** A call from there was not let through. */
  refused(reason: string, remote: string): void
  metrics(): string
  /** Whether a request is the dashboard's, which answers it then. */
  dashboard(request: IncomingMessage, response: ServerResponse): boolean
  link(socket: WebSocket, remote: string): void
  trunk(socket: WebSocket, remote: string): void
}

export class Door {
  readonly #host: DoorHost
  readonly #server: Server
  readonly #owned: boolean
  readonly #sockets: WebSocketServer
  /** Of connections, those that are no links yet included. */
  readonly #places = new Places()
  #url: string | undefined
  #closed = false

  constructor(host: DoorHost) {
    const { server, limits } = host.settings
    this.#host = host
    this.#owned = server === undefined
    this.#server = server ?? createServer({ maxHeaderSize: HEADER_SIZE, ...timesOf(limits) })
    if (this.#owned) {
      this.#server.maxHeadersCount = HEADERS_MAX
      this.settle()
      this.#server.on('connection', this.#connected)
      this.#server.on('request', (request, response) => this.#answer(request, response))
    }
    const bounds = {
      maxFragments: FRAGMENTS_MAX,
      maxBufferedChunks: CHUNKS_MAX,
      autoPong: false,
      // Who breaks the rules of WebSocket is told so, and may not keep the connection.
      closeTimeout: CLOSE_MS,
    }
    this.#sockets = new WebSocketServer({
      ...bounds,
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: LINK_MESSAGE_MAX,
      handleProtocols: (offered) => PROTOCOLS.find((one) => offered.has(one)) ?? false,
    })
    this.#server.on('upgrade', this.#upgrade)
  }

  /** Where it listens; undefined where the program's own server does. */
  get url(): string | undefined {
    return this.#url
  }

  /** Rejects with PORT_IN_USE, DENIED or NO_PATH. Listens to nobody once it is closed. */
  async open(): Promise<void> {
    const { listen } = this.#host.settings
    if (!listen) return
    await new Promise<void>((resolve, reject) => {
      const refused = (error: Error): void => reject(listenError(error, listen))
      this.#server.once('error', refused)
      this.#server.listen(listen, () => {
        this.#server.off('error', refused)
        this.#server.on('error', () => undefined) // of one connection: it is closed
        if (this.#closed) return void this.#server.close(() => resolve())
        this.#url = urlOf(this.#server)
        resolve()
      })
    })
  }

  /** The limits may have changed. */
  settle(): void {
    if (!this.#owned) return
    const { links, handshakeTime } = this.#host.settings.limits
    this.#server.maxConnections = links + SPARE_CONNECTIONS
    this.#server.headersTimeout = handshakeTime
    this.#server.requestTimeout = handshakeTime
  }

  /** Lets nobody in any more. */
  shut(): void {
    this.#closed = true
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#server.off('upgrade', this.#upgrade)
    if (!this.#owned || !this.#server.listening) return
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeAllConnections()
    await closed
  }

  /** Who says nothing takes a connection as well: no address may have all of them. */
  readonly #connected = (socket: Socket): void => {
    const { counters, settings } = this.#host
    const remote = socket.remoteAddress ?? ''
    if (this.#places.count(remote) >= settings.limits.linksPerAddress + SPARE_CONNECTIONS) {
      counters.count('addressFull')
      return void socket.destroy()
    }
    this.#places.add(remote)
    socket.once('close', () => this.#places.remove(remote))
  }

  readonly #upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const remote = request.socket.remoteAddress ?? ''
    const refusal = this.#refusal(request, remote)
    // On a server of the program's own somebody else may have been called.
    const others = !this.#owned && this.#server.listenerCount('upgrade') > 1
    if (others && refusal?.counter === 'protocolRefused') return
    socket.on('error', () => socket.destroy())
    if (refusal) {
      this.#host.counters.count(refusal.counter)
      this.#host.refused(refusal.status, remote)
      return refuse(socket, refusal.status)
    }
    this.#sockets.handleUpgrade(request, socket, head, (opened) => {
      if (opened.protocol === TRUNK_PROTOCOL) this.#host.trunk(opened, remote)
      else this.#host.link(opened, remote)
    })
  }

  #refusal(request: IncomingMessage, remote: string): Refusal | undefined {
    const { origin, 'sec-websocket-protocol': protocols = '' } = request.headers
    if (this.#closed) return { status: '503 Service Unavailable', counter: 'linksFull' }
    if (!protocols.split(',').some((one) => PROTOCOLS.includes(one.trim()))) {
      return { status: `400 Subprotocol ${LINK_PROTOCOL} Wanted`, counter: 'protocolRefused' }
    }
    // Pages of strangers shall not even try: only browsers send an origin, and always do.
    if (origin !== undefined && !this.#host.settings.origins.includes(origin)) {
      return { status: '403 Origin Not Allowed', counter: 'originRefused' }
    }
    const full = this.#host.full(remote)
    if (full === 'addressFull') return { status: '429 Too Many Links', counter: full }
    return full && { status: '503 Too Many Links', counter: full }
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { metrics } = this.#host.settings
    const path = (request.url ?? '').split('?')[0]
    if (path === '/healthz') return reply(response, 200, 'ok\n')
    if (path === '/readyz') {
      const fault = this.#closed ? 'the relay is going' : this.#host.unready()
      return reply(response, fault === undefined ? 200 : 503, `${fault ?? 'ok'}\n`)
    }
    if (path === '/metrics' && metrics) {
      response.setHeader('Content-Type', PROMETHEUS_TYPE)
      return reply(response, 200, this.#host.metrics())
    }
    if (this.#host.dashboard(request, response)) return
    return reply(response, 404, 'this is a relay of sixcast: links come by WebSocket\n')
  }
}

function urlOf(server: Server): string | undefined {
  const at = server.address()
  if (at === null || typeof at === 'string') return undefined
  return `ws://${at.family === 'IPv6' ? `[${at.address}]` : at.address}:${at.port}`
}

interface Refusal {
  readonly status: string
  readonly counter: RelayCounter
}

/** Slow headers and slow requests end as soon as a slow proof would. */
function timesOf({ handshakeTime }: RelaySettings['limits']): object {
  const headersTimeout = handshakeTime
  const interval = Math.min(1000, handshakeTime)
  return { headersTimeout, requestTimeout: headersTimeout, connectionsCheckingInterval: interval }
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
  const timer = setTimeout(() => socket.destroy(), REFUSAL_MS)
  socket.once('close', () => clearTimeout(timer))
}

function reply(response: ServerResponse, status: number, text: string): void {
  if (!response.hasHeader('Content-Type')) {
    response.setHeader('Content-Type', 'text/plain; charset=utf-8')
  }
  response.writeHead(status, { Connection: 'close' }).end(text)
}

function listenError(cause: unknown, { host, port }: Listen): BusError {
  const code = systemCode(cause)
  const at = `${host.includes(':') ? `[${host}]` : host}:${port}`
  switch (code) {
    case 'EADDRINUSE': {
      const mend = 'another program listens there: end it, or choose another port'
      return new BusError('PORT_IN_USE', `cannot listen at ${at}: ${mend}`, { cause })
    }
    case 'EACCES':
    case 'EPERM': {
      const mend = 'choose a port from 1024'
      return new BusError('DENIED', `the system refused to listen at ${at}: ${mend}`, { cause })
    }
    default: {
      const fault = LISTEN_FAULTS.get(code) ?? code
      return new BusError('NO_PATH', `cannot listen at ${at}: ${fault}`, { cause })
    }
  }
}

const LISTEN_MEND = `name one of this host, or every address by ":PORT"`
const LISTEN_FAULTS: ReadonlyMap<string, string> = new Map([
  ['EADDRNOTAVAIL', `this host does not have the address: ${LISTEN_MEND}`],
  ['ENOTFOUND', `there is no address of that name: ${LISTEN_MEND}`],
  ['EAI_AGAIN', `no nameserver says its address: ${LISTEN_MEND}`],
  ['EAFNOSUPPORT', 'this host has no IPv6: name an IPv4 address'],
])
/** Those of peers' links, and of trunks. */
const PROTOCOLS: readonly string[] = [LINK_PROTOCOL, TRUNK_PROTOCOL]
const HEADER_SIZE = 8192
const HEADERS_MAX = 64
/** Connections besides links, in all and of one address: health checks, and those being refused. */
const SPARE_CONNECTIONS = 100
/** WebSocket frames of one message, and pieces of one frame, that may wait for the rest. */
const FRAGMENTS_MAX = 64
const CHUNKS_MAX = 1024
/** For the closing handshake. */
const CLOSE_MS = 2000
const REFUSAL_MS = 1000
