/** One round of calls to several relays: in order, a little apart, and the first welcome wins. */
import type { Endpoint } from '../core/output.ts'
import type { WelcomeTerms } from '../core/wire/link.ts'
import { ClientLink, type LinkCredentials, type LinkEnd } from './link-client.ts'

export interface RoundEvents {
  welcomed(link: ClientLink, terms: WelcomeTerms): void
  datagram(bytes: Uint8Array, from: Endpoint): void
  /** The link that was welcomed has ended. */
  ended(link: ClientLink, end: LinkEnd): void
  /** Nobody has welcomed this peer. */
  failed(faults: readonly Fault[]): void
}

export interface Fault extends LinkEnd {
  readonly url: string
}

export class LinkRound {
  readonly #urls: readonly string[]
  readonly #port: number
  readonly #credentials: LinkCredentials
  readonly #events: RoundEvents
  readonly #calls = new Set<ClientLink>()
  readonly #faults: Fault[] = []
  #next = 0
  #timer: NodeJS.Timeout | undefined
  #winner: ClientLink | undefined
  #over = false

  /** `port`: the private port to ask for; 0: any. */
  constructor(
    to: { readonly urls: readonly string[]; readonly port: number },
    credentials: LinkCredentials,
    events: RoundEvents,
  ) {
    this.#urls = to.urls
    this.#port = to.port
    this.#credentials = credentials
    this.#events = events
    this.#call()
  }

  /** Ends everything; nothing is told any more. */
  async close(): Promise<void> {
    this.#over = true
    clearTimeout(this.#timer)
    await Promise.all([...this.#calls].map((link) => link.close()))
  }

  #call(): void {
    clearTimeout(this.#timer)
    const url = this.#urls[this.#next]
    if (url === undefined || this.#winner || this.#over) return
    this.#next += 1
    const link: ClientLink = new ClientLink({ url, port: this.#port }, this.#credentials, {
      welcomed: (terms) => this.#onWelcomed(link, terms),
      datagram: (bytes, from) => {
        if (this.#winner === link && !this.#over) this.#events.datagram(bytes, from)
      },
      ended: (end) => this.#onEnded(link, end),
    })
    this.#calls.add(link)
    if (this.#next < this.#urls.length) {
      this.#timer = setTimeout(() => this.#call(), HEAD_START_MS)
    }
  }

  #onWelcomed(link: ClientLink, terms: WelcomeTerms): void {
    if (this.#over || this.#winner) return void link.close()
    this.#winner = link
    clearTimeout(this.#timer)
    for (const other of this.#calls) if (other !== link) void other.close()
    this.#events.welcomed(link, terms)
  }

  #onEnded(link: ClientLink, end: LinkEnd): void {
    this.#calls.delete(link)
    if (this.#over) return
    if (this.#winner) {
      if (link === this.#winner) this.#events.ended(link, end)
      return
    }
    this.#faults.push({ url: link.url, ...end })
    if (this.#faults.length === this.#urls.length) return this.#events.failed(this.#faults)
    this.#call()
  }
}

/** What an earlier relay has before the next one is called as well. */
const HEAD_START_MS = 300
