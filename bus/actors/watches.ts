/**
 * Death watch: who is to be told when an actor has ended, here and at other peers.
 *
 * A peer that watches says so once, whatever number of its actors do. The actor's peer then tells
 * it of the end, until it has confirmed; the end of the peer itself is known by presence. Each watch
 * has an id: what is said once more of an earlier actor of the name is not the end of the one now.
 */
import { pause } from '../api/matching.ts'
import type { ActorEndReason, ActorGone } from '../api/actor-options.ts'
import { BusError } from '../api/errors.ts'
import { instanceOf } from '../api/request-call.ts'
import type { PeerId } from '../api/terms.ts'
import { type Address, addressText } from './address.ts'
import type { ActorMetrics } from './counters.ts'
import { ACTORS, type ActorsHost } from './host.ts'
import type { Routes } from './routes.ts'
import { type Said, writeSaid } from './wire.ts'

type Told = (end: ActorGone) => void

/** One actor that is watched here. */
interface Watched {
  readonly id: number
  readonly told: Set<Told>
}

/** What peers say to each other of watches. */
type Telling = Pick<Said, 'kind' | 'id' | 'name' | 'payload'>

export interface WatchesParts {
  readonly host: ActorsHost
  readonly id: PeerId
  readonly metrics: ActorMetrics
  readonly routes: Routes
  /** Whether this bus has an actor of the name. */
  readonly has: (name: string) => boolean
}

export class Watches {
  readonly #parts: WatchesParts
  /** Actors of this bus and of others, by `name@peer`. */
  readonly #watchedByAddress = new Map<string, Watched>()
  #watching = 0
  #lastId = 0
  /** Other peers that watch actors of this bus, each with the id of its last watch. */
  readonly #watchersByName = new Map<string, Map<PeerId, number>>()
  #watched = 0
  #closed = false

  constructor(parts: WatchesParts) {
    this.#parts = parts
  }

  /** Throws LIMIT. */
  watch({ name, peer }: Address, told: Told): () => void {
    const { host, metrics, routes, has, id } = this.#parts
    const { limits } = host
    if (this.#watching >= limits.watches) {
      metrics.count('watchesFull')
      const mend = 'call some off, or raise limits.watches'
      throw new BusError('LIMIT', `${limits.watches} actors are watched: ${mend}`)
    }
    this.#watching += 1
    let wanted = true
    let stop = (): void => undefined
    const end = (): void => {
      if (!wanted) return
      wanted = false
      this.#watching -= 1
      stop()
    }
    const once = (gone: ActorGone): void => {
      if (!wanted) return
      end()
      told(gone)
    }
    const at = (to: PeerId): void => {
      if (wanted) stop = this.#add({ name, peer: to }, once)
    }
    const seek = (againMs: number): void => {
      routes.through(name, (to) => {
        if (typeof to === 'string') return at(to)
        if (to.code === 'NO_ACTOR') return once({ address: name, reason: 'unknown' })
        // Not all have said whether they have it, or more than one has.
        if (wanted) stop = host.after(againMs, () => seek(Math.min(againMs * 2, AGAIN_MAX_MS)))
      })
    }
    if (peer !== undefined) at(peer)
    else if (has(name)) at(id)
    else seek(AGAIN_MS)
    return end
  }

  /** A peer wants to know when an actor of this bus ends; false: there is none. Throws BUSY. */
  watchedBy({ name, id }: Pick<Said, 'name' | 'id'>, peer: PeerId): boolean {
    const { host, metrics, has } = this.#parts
    if (!has(name)) return false
    const watchers = this.#watchersByName.get(name) ?? new Map<PeerId, number>()
    if (watchers.has(peer)) {
      watchers.set(peer, id)
      return true
    }
    if (this.#watched >= host.limits.watches) this.#forgetAbsent()
    if (this.#watched >= host.limits.watches) {
      metrics.count('watchesFull')
      throw new BusError('BUSY', `${host.limits.watches} watches of others: limits.watches`)
    }
    this.#watched += 1
    watchers.set(peer, id)
    this.#watchersByName.set(name, watchers)
    return true
  }

  /** An actor of this bus has ended. */
  ended(name: string, reason: ActorEndReason): void {
    const watchers = this.#watchersByName.get(name) ?? []
    this.#watchersByName.delete(name)
    const payload = Uint8Array.of(REASONS.indexOf(reason))
    for (const [peer, id] of watchers) {
      this.#watched -= 1
      void this.#tell(peer, { kind: 'ended', id, name, payload })
    }
    this.#fire(addressText(name, this.#parts.id), reason)
  }

  /** Another peer says that an actor of its own has ended. */
  endedAt(peer: PeerId, { id, name, payload }: Pick<Said, 'id' | 'name' | 'payload'>): void {
    const reason = REASONS[payload[0] ?? 0] ?? 'closed'
    const address = addressText(name, peer)
    this.#parts.routes.forget(name, peer)
    if (this.#watchedByAddress.get(address)?.id === id) this.#fire(address, reason)
  }

  /** A peer is not here any more. */
  left(peer: PeerId): void {
    const end = `@${peer}`
    for (const address of this.#watchedByAddress.keys()) {
      if (address.endsWith(end)) this.#fire(address, 'gone')
    }
  }

  close(): void {
    this.#closed = true
    this.#watchedByAddress.clear()
    this.#watchersByName.clear()
  }

  #add(address: Required<Address> & { readonly peer: PeerId }, told: Told): () => void {
    const key = addressText(address.name, address.peer)
    const known = this.#watchedByAddress.get(key)
    const watched = known ?? { id: (this.#lastId += 1), told: new Set<Told>() }
    watched.told.add(told)
    this.#watchedByAddress.set(key, watched)
    if (!known) this.#begin(address, watched.id)
    return () => {
      watched.told.delete(told)
      if (watched.told.size > 0 || this.#watchedByAddress.get(key) !== watched) return
      this.#watchedByAddress.delete(key)
    }
  }

  #begin({ name, peer }: { readonly name: string; readonly peer: PeerId }, watch: number): void {
    const { id, has } = this.#parts
    if (peer !== id) return void this.#register({ name, id: watch }, peer)
    // Whoever watches is in the middle of something.
    if (!has(name)) queueMicrotask(() => this.#fire(addressText(name, peer), 'unknown'))
  }

  /** Says to the peer of the actor that its end is to be told, until that is certain. */
  async #register(watch: Pick<Said, 'name' | 'id'>, peer: PeerId): Promise<void> {
    const { host } = this.#parts
    const key = addressText(watch.name, peer)
    const isWanted = (): boolean => this.#watchedByAddress.get(key)?.id === watch.id
    while (!this.#closed && isWanted()) {
      const found = await this.#ask(watch, peer)
      if (found === 'held') return
      if (found !== 'unclear') return isWanted() ? this.#fire(key, found) : undefined
      await pause(host.after, AGAIN_MS)
    }
  }

  async #ask(
    watch: Pick<Said, 'name' | 'id'>,
    peer: PeerId,
  ): Promise<'held' | 'unknown' | 'gone' | 'unclear'> {
    try {
      const { value } = await this.#request(peer, { kind: 'watch', ...watch, payload: NOTHING })
      return value instanceof Uint8Array && value[0] === 1 ? 'held' : 'unknown'
    } catch (error) {
      const code = error instanceof BusError ? error.code : ''
      if (code !== 'NO_RESPONDER' && code !== 'ABANDONED') return 'unclear'
      // Who is here and does not answer has never had an actor.
      return this.#parts.host.bus.presence.get(peer) ? 'unknown' : 'gone'
    }
  }

  /** Tells a peer of an end until it has confirmed, or is away for long. */
  async #tell(peer: PeerId, ended: Telling): Promise<void> {
    const { host } = this.#parts
    const untilMs = host.now() + TELL_MS
    while (!this.#closed && host.now() < untilMs) {
      try {
        await this.#request(peer, ended)
        return
      } catch {
        await pause(host.after, AGAIN_MS)
      }
    }
  }

  #request(peer: PeerId, said: Telling): Promise<{ readonly value: unknown }> {
    const { bus } = this.#parts.host
    const question = writeSaid({ ...said, to: instanceOf(peer), sender: '', codec: 0 })
    return bus.request<unknown>(ACTORS, question, { to: peer, timeout: REQUEST_MS })
  }

  #fire(address: string, reason: ActorGone['reason']): void {
    const watched = this.#watchedByAddress.get(address)
    this.#watchedByAddress.delete(address)
    for (const told of watched?.told ?? []) told({ address, reason })
  }

  /** Those who have left and may come back are remembered as long as there is room. */
  #forgetAbsent(): void {
    const { presence } = this.#parts.host.bus
    for (const [name, watchers] of this.#watchersByName) {
      for (const peer of watchers.keys()) {
        if (presence.get(peer)) continue
        watchers.delete(peer)
        this.#watched -= 1
      }
      if (watchers.size === 0) this.#watchersByName.delete(name)
    }
  }
}

const REASONS: readonly ActorEndReason[] = ['stopped', 'closed', 'failed', 'parent']
const NOTHING = new Uint8Array(0)
const REQUEST_MS = 5000
const AGAIN_MS = 1000
const AGAIN_MAX_MS = 30_000
/** Who has been away for so long has seen this peer leave. */
const TELL_MS = 60_000
