/**
 * Death watch: who is to be told when an actor has ended, here and at other peers.
 *
 * A peer that watches says so once, whatever number of its actors do. The actor's peer then tells
 * it of the end, until it has confirmed; the end of the peer itself is known by presence.
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
  readonly #toldByAddress = new Map<string, Set<Told>>()
  #watching = 0
  /** Other peers that watch actors of this bus. */
  readonly #watchersByName = new Map<string, Set<PeerId>>()
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
  watchedBy(name: string, peer: PeerId): boolean {
    const { host, metrics, has } = this.#parts
    if (!has(name)) return false
    const watchers = this.#watchersByName.get(name) ?? new Set()
    if (watchers.has(peer)) return true
    if (this.#watched >= host.limits.watches) this.#forgetAbsent()
    if (this.#watched >= host.limits.watches) {
      metrics.count('watchesFull')
      throw new BusError('BUSY', `${host.limits.watches} watches of others: limits.watches`)
    }
    this.#watched += 1
    watchers.add(peer)
    this.#watchersByName.set(name, watchers)
    return true
  }

  /** An actor of this bus has ended. */
  ended(name: string, reason: ActorEndReason): void {
    const watchers = this.#watchersByName.get(name) ?? []
    this.#watchersByName.delete(name)
    for (const peer of watchers) {
      this.#watched -= 1
      void this.#tell(peer, name, reason)
    }
    this.#fire(addressText(name, this.#parts.id), reason)
  }

  /** Another peer says that an actor of its own has ended. */
  endedAt(peer: PeerId, { name, payload }: Pick<Said, 'name' | 'payload'>): void {
    const reason = REASONS[payload[0] ?? 0] ?? 'closed'
    this.#parts.routes.forget(name, peer)
    this.#fire(addressText(name, peer), reason)
  }

  /** A peer is not here any more. */
  left(peer: PeerId): void {
    const end = `@${peer}`
    for (const address of this.#toldByAddress.keys()) {
      if (address.endsWith(end)) this.#fire(address, 'gone')
    }
  }

  close(): void {
    this.#closed = true
    this.#toldByAddress.clear()
    this.#watchersByName.clear()
  }

  #add(address: Required<Address> & { readonly peer: PeerId }, told: Told): () => void {
    const key = addressText(address.name, address.peer)
    const known = this.#toldByAddress.get(key)
    const all = known ?? new Set()
    all.add(told)
    this.#toldByAddress.set(key, all)
    if (!known) this.#begin(address, key)
    return () => {
      all.delete(told)
      if (all.size === 0 && this.#toldByAddress.get(key) === all) this.#toldByAddress.delete(key)
    }
  }

  #begin({ name, peer }: { readonly name: string; readonly peer: PeerId }, key: string): void {
    const { id, has } = this.#parts
    if (peer !== id) return void this.#register(name, peer)
    // Whoever watches is in the middle of something.
    if (!has(name)) queueMicrotask(() => this.#fire(key, 'unknown'))
  }

  /** Says to the peer of the actor that its end is to be told, until that is certain. */
  async #register(name: string, peer: PeerId): Promise<void> {
    const { host } = this.#parts
    const key = addressText(name, peer)
    while (!this.#closed && this.#toldByAddress.has(key)) {
      try {
        const { value } = await this.#request(peer, { kind: 'watch', name, payload: NOTHING })
        const isHeld = value instanceof Uint8Array && value[0] === 1
        return isHeld ? undefined : this.#fire(key, 'unknown')
      } catch (error) {
        const code = error instanceof BusError ? error.code : ''
        if (code === 'NO_RESPONDER' || code === 'ABANDONED') return this.#fire(key, 'gone')
        await pause(host.after, AGAIN_MS)
      }
    }
  }

  /** Tells a peer of an end until it has confirmed, or is away for long. */
  async #tell(peer: PeerId, name: string, reason: ActorEndReason): Promise<void> {
    const { host } = this.#parts
    const payload = Uint8Array.of(REASONS.indexOf(reason))
    const untilMs = host.now() + TELL_MS
    while (!this.#closed && host.now() < untilMs) {
      try {
        await this.#request(peer, { kind: 'ended', name, payload })
        return
      } catch {
        await pause(host.after, AGAIN_MS)
      }
    }
  }

  #request(
    peer: PeerId,
    said: Pick<Said, 'kind' | 'name' | 'payload'>,
  ): Promise<{ readonly value: unknown }> {
    const { bus } = this.#parts.host
    const question = writeSaid({ ...said, to: instanceOf(peer), id: 0, sender: '', codec: 0 })
    return bus.request<unknown>(ACTORS, question, { to: peer, timeout: REQUEST_MS })
  }

  #fire(address: string, reason: ActorGone['reason']): void {
    const all = this.#toldByAddress.get(address)
    this.#toldByAddress.delete(address)
    for (const told of all ?? []) told({ address, reason })
  }

  /** Those who have left and may come back are remembered as long as there is room. */
  #forgetAbsent(): void {
    const { presence } = this.#parts.host.bus
    for (const [name, watchers] of this.#watchersByName) {
      for (const peer of watchers) {
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
