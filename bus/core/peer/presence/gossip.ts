/**
 * Peers that are reached by unicast, told to others; and those that others tell of, greeted.
 *
 * So it is enough to name one peer: it tells its neighbours and those it reaches of the newcomer,
 * and the newcomer of them, and whoever does not know the other says hello.
 *
 * A place is only somebody's word, so what it may cost is bounded: a few hellos for each, so many
 * places in half a minute, half of them of one teller, and none at all where more peers are known
 * than are reached by unicast anyway: no packet to a large group makes all of it greet a victim.
 */
import { type Endpoint, endpointName } from '../../output.ts'
import type { ScopeName } from '../../path/group.ts'
import { patienceMs } from '../../path/steadiness.ts'
import type { Context, Remote } from '../context.ts'
import type { ControlOut } from '../control.ts'
import { answerDelay } from '../../service/presence.ts'
import { addressBytes } from '../../wire/address.ts'
import type { Place, Places } from '../../wire/places.ts'

/** A peer where it has proved to be. */
export interface Reached {
  readonly instance: bigint
  readonly endpoint: Endpoint
}

interface Told {
  readonly endpoint: Endpoint
  readonly instance: bigint
  readonly teller: bigint
  readonly until: number
  tries: number
  at: number
}

export class Gossip {
  readonly #context: Context
  readonly #control: ControlOut
  readonly #greet: (endpoint: Endpoint) => void
  /** By endpoint. */
  readonly #told = new Map<string, Told>()
  #sayAt = Infinity
  #waitMs = SAY_MIN_MS
  /** Whom the last record has left out is in the next one. */
  #first = 0

  constructor(context: Context, control: ControlOut, greet: (endpoint: Endpoint) => void) {
    this.#context = context
    this.#control = control
    this.#greet = greet
  }

  /** Somebody else is reached: the others are to know. */
  changed(now: number): void {
    this.#waitMs = SAY_MIN_MS
    this.#sayAt = Math.min(this.#sayAt, now + GATHER_MS)
  }

  /** Whether one of them is going to be greeted. */
  hear(now: number, teller: Remote, { entries }: Places): boolean {
    const { roster, limits, metrics } = this.#context
    if (roster.size > limits.unicastPeers) {
      metrics.count('toldRefused', entries.length)
      return false
    }
    const strangers = entries.filter((one) => this.#isMissed(now, one.instance))
    let isNew = false
    for (const place of strangers) isNew = this.#take(now, teller.instance, place) || isNew
    return isNew
  }

  /** Says and greets what is due, `reached` being those who are; returns when the next is due. */
  step(now: number, reached: readonly Reached[]): number {
    let next = Infinity
    for (const [name, told] of this.#told) {
      if (now >= told.until) this.#told.delete(name)
      else next = Math.min(next, this.#try(now, told))
    }
    return Math.min(next, this.#say(now, reached))
  }

  /** It is not known, or has not been heard for longer than it is silent by itself. */
  #isMissed(now: number, instance: bigint): boolean {
    const { roster, self } = this.#context
    const remote = roster.get(instance)
    const patient = remote && now - remote.heardAt <= patienceMs(remote.intervalMs)
    return instance !== self.instance && !patient
  }

  #take(now: number, teller: bigint, { instance, address, port }: Place): boolean {
    const { config, limits, metrics, roster } = this.#context
    const name = endpointName({ address, port })
    if (this.#told.has(name)) return false
    if (!isTellable(config.scope, { address, port })) {
      metrics.count('toldRefused')
      return false
    }
    const ofTeller = [...this.#told.values()].filter((one) => one.teller === teller).length
    if (this.#told.size >= limits.toldPeers || ofTeller >= limits.toldPeers / 2) {
      metrics.count('toldFull')
      return false
    }
    const at = now + answerDelay(roster.size, this.#context.unit())
    const endpoint: Endpoint = { address, port, rung: 'unicast' }
    this.#told.set(name, { endpoint, instance, teller, until: now + KEPT_MS, tries: 0, at })
    return true
  }

  #try(now: number, told: Told): number {
    const isDone = told.tries >= TRIES || !this.#isMissed(now, told.instance)
    if (isDone) return told.until
    if (now >= told.at) {
      this.#context.metrics.count('greetings')
      this.#greet(told.endpoint)
      told.at = now + AGAIN_MS * 2 ** told.tries
      told.tries += 1
    }
    return told.at
  }

  #say(now: number, reached: readonly Reached[]): number {
    const { config, roster, controlGroup } = this.#context
    const known = reached.filter(({ endpoint }) => isTellable(config.scope, endpoint))
    // With nobody else there is nobody to tell.
    if (known.length === 0 || roster.size < 2) this.#sayAt = Infinity
    if (now < this.#sayAt) return this.#sayAt
    const count = Math.min(known.length, PLACES_MAX)
    const entries = Array.from({ length: count }, (_, i) => {
      const { instance, endpoint } = known[(this.#first + i) % known.length]!
      return { instance, address: endpoint.address, port: endpoint.port }
    })
    this.#first = (this.#first + count) % known.length
    this.#control.add(controlGroup, { type: 'places', entries })
    this.#sayAt = now + this.#waitMs
    this.#waitMs = Math.min(SAY_MAX_MS, this.#waitMs * 2)
    return this.#sayAt
  }
}

/** Addresses that mean the same everywhere, at scope host on this host; no port of the system's. */
function isTellable(scope: ScopeName, { address, port }: Endpoint): boolean {
  const bytes = addressBytes(address)
  if (!bytes || port < PORT_MIN) return false
  if (scope === 'host') return bytes.every((byte, at) => byte === (at === 15 ? 1 : 0))
  const [first = 0] = bytes
  return first >>> 5 === GLOBAL || first >>> 1 === UNIQUE_LOCAL
}

/** In one record: it fits one packet, with room for others. */
const PLACES_MAX = 32
/** The first bits of 2000::/3 and of fc00::/7. */
const GLOBAL = 0b001
const UNIQUE_LOCAL = 0b1111110
const PORT_MIN = 1024
/** Several are often reached at the same time. */
const GATHER_MS = 10
const SAY_MIN_MS = 1000
const SAY_MAX_MS = 30_000
/** A place is greeted so often, after waits that double, and then not before it has been forgotten. */
const TRIES = 3
const AGAIN_MS = 500
const KEPT_MS = 30_000
