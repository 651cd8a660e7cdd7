/**
 * What a relay says of itself and asks for: by beacons on its segments and to its links, by records
 * to the relays at the other ends of its trunks, and to those of the backbone.
 */
import type { Crypto } from '../bus/core/env.ts'
import type { Endpoint } from '../bus/core/output.ts'
import { RelayFlag } from '../bus/core/wire/relay.ts'
import type { Arrival } from './arrival.ts'
import { Asked } from './asked.ts'
import type { Faces } from './faces.ts'
import { LINKS } from './instances.ts'
import type { RelayKeys } from './keys.ts'
import { type HeardBeacon, Neighbours } from './neighbours.ts'
import type { TrunkRecord } from './trunk-wire.ts'

export interface TalkEvents {
  /** What the relay itself says on a segment, or to its links. */
  say(face: string, packet: Uint8Array): void
  /** What it tells the relay at the other end of a trunk, or all of the backbone. */
  tell(face: string, record: TrunkRecord): void
}

export class Talk {
  /** Of whom it wants to hear. */
  readonly asked: Asked = new Asked()
  readonly #faces: Faces
  readonly #events: TalkEvents
  readonly #neighbours: Neighbours
  #spokeAt = -Infinity
  #askedAt = -Infinity
  #asksLinks = false

  constructor(
    { crypto, keys, id }: { crypto: Crypto; keys: RelayKeys; id: bigint },
    faces: Faces,
    events: TalkEvents,
  ) {
    this.#neighbours = new Neighbours(crypto, keys, id)
    this.#faces = faces
    this.#events = events
  }

  /** Other relays on the segments. */
  get relays(): number {
    return this.#neighbours.size
  }

  /** The relay that has brought what comes from there; 0 when none is known to. */
  via(face: string, from: Endpoint): bigint {
    return this.#faces.relayOf(face) || this.#neighbours.via(face, from)
  }

  /** Whether the other relay goes first where both bring an instance to one segment. */
  outranks(other: bigint, instance: bigint): boolean {
    return this.#neighbours.outranks(other, instance)
  }

  /** Relays that have ceased, and where. */
  expire(now: number): readonly { readonly id: bigint; readonly face: string }[] {
    return this.#neighbours.expire(now)
  }

  /** A beacon has come by a segment; `undefined` when it is none of today. */
  hear(now: number, { face, from }: Arrival, packet: Uint8Array): HeardBeacon | undefined {
    if (!this.#faces.isSegment(face)) return undefined
    const beacon = this.#neighbours.hear(now, { face, from }, packet)
    if (beacon && beacon.flags & RelayFlag.askAll) this.ask(now, face)
    return beacon
  }

  /** Somebody is heard who is not known: the next beacon asks for its hello. */
  stranger(instance: bigint, isLinked: boolean): void {
    this.asked.unknown(instance)
    this.#asksLinks ||= isLinked
  }

  /** Hands a question on to all other faces; not often, so that it does not go round. */
  ask(now: number, from: string): void {
    if (now - this.#askedAt < ASK_MS) return
    this.#askedAt = now
    for (const name of this.#faces.names) if (name !== from) this.say(name, true)
    this.say(LINKS, true)
  }

  /** `all`: everybody there is asked for a hello, and for what it wants. */
  say(face: string, all: boolean): void {
    const asked = this.asked.on(face)
    if (face !== LINKS && !this.#faces.isSegment(face)) {
      if (all || asked.length > 0) this.#events.tell(face, { type: 'ask', all, instances: asked })
      return
    }
    const flags = all ? RelayFlag.askAll : 0
    this.#events.say(face, this.#neighbours.beacon({ flags, intervalMs: BEACON_MS, asked }))
  }

  /** Called several times a second. */
  tick(now: number): void {
    if (now - this.#spokeAt < BEACON_MS) return
    this.#spokeAt = now
    for (const name of this.#faces.names) this.say(name, this.#faces.asksAgain(now, name))
    // A peer on a link has no other relay to tell unless there is one.
    const hasOthers = this.#neighbours.size > 0 || this.#faces.isFar
    if (hasOthers || this.#asksLinks) this.say(LINKS, false)
    this.asked.clear()
    this.#asksLinks = false
  }
}

const BEACON_MS = 500
const ASK_MS = 2000
