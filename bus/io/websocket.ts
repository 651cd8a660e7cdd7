/**
 * The transport over a link to a relay: the relay joins, sends and hears in this peer's place.
 *
 * When a link breaks, the next one is sought at once and then ever more rarely; memberships are
 * told anew. The relay keeps what comes meanwhile, for a while; what it does not keep, and what was
 * on its way up, is lost, as on any network, and the streams' repair mends it.
 */
import { BusError } from '../api/errors.ts'
import { randomUint64 } from '../core/env.ts'
import type { Endpoint } from '../core/output.ts'
import { addressBytes } from '../core/wire/address.ts'
import {
  RELAY_ADDRESS,
  type WelcomeTerms,
  writeGroups,
  writeMulticast,
  writeRights,
  writeUnicast,
} from '../core/wire/link.ts'
import type { Caller, ClientLink, LinkEnd, LinkSession } from './link-client.ts'
import { type Fault, LinkRound } from './link-round.ts'
import type { Transport, TransportEvent, TransportListener } from './transport.ts'

export interface LinkOptions extends Caller {
  /** ws:// and wss:// addresses of relays, in the order in which they are tried. */
  readonly urls: readonly string[]
  /** Of a peer that is on a network as well. */
  readonly beside?: Beside
}

/** The other way of a peer that has one: its link goes on calling, and then echoes nothing. */
export interface Beside {
  /** The private port there, which the link shall have, too; 0: it is missing. */
  readonly port: () => number
  /** Whether the relay of that id hears this peer on a network of its own. */
  readonly hears: (yes: boolean, relay: bigint) => void
}

interface Session extends LinkSession {
  /** Groups that the relay was told of. */
  readonly told: Set<string>
}

/** The transport over WebSocket. */
export function linkTransport(options: LinkOptions): LinkTransport {
  return new LinkTransport(options)
}

export class LinkTransport implements Transport {
  readonly #options: LinkOptions
  #urls: readonly string[]
  readonly #groups = new Set<string>()
  /** At each relay, by its address. */
  readonly #sessions = new Map<string, Session>()
  /** Those that the relay has been told of. */
  #told = new Set<string>()
  #state: 'new' | 'open' | 'closed' = 'new'
  #listener: TransportListener | undefined
  #round: LinkRound | undefined
  #link: ClientLink | undefined
  #terms: WelcomeTerms | undefined
  #waitMs = 0
  /** Calls since the last link ended. */
  #calls = 0
  #cancelCall: (() => void) | undefined
  #warned = false
  /** Why the relay at an address does not welcome this peer, as it was told last. */
  readonly #toldFaults = new Map<string, string>()
  #dropped = 0
  #cancelFull: (() => void) | undefined
  /** While it is set a hurry calls nobody. */
  #cancelHurry: (() => void) | undefined

  constructor(options: LinkOptions) {
    this.#options = options
    this.#urls = options.urls
  }

  get datagramSize(): number {
    return this.#terms?.datagramSize ?? DATAGRAM_SIZE
  }

  get port(): number {
    return this.#terms?.port ?? 0
  }

  get pending(): number {
    return this.#link?.outbox.pending ?? 0
  }

  open(listener: TransportListener): Promise<void> {
    if (this.#state !== 'new') {
      return Promise.reject(new BusError('CLOSED', 'a transport opens only once'))
    }
    this.#state = 'open'
    this.#listener = listener
    return new Promise((resolve, reject) => {
      this.#call({
        welcomed: resolve,
        failed: (faults) => {
          if (this.#options.beside) this.#callLater()
          else this.#state = 'closed'
          reject(refusal(faults))
        },
      })
    })
  }

  join(group: string): void {
    if (this.#state !== 'open' || this.#groups.has(group) || !addressBytes(group)) return
    this.#groups.add(group)
    this.#tell([group])
  }

  leave(group: string): void {
    this.#groups.delete(group)
    if (!this.#told.delete(group)) return
    for (const record of writeGroups('leave', [group])) this.#link?.outbox.push(record)
    if (this.#told.size < this.#groups.size) this.#tell(this.#groups)
  }

  rejoin(group: string): void {
    if (!this.#told.has(group)) return
    for (const record of writeGroups('rejoin', [group])) this.#link?.outbox.push(record)
  }

  send(to: string | Endpoint, datagram: Uint8Array): void {
    const outbox = this.#link?.outbox
    if (!outbox || this.#state !== 'open') return
    const multicast = typeof to === 'string'
    const record = multicast ? writeMulticast(to, datagram) : writeUnicast(to, datagram)
    if (record && !outbox.offer(record)) this.#full()
    // On a real network a member hears its own datagrams, too; this one comes no further.
    const isAlone = !this.#options.beside?.port()
    if (multicast && isAlone && this.#told.has(to)) this.#echo(new Uint8Array(datagram))
  }

  /** Shows the relay other rights than before. */
  show(rights: Uint8Array): void {
    this.#link?.outbox.push(writeRights(rights))
  }

  /** The network may be another one, or back: calls at once if nobody is linked, and else listens. */
  hurry(): void {
    this.#link?.doubt()
    // An interface that comes and goes must not make every peer of a relay call all the time.
    if (!this.#cancelCall || this.#cancelHurry) return
    this.#cancelHurry = this.#options.sockets.after(HURRY_MS, () => (this.#cancelHurry = undefined))
    this.#cancelCall()
    this.#cancelCall = undefined
    this.#waitMs = 0
    this.#call()
  }

  /** Tells the relay something of this peer, if there is a link. */
  say(record: Uint8Array): void {
    this.#link?.outbox.push(record)
  }

  /** Hands over what the end of the turn would. */
  flush(): void {
    this.#link?.outbox.flush()
  }

  async close(): Promise<void> {
    this.#state = 'closed'
    this.#cancelCall?.()
    this.#cancelFull?.()
    this.#cancelHurry?.()
    await this.#round?.close()
    this.#link = undefined
  }

  #full(): void {
    this.#dropped += 1
    this.#cancelFull ??= this.#options.sockets.after(FULL_MS, () => {
      this.#cancelFull = undefined
      this.#event({ type: 'full', count: this.#dropped })
      this.#dropped = 0
    })
  }

  #echo(datagram: Uint8Array): void {
    const from = { address: RELAY_ADDRESS, port: this.port }
    this.#options.sockets.turn(() => {
      if (this.#state === 'open') this.#listener?.datagram(datagram, from)
    })
  }

  /** Seeks a relay. `first` is told of the first round, the listener of all others. */
  #call(first?: { welcomed(): void; failed(faults: readonly Fault[]): void }): void {
    const { beside } = this.#options
    const sessionAt = (url: string): Session => this.#sessionAt(url)
    const to = { urls: this.#urls, port: beside?.port() || this.port, sessionAt }
    this.#round = new LinkRound(to, this.#options, {
      welcomed: (link, terms) => {
        this.#begin(link, terms)
        if (first) first.welcomed()
        else this.#event({ type: 'reachable', reason: `a link to ${link.url}` })
      },
      datagram: (bytes, from) => this.#listener?.datagram(bytes, from),
      hears: (yes, relay) => beside?.hears(yes, relay),
      ended: (link, end) => this.#lost(link, end),
      missed: (fault) => this.#missed(fault),
      failed: (faults) => (first ? first.failed(faults) : this.#callLater()),
    })
  }

  #begin(link: ClientLink, terms: WelcomeTerms): void {
    this.#link = link
    this.#terms = terms
    this.#waitMs = 0
    this.#calls = 0
    this.#toldFaults.delete(link.url)
    this.#retell(link, terms)
  }

  /** It is called again and again: what has been told is news only when it is something else. */
  #missed({ url, reason }: Fault): void {
    if (this.#toldFaults.get(url) === reason) return
    this.#toldFaults.set(url, reason)
    this.#event({ type: 'unlinked', relay: url, reason })
  }

  #sessionAt(url: string): Session {
    const known = this.#sessions.get(url)
    if (known) return known
    const id = randomUint64(this.#options.credentials)
    const session = { id, received: 0, told: new Set<string>() }
    this.#sessions.set(url, session)
    return session
  }

  /** What a link that broke was told last may not have come. */
  #retell(link: ClientLink, { resumed }: WelcomeTerms): void {
    const { told } = this.#sessionAt(link.url)
    const left = resumed ? [...told].filter((group) => !this.#groups.has(group)) : []
    told.clear()
    this.#told = told
    for (const record of writeGroups('leave', left)) link.outbox.push(record)
    this.#tell(this.#groups)
  }

  #lost(link: ClientLink, { reason, leaving }: LinkEnd): void {
    this.#link = undefined
    this.#told = new Set()
    this.#warned = false
    // Who goes for good need not be asked first again; who has kept what comes meanwhile is.
    const others = this.#urls.filter((url) => url !== link.url)
    this.#urls = leaving ? [...others, link.url] : [link.url, ...others]
    this.#event({ type: 'unreachable', reason: `${link.url}: ${reason}` })
    this.#callLater()
  }

  /**
   * At once or nearly so, then after waits that double; never all peers of a relay together. While
   * what has been missed may still be had, the waits stay short.
   */
  #callLater(): void {
    if (this.#state !== 'open') return
    const { credentials, sockets } = this.#options
    const [byte = 0] = credentials.random(1)
    const waitMs = Math.max(WAIT_MIN_MS, this.#waitMs) * (0.5 + byte / 512)
    this.#cancelCall = sockets.after(waitMs, () => {
      this.#cancelCall = undefined
      this.#call()
    })
    this.#calls += 1
    const mostMs = this.#calls < EAGER_CALLS ? WAIT_EAGER_MS : WAIT_MAX_MS
    this.#waitMs = Math.min(mostMs, Math.max(WAIT_MIN_MS, this.#waitMs) * 2)
  }

  /** Tells the relay of those of the groups that it does not know of, as many as it takes. */
  #tell(groups: Iterable<string>): void {
    const { outbox } = this.#link ?? {}
    if (!outbox || !this.#terms) return
    const untold: string[] = []
    for (const group of groups) {
      if (this.#told.has(group)) continue
      if (this.#told.size >= this.#terms.groups) {
        this.#warnOfGroups(this.#terms.groups)
        break
      }
      this.#told.add(group)
      untold.push(group)
    }
    for (const record of writeGroups('join', untold)) outbox.push(record)
  }

  #warnOfGroups(groups: number): void {
    if (this.#warned) return
    this.#warned = true
    const mend = 'raise limits.groups of the relay, or fold topics (option "groups")'
    this.#event({
      type: 'warning',
      message: `the relay lets a link join ${groups} groups: ${mend}`,
    })
  }

  #event(event: TransportEvent): void {
    if (this.#state === 'open') this.#listener?.event(event)
  }
}

/** Why nobody has welcomed this peer, relay by relay. */
function refusal(faults: readonly Fault[]): BusError {
  const each = faults.map(({ url, reason }) => `${url}: ${reason}`).join('; ')
  if (faults.every(({ denied }) => denied)) {
    return new BusError('DENIED', `no relay lets this peer in: ${each}`)
  }
  const isAnybody = faults.some(({ answered }) => answered)
  return isAnybody
    ? new BusError('NO_PATH', `no relay takes this peer: ${each}`)
    : new BusError('NO_PATH', `no relay answers: ${each}; start one with: sixcast relay`)
}

/** What every IPv6 path carries whole; the relay says what its segment carries. */
const DATAGRAM_SIZE = 1232
/** Back-off begins anew at most this often. */
const HURRY_MS = 3000
/** Dropped datagrams are told of at most this often. */
const FULL_MS = 1000
const WAIT_MIN_MS = 100
const WAIT_MAX_MS = 5000
/** Ten seconds of them: as long as publishers keep what they have sent. */
const EAGER_CALLS = 14
const WAIT_EAGER_MS = 1000
