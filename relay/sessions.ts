/**
 * The sessions of a relay, each under its private port: with a link, or waiting for their peers to
 * come back, for so long and so many of them.
 */
import type { Logger } from '../bus/api/options.ts'
import type { LinkOutbox } from '../bus/io/link-outbox.ts'
import type { Counters } from './counters.ts'
import type { RelayLimits } from './limits.ts'
import type { Link, Proof } from './link.ts'
import type { Ports } from './ports.ts'
import { Session, type SessionHost } from './session.ts'

export interface SessionsHost extends Pick<SessionHost, 'turns' | 'room'> {
  readonly limits: RelayLimits
  readonly counters: Counters
  readonly ports: Ports
  readonly log: Logger | undefined
  /** A link has that port now; it had none before, or what it has said since is unknown. */
  readonly opened: (port: number, identity: Uint8Array) => void
  readonly closed: (port: number) => void
}

/** What a peer says of its session when it calls. */
type Claim = Pick<Proof, 'port' | 'session' | 'received'>

interface Place {
  readonly session: Session
  link: Link | undefined
  /** When its link broke. */
  brokenAt: number
}

export class Sessions {
  readonly #host: SessionsHost
  readonly #places = new Map<number, Place>()
  /** Those that links may take up. */
  readonly #placeById = new Map<bigint, Place>()
  /** Those without a link, the one that has waited longest first. */
  readonly #absent = new Set<Place>()

  constructor(host: SessionsHost) {
    this.#host = host
  }

  /** Sessions that wait for their peers. */
  get absent(): number {
    return this.#absent.size
  }

  /** Sessions that have a link. */
  get size(): number {
    return this.#places.size - this.#absent.size
  }

  /** The links that have been admitted. */
  *links(): Iterable<Link> {
    for (const { link } of this.#places.values()) if (link) yield link
  }

  get outboxes(): LinkOutbox[] {
    return [...this.#places.values()].map(({ session }) => session.outbox)
  }

  outbox(port: number): LinkOutbox | undefined {
    return this.#places.get(port)?.session.outbox
  }

  /** One datagram's record for whoever has that port; false: dropped. */
  offer(port: number, record: Uint8Array): boolean {
    const { link, session } = this.#places.get(port) ?? {}
    if (link) return link.offer(record)
    if (session?.outbox.offer(record)) return true
    if (session) this.#host.counters.count('sessionFull')
    return false
  }

  /** The session that a link takes up, or a new one; undefined: there is no port for it. */
  open(link: Link, claim: Claim): { session: Session; resumed: boolean } | undefined {
    const known = this.#find(link, claim)
    const resumed = known?.session.reaches(claim.received) === true
    if (known && !resumed) this.#lost(known)
    const place = resumed ? known : this.#begin(link, claim)
    if (!place) return undefined
    const { session } = place
    const before = place.link
    place.link = link
    this.#absent.delete(place)
    before?.replaced()
    this.#host.counters.count(resumed ? 'linksResumed' : 'linksOpened')
    this.#host.opened(session.port, session.identity)
    const { remote } = link
    const what = resumed ? 'link resumed' : 'link opened'
    this.#host.log?.info({ remote, port: session.port }, what)
    return { session, resumed }
  }

  /** A link has ended: its session waits for another one, or ends with it. */
  ended(link: Link): void {
    const place = this.#places.get(link.port)
    const { log, limits, counters } = this.#host
    log?.info({ remote: link.remote, port: link.port, code: link.code }, 'link closed')
    counters.count('linksClosed')
    if (place?.link !== link) return
    const { session } = place
    if (session.id === 0n || !link.broken) return this.#end(place)
    place.link = undefined
    place.brokenAt = performance.now()
    session.detach()
    this.#absent.add(place)
    if (this.#places.size > limits.links) this.#giveUp()
  }

  /** Called several times a second: ends those whose peers stay away. */
  tick(now: number): void {
    for (const place of this.#absent) {
      if (now - place.brokenAt < this.#host.limits.sessionTime) return
      this.#host.counters.count('sessionsEnded')
      this.#end(place)
    }
  }

  /** Links have a port each, and places are as many as there may be links. */
  #begin(link: Link, { port, session: id }: Claim): Place | undefined {
    const { ports, limits, turns, room } = this.#host
    if (this.#places.size >= limits.links) this.#giveUp()
    let own = ports.open(port)
    if (own === 0 && this.#giveUp()) own = ports.open(port)
    if (own === 0) return undefined
    const identity = link.identity ?? NOBODY
    const share = (): number => this.#share
    // Whoever names that of another has none.
    const free = this.#placeById.has(id) ? 0n : id
    const session = new Session({ port: own, identity, id: free }, { turns, room, share })
    const place: Place = { session, link: undefined, brokenAt: 0 }
    this.#places.set(own, place)
    if (free !== 0n) this.#placeById.set(free, place)
    return place
  }

  #find({ identity = NOBODY }: Link, { session: id }: Claim): Place | undefined {
    const place = this.#placeById.get(id)
    return place && Buffer.compare(place.session.identity, identity) === 0 ? place : undefined
  }

  /** What its peer has missed is not there any more. */
  #lost(place: Place): void {
    this.#host.counters.count('sessionsLost')
    place.link?.replaced()
    this.#end(place)
  }

  /** Ends the one that has waited longest, for the sake of others. */
  #giveUp(): boolean {
    const [oldest] = this.#absent
    if (!oldest) return false
    this.#host.counters.count('sessionsFull')
    this.#end(oldest)
    return true
  }

  #end(place: Place): void {
    const { port, outbox, id } = place.session
    const { counters, ports, closed } = this.#host
    this.#places.delete(port)
    if (this.#placeById.get(id) === place) this.#placeById.delete(id)
    this.#absent.delete(place)
    counters.count('messagesOut', outbox.messages)
    counters.count('bytesOut', outbox.bytes)
    ports.close(port)
    closed(port)
  }

  get #share(): number {
    const { sessionSize, sessionsSize } = this.#host.limits
    return Math.min(sessionSize, Math.floor(sessionsSize / Math.max(1, this.#places.size)))
  }
}

const NOBODY = new Uint8Array(0)
