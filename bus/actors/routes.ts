/**
 * Which peer has the actor of a name: found by a question to all, and remembered for a while.
 *
 * What goes to a name waits while it is looked for, and leaves in the order in which it came. A
 * peer that is found stays the one meant until it has left or says that it has no such actor; it is
 * looked for anew now and then, behind the back of what goes there, for an actor that has moved. Who
 * is too busy to say, or does not answer, may have it: nobody has one when all have said so.
 */
import { BusError } from '../api/errors.ts'
import type { PeerId } from '../api/terms.ts'
import type { ActorCounterName } from './counters.ts'
import { ACTORS, type ActorsHost } from './host.ts'
import { writeSaid } from './wire.ts'

/** What is to be done with the peer, or with the reason why there is none. */
type Through = (to: PeerId | BusError) => void

interface Route {
  peer: PeerId | undefined
  foundAt: number
  seeking: boolean
  readonly waiting: Through[]
}

/** What a question to all has come to. */
interface Found {
  readonly holders: readonly PeerId[]
  /** Who was too busy to say, or has not. */
  readonly unsure: readonly PeerId[]
  /** Why it is not certain that nobody else has it. */
  readonly doubt: BusError | undefined
}

export class Routes {
  readonly #host: ActorsHost
  readonly #count: (name: ActorCounterName) => void
  /** The one that was used last is the last. */
  readonly #routesByName = new Map<string, Route>()
  #closed = false

  constructor(host: ActorsHost, count: (name: ActorCounterName) => void) {
    this.#host = host
    this.#count = count
  }

  /** At once where the peer is known; else when it has been found, or has not. */
  through(name: string, then: Through): void {
    if (this.#closed) return then(closedError(name))
    const route = this.#routeOf(name)
    if (route.peer !== undefined && route.waiting.length === 0) {
      if (this.#host.now() - route.foundAt > FRESH_MS) this.#seek(name, route)
      return then(route.peer)
    }
    if (route.waiting.length >= WAITING_MAX) {
      this.#count('routesFull')
      const fault = `${WAITING_MAX} messages wait for actor "${name}" to be found`
      return then(new BusError('OVERFLOW', `${fault}: send fewer until it is`))
    }
    route.waiting.push(then)
    this.#seek(name, route)
  }

  /** This peer has no such actor any more. */
  forget(name: string, peer: PeerId): void {
    const route = this.#routesByName.get(name)
    if (route?.peer === peer) route.peer = undefined
  }

  /** Nor any other. */
  left(peer: PeerId): void {
    for (const route of this.#routesByName.values()) if (route.peer === peer) route.peer = undefined
  }

  /** Nobody is looked for any more. */
  close(): void {
    this.#closed = true
    for (const [name, { waiting }] of this.#routesByName)
      for (const then of waiting.splice(0)) then(closedError(name))
  }

  #routeOf(name: string): Route {
    const known = this.#routesByName.get(name)
    const route = known ?? { peer: undefined, foundAt: 0, seeking: false, waiting: [] }
    this.#routesByName.delete(name)
    this.#routesByName.set(name, route)
    if (this.#routesByName.size > ROUTES_MAX) this.#evict()
    return route
  }

  /** The one that was not used for longest, and that nothing waits for. */
  #evict(): void {
    for (const [name, { seeking }] of this.#routesByName) {
      if (seeking) continue
      this.#routesByName.delete(name)
      return
    }
  }

  #seek(name: string, route: Route): void {
    if (route.seeking || this.#closed) return
    route.seeking = true
    void this.#ask(name).then((found) => {
      route.seeking = false
      const isNobody = 'holders' in found && found.holders.length === 0
      if (!isNobody || !this.#host.isYoung()) return this.#found(name, route, found)
      this.#host.after(AGAIN_MS, () => this.#seek(name, route))
    })
  }

  #found(name: string, route: Route, found: Found | BusError): void {
    const { peer } = route
    // Who cannot be asked just now may well have it.
    const stays = peer !== undefined && (!('holders' in found) || mayHave(peer, found))
    const to = stays ? peer : 'holders' in found ? chosen(name, found) : found
    route.peer = typeof to === 'string' ? to : undefined
    route.foundAt = this.#host.now()
    for (const then of route.waiting.splice(0)) then(to)
  }

  async #ask(name: string): Promise<Found | BusError> {
    const { last } = this.#host
    const about = { to: 0n, id: 0, name, sender: '', codec: 0, payload: new Uint8Array(0) }
    try {
      const how = { timeout: FIND_MS, quiet: QUIET_MS }
      const gathering = last.gather(ACTORS, writeSaid({ kind: 'find', ...about }), how)
      const holders: PeerId[] = []
      for await (const { value, from } of gathering) {
        if (value instanceof Uint8Array && value[0] === 1) holders.push(from)
      }
      const { end, outcomes } = await gathering.report
      const unsure = outcomes.filter(({ type }) => type === 'error' || type === 'silent')
      const failed = outcomes.find((one) => one.type === 'error')
      const doubt = failed?.error ?? (end === 'complete' ? undefined : silentError(name))
      return { holders, unsure: unsure.map(({ from }) => from), doubt }
    } catch (error) {
      return error instanceof BusError ? error : new BusError('REMOTE', String(error))
    }
  }
}

function mayHave(peer: PeerId, { holders, unsure }: Found): boolean {
  return holders.includes(peer) || unsure.includes(peer)
}

/** The peer that is meant, or why none is. */
function chosen(name: string, { holders, doubt }: Found): PeerId | BusError {
  const [only, ...others] = holders
  if (only === undefined) {
    const mend = 'is it running, in this realm and scope, with the same key?'
    const fault = `nobody who is here has an actor "${name}"`
    return doubt ?? new BusError('NO_ACTOR', `${fault}: ${mend}`)
  }
  if (others.length === 0) return only
  const mend = 'say which one, as in name@peer, or make them a group'
  return new BusError('CONFLICT', `peers ${holders.join(', ')} have an actor "${name}": ${mend}`)
}

function silentError(name: string): BusError {
  const mend = 'ask again, or look what keeps them'
  return new BusError('TIMEOUT', `not all peers have said whether they have "${name}": ${mend}`)
}

function closedError(name: string): BusError {
  return new BusError('CLOSED', `the bus was closed before actor "${name}" was found`)
}

/** How long a peer counts as the one that is meant without being asked. */
const FRESH_MS = 10_000
const FIND_MS = 5000
/** So long after the last of them nobody else is waited for. */
const QUIET_MS = 1000
const AGAIN_MS = 100
const WAITING_MAX = 1024
const ROUTES_MAX = 4096
