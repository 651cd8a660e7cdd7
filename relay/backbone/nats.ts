/**
 * NATS as a backbone, by the client of its makers: loaded only where a server is named.
 *
 * The client would keep what it cannot send while its server is away, without bound, and what is
 * late is no use here: relays ask for it again. So each connection is one of its own, and how much
 * waits is known from what the server has confirmed.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { BusError } from '../../bus/api/errors.ts'
import type { Backbone, BackboneHost } from '../types.ts'
import { credentialsKind, type NatsServers, serversOf } from '../../bus/io/nats-servers.ts'

/** What is needed of the client. */
export interface NatsClient {
  publish(subject: string, message: Uint8Array): void
  subscribe(
    subject: string,
    options: { callback: (error: Error | null, message: { data: Uint8Array }) => void },
  ): { unsubscribe(): void }
  /** Resolves when the server has taken all that was published before. */
  flush(): Promise<void>
  /** Resolves when the connection is over. */
  closed(): Promise<void | Error>
  close(): Promise<void>
  status(): AsyncIterable<{ readonly type: string; readonly error?: Error }>
}

export interface NatsDialing extends NatsServers {
  /** A file of credentials, or the seed of an NKey. */
  readonly credentials: string | undefined
  readonly name: string
  readonly noEcho: boolean
  readonly reconnect: boolean
  readonly timeout: number
  readonly pingInterval: number
}

export interface NatsOptions {
  readonly servers: readonly string[]
  readonly credentials?: string | undefined
}

export type NatsDial = (dialing: NatsDialing) => Promise<NatsClient>

export class NatsBackbone implements Backbone {
  readonly name = 'NATS'
  readonly #dialing: NatsDialing
  readonly #random: () => number
  #dial: NatsDial | undefined
  #host: BackboneHost | undefined
  #client: NatsClient | undefined
  readonly #subscriptions = new Map<string, { unsubscribe(): void }>()
  /** Bytes published on this connection, and of them those that the server has confirmed. */
  #sent = 0
  #taken = 0
  #isFlushing = false
  #fault: string | undefined
  #waitMs = 0
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> = Promise.resolve()
  #closed = false

  /** Without `dial` the package is loaded. `random`: 0 to 1. */
  constructor(
    { servers, credentials }: NatsOptions,
    dial?: NatsDial,
    random: () => number = Math.random,
  ) {
    this.#dialing = {
      ...serversOf(servers),
      credentials,
      name: 'sixcast relay',
      noEcho: true,
      reconnect: false,
      timeout: DIAL_MS,
      pingInterval: PING_MS,
    }
    this.#dial = dial
    this.#random = random
  }

  async open(host: BackboneHost): Promise<void> {
    this.#host = host
    this.#dial ??= await loadDial()
    if (this.#closed) return
    this.#running = this.#connect()
  }

  subscribe(subject: string): void {
    if (!this.#client || this.#subscriptions.has(subject)) return
    const subscription = this.#client.subscribe(subject, {
      callback: (error, message) => {
        if (!error) this.#host?.message(subject, message.data)
      },
    })
    this.#subscriptions.set(subject, subscription)
  }

  unsubscribe(subject: string): void {
    this.#subscriptions.get(subject)?.unsubscribe()
    this.#subscriptions.delete(subject)
  }

  publish(subject: string, message: Uint8Array): boolean {
    const { bufferSize = 0 } = this.#host ?? {}
    if (!this.#client || this.#sent - this.#taken + message.length > bufferSize) return false
    try {
      this.#client.publish(subject, message)
    } catch {
      return false // it is closing, or the server takes none so large
    }
    this.#sent += message.length
    this.#confirm()
    return true
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    // What was said last goes out before.
    const client = this.#client
    if (!client) return
    await Promise.race([
      client.flush().catch(() => undefined),
      sleep(FLUSH_MS, undefined, { ref: false }),
    ])
    await client.close()
    await this.#running
  }

  /** One connection, from the call to its end; then another one. */
  async #connect(): Promise<void> {
    const since = performance.now()
    const reason = await this.#serve()
    if (this.#closed) return
    this.#host?.down(reason)
    const lasted = performance.now() - since > LASTED_MS
    this.#waitMs = lasted ? WAIT_MIN_MS : Math.min(WAIT_MAX_MS, this.#waitMs * 2 || WAIT_MIN_MS)
    // Never all relays together.
    const waitMs = this.#waitMs * (0.5 + this.#random() / 2)
    this.#timer = setTimeout(() => {
      this.#running = this.#connect()
    }, waitMs)
  }

  /** Why it has ended. */
  async #serve(): Promise<string> {
    let client: NatsClient
    try {
      client = await this.#dial!(this.#dialing) // loaded before the first call
    } catch (error) {
      return reasonOf(error)
    }
    if (this.#closed) {
      await client.close()
      return ''
    }
    this.#client = client
    this.#sent = this.#taken = 0
    this.#isFlushing = false
    this.#host?.up()
    this.#fault = undefined
    void this.#watch(client)
    const error = await client.closed()
    this.#client = undefined
    this.#subscriptions.clear()
    return this.#fault ?? (error instanceof Error ? reasonOf(error) : 'the connection has ended')
  }

  /**
   * What the server refuses, such as a subject: without it the connection is of no use. Nor is one
   * whose server is silent, which the client would keep until the system has given up as well.
   */
  async #watch(client: NatsClient): Promise<void> {
    for await (const { type, error } of client.status()) {
      const isStale = type === 'staleConnection'
      if (type !== 'error' && !isStale) continue
      if (this.#fault !== undefined || client !== this.#client) continue
      this.#fault = isStale ? 'the server does not answer' : reasonOf(error)
      await client.close()
    }
  }

  /** One question at a time; what was sent meanwhile is in the next one. */
  #confirm(): void {
    if (this.#isFlushing) return
    this.#isFlushing = true
    const client = this.#client
    queueMicrotask(() => {
      const upTo = this.#sent
      client?.flush().then(
        () => {
          if (client !== this.#client) return
          this.#isFlushing = false
          this.#taken = upTo
          if (this.#sent > upTo) this.#confirm()
        },
        () => undefined, // the connection is over
      )
    })
  }
}

/** That of a relay, if servers are named. */
export function natsBackbone(options: {
  readonly nats: readonly string[]
  readonly natsCredentials: string | undefined
}): NatsBackbone | undefined {
  const { nats: servers, natsCredentials: credentials } = options
  return servers.length > 0 ? new NatsBackbone({ servers, credentials }) : undefined
}

async function loadDial(): Promise<NatsDial> {
  try {
    const { connect, credsAuthenticator, nkeyAuthenticator } =
      await import('@nats-io/transport-node')
    return ({ credentials, ...dialing }) => {
      if (credentials === undefined) return connect(dialing)
      const isSeed = credentialsKind(credentials) === 'seed'
      // The client finds the end of a file's last line by the line's own end.
      const bytes = new TextEncoder().encode(isSeed ? credentials.trim() : `${credentials}\n`)
      const authenticator = isSeed ? nkeyAuthenticator(bytes) : credsAuthenticator(bytes)
      return connect({ ...dialing, authenticator })
    }
  } catch (cause) {
    const mend = 'install it beside sixcast: npm install @nats-io/transport-node'
    const text = `option "nats" needs the package @nats-io/transport-node, which is missing: ${mend}`
    throw new BusError('UNSUPPORTED', text, { cause })
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error && error.message !== '' ? error.message : 'the server has refused'
}

const DIAL_MS = 5000
/** For what was said last. */
const FLUSH_MS = 1000
/** Two of them unanswered end a connection. */
const PING_MS = 2000
const WAIT_MIN_MS = 100
const WAIT_MAX_MS = 5000
/** A connection that ended earlier is called again later and later. */
const LASTED_MS = 10_000
