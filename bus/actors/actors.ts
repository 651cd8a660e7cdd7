/** The actors of one bus: which there are, what comes for them, and the calls that begin and reach them. */
import type { Actor, ActorCalls, ActorEndReason, ActorGone } from '../api/actor-options.ts'
import { BusError } from '../api/errors.ts'
import { instanceOf } from '../api/request-call.ts'
import type { PeerId } from '../api/terms.ts'
import type { Budget } from '../core/stream/reorder.ts'
import { LiveActor } from './actor.ts'
import { addressOf, addressText, nameOf } from './address.ts'
import { type Answer, confirming, replying } from './answer.ts'
import { type ActorCounterName, ActorMetrics } from './counters.ts'
import { LiveGroup } from './group.ts'
import { Groups } from './groups.ts'
import { ACTORS, type ActorsHost, groupTopic } from './host.ts'
import { type Asked, Inbox } from './inbox.ts'
import { Outbox } from './outbox.ts'
import { LiveRef } from './ref.ts'
import { spawnCall } from './spawn-call.ts'
import { Spawned } from './spawned.ts'
import type { ActorsSystem, AnyBehaviour, Spawning } from './system.ts'
import { Turns } from './turns.ts'
import { Watches } from './watches.ts'
import type { Said } from './wire.ts'

interface Held {
  readonly actor: LiveActor
  readonly groups: readonly string[]
  /** Its signal, if it has one, is not listened to any more. */
  readonly forget: () => void
}

export class Actors implements ActorsSystem {
  readonly id: PeerId
  readonly host: ActorsHost
  readonly turns: Turns
  readonly metrics: ActorMetrics = new ActorMetrics()
  readonly budget: Budget
  readonly timers: Budget
  readonly replies: Budget
  readonly outbox: Outbox
  readonly #heldByName = new Map<string, Held>()
  readonly #groups: Groups
  readonly #watches: Watches
  /** Deliveries that have come lately, and what comes of them. */
  readonly #deliveries = new Map<string, Promise<unknown>>()
  /** Opened with the first actor, and there as long as the bus. */
  #inbox: Inbox | undefined
  #closed = false

  constructor(host: ActorsHost, id: PeerId) {
    const { limits } = host
    this.id = id
    this.host = host
    this.turns = new Turns(host.after)
    this.budget = { used: 0, max: limits.mailboxSize }
    this.timers = { used: 0, max: limits.actorTimers }
    this.replies = { used: 0, max: limits.repliesSize }
    this.outbox = new Outbox(host, this.metrics)
    this.#groups = new Groups(host)
    const has = (name: string): boolean => this.#heldByName.has(name)
    const { routes } = this.outbox
    this.#watches = new Watches({ host, id, metrics: this.metrics, routes, has })
  }

  /** Actors that there are. */
  get size(): number {
    return this.#heldByName.size
  }

  spawn(name: string, behaviour: AnyBehaviour, { options, parent }: Spawning): Actor {
    this.host.assertOpen()
    const call = spawnCall(name, behaviour, options)
    const { limits } = this.host
    if (this.#heldByName.has(name)) {
      throw new BusError('EXISTS', `this bus has an actor "${name}" already: close that one first`)
    }
    if (this.size >= limits.actors) {
      this.metrics.count('actorsFull')
      const mend = 'close some, or raise limits.actors'
      throw new BusError('LIMIT', `there are ${limits.actors} actors at this bus: ${mend}`)
    }
    call.signal?.throwIfAborted()
    if (!this.#inbox) this.#inbox = this.#open()
    const actor = new LiveActor(this, call, parent)
    const abort = (): void => void actor.close()
    call.signal?.addEventListener('abort', abort, { once: true })
    const forget = (): void => call.signal?.removeEventListener('abort', abort)
    const { groups } = call
    this.#heldByName.set(name, { actor, groups, forget })
    try {
      for (const group of groups) this.#groups.join(group, actor)
    } catch (error) {
      actor.end('closed')
      throw error
    }
    return new Spawned(actor, this.ref(addressText(name, this.id), ''))
  }

  ref(text: string, sender: string): LiveRef {
    return new LiveRef(this, { ...addressOf(text), text }, sender)
  }

  group(name: string, sender: string): LiveGroup {
    nameOf(groupTopic(nameOf(name, 'a group')), 'a group')
    return new LiveGroup(this, name, sender)
  }

  find(name: string): LiveActor | undefined {
    return this.#heldByName.get(name)?.actor
  }

  watch(address: string, told: (end: ActorGone) => void): () => void {
    return this.#watches.watch(addressOf(address), told)
  }

  ended(name: string, reason: ActorEndReason): void {
    const held = this.#heldByName.get(name)
    this.#heldByName.delete(name)
    held?.forget()
    if (held) for (const group of held.groups) this.#groups.leave(group, held.actor)
    this.#watches.ended(name, reason)
  }

  /** A peer is not here any more. */
  left(peer: PeerId): void {
    this.outbox.routes.left(peer)
    this.#watches.left(peer)
  }

  stats(): Readonly<Record<ActorCounterName, number>> {
    return this.metrics.snapshot()
  }

  /** All of them end at once. What others were told may wait to leave: resolves to how much is lost. */
  close(lingerMs: number): Promise<number> | undefined {
    this.#closed = true
    this.#watches.close()
    for (const { actor } of this.#heldByName.values()) actor.end('closed')
    return this.outbox.close(lingerMs)
  }

  #open(): Inbox {
    const own = instanceOf(this.id)
    return new Inbox(this.host, ACTORS, {
      concerns: ({ to }) => to === own,
      told: (said, from) => this.#told(said, from),
      asked: (said, asked) => this.#asked(said, asked),
      inquired: (said, { from }) => this.#inquired(said, from),
    })
  }

  #told({ name, sender, codec, payload }: Said, from: PeerId): void {
    const actor = this.find(name)
    if (!actor) return this.metrics.count('mailLost')
    actor.accept({ from, sender, codec, payload: payload.slice(), answer: undefined })
  }

  /** A question to an actor: what comes of it, or null once a delivery is done. */
  async #asked(said: Said, { from, signal }: Asked): Promise<unknown> {
    const { kind, id } = said
    // What is told behind it finds it done.
    if (kind === 'watch') return yes(this.#watches.watchedBy(said, from))
    if (kind === 'ask') {
      const answer = this.#post(said, from, replying(this.host))
      signal.addEventListener('abort', () => answer.abandon(), { once: true })
      return answer.promise
    }
    const key = `${from}/${id}`
    const known = this.#deliveries.get(key)
    if (known) return known
    const done = this.#post(said, from, confirming()).promise
    this.#remember(key, done)
    return done
  }

  /** What has failed may be tried again. */
  #remember(key: string, done: Promise<unknown>): void {
    this.#deliveries.set(key, done)
    done.catch(() => this.#deliveries.delete(key))
    if (this.#deliveries.size <= this.host.limits.deliveries) return
    for (const oldest of this.#deliveries.keys()) {
      this.#deliveries.delete(oldest)
      return
    }
  }

  #post<R>({ name, sender, codec, payload }: Said, from: PeerId, answer: Answer<R>): Answer<R> {
    const actor = this.find(name)
    if (actor) actor.accept({ from, sender, codec, payload: payload.slice(), answer })
    else {
      this.metrics.count('mailLost')
      const mend = 'it has stopped, or was never spawned'
      answer.refuse(new BusError('NO_ACTOR', `there is no actor "${name}" here: ${mend}`))
    }
    return answer
  }

  #inquired(said: Said, from: PeerId): Uint8Array {
    const { kind, name } = said
    if (kind === 'find') return yes(!this.#closed && this.find(name) !== undefined)
    if (kind === 'ended') {
      this.#watches.endedAt(from, said)
      return yes(true)
    }
    throw new BusError('UNSUPPORTED', `no question of kind "${kind}" is for an actor`)
  }
}

/** The calls of a bus that have to do with actors. */
interface Calls {
  readonly spawn: ActorCalls['spawn']
  readonly actor: ActorCalls['actor']
  readonly group: ActorCalls['group']
}

export function actorCalls(actors: Actors): Calls {
  const calls = {
    spawn: (name: string, behaviour: AnyBehaviour, options: Spawning['options']) =>
      actors.spawn(name, behaviour, { options }),
    actor: (address: string) => {
      actors.host.assertOpen()
      return actors.ref(address, '')
    },
    group: (name: string) => {
      actors.host.assertOpen()
      return actors.group(name, '')
    },
  }
  // What an actor takes and replies is what the program, or its schema, says of it.
  return calls as unknown as Calls
}

function yes(so: boolean): Uint8Array {
  return Uint8Array.of(so ? 1 : 0)
}
