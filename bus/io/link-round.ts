/** One round of calls to several relays: in order, a little apart, and the first welcome wins. */
import type { Endpoint } from '../core/output.ts'
import type { WelcomeTerms } from '../core/wire/link.ts'
import { type Caller, ClientLink, type LinkEnd, type LinkSession } from './link-client.ts'

export interface RoundEvents {
  welcomed(link: ClientLink, terms: WelcomeTerms): void
  datagram(bytes: Uint8Array, from: Endpoint): void
  hears(yes: boolean, relay: bigint): void
  /** The link that was welcomed has ended. */
  ended(link: ClientLink, end: LinkEnd): void
  /** One of them has not welcomed this peer; others may. */
  missed(fault: Fault): void
  /** Nobody has welcomed this peer. */
  failed(faults: readonly Fault[]): void
}

export interface Fault extends LinkEnd {
  readonly url: string
}

/** Whom to call, and what to ask each of them for. */
export interface Called {
  readonly urls: readonly string[]
  /** The private port; 0: any. */
  readonly port: number
  readonly sessionAt: (url: string) => LinkSession
}

export class LinkRound {
  readonly #urls: readonly string[]
  readonly #to: Called
  readonly #caller: Caller
  readonly #events: RoundEvents
  readonly #calls = new Set<ClientLink>()
  readonly #faults: Fault[] = []
  #next = 0
  #cancelTimer: (() => void) | undefined
  #winner: ClientLink | undefined
  #over = false

  constructor(to: Called, caller: Caller, events: RoundEvents) {
    this.#urls = to.urls
    this.#to = to
    this.#caller = caller
    this.#events = events
    this.#call()
  }

  /** Ends everything; nothing is told any more. */
  async close(): Promise<void> {
    this.#over = true
    this.#cancelTimer?.()
    await Promise.all([...this.#calls].map((link) => link.close()))
  }

  #call(): void {
    this.#cancelTimer?.()
    const url = this.#urls[this.#next]
    if (url === undefined || this.#winner || this.#over) return
    this.#next += 1
    this.#dial(url)
    if (this.#next < this.#urls.length) {
      this.#cancelTimer = this.#caller.sockets.after(HEAD_START_MS, () => this.#call())
    }
  }

  #dial(url: string): void {
    try {
      const at = { url, port: this.#to.port, session: this.#to.sessionAt(url) }
      const link: ClientLink = new ClientLink(at, this.#caller, {
        welcomed: (terms) => this.#onWelcomed(link, terms),
        datagram: (bytes, from) => {
          if (this.#winner === link && !this.#over) this.#events.datagram(bytes, from)
        },
        hears: (yes, relay) => {
          if (this.#winner === link && !this.#over) this.#events.hears(yes, relay)
        },
        ended: (end) => this.#onEnded(link, end),
      })
      this.#calls.add(link)
    } catch (error) {
      // Whoever has made this round is told when it exists.
      const { message: reason } = error as Error
      const end = { reason, denied: false, leaving: false, answered: false }
      this.#caller.sockets.turn(() => this.#missed({ url, ...end }))
    }
  }

  #onWelcomed(link: ClientLink, terms: WelcomeTerms): void {
    if (this.#over || this.#winner) return void link.close()
    this.#winner = link
    this.#cancelTimer?.()
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
    this.#missed({ url: link.url, ...end })
  }

  #missed(fault: Fault): void {
    if (this.#over || this.#winner) return
    this.#faults.push(fault)
    this.#events.missed(fault)
    if (this.#faults.length === this.#urls.length) return this.#events.failed(this.#faults)
    this.#call()
  }
}

/** What an earlier relay has before the next one is called as well. */
const HEAD_START_MS = 300
