/**
 * What crosses from one face of a relay to another: control everywhere, data where it is wanted,
 * and unicast by the private ports of those who are elsewhere.
 *
 * A face is a segment; all links of peers are one more. Ways, yields and the table of what has
 * crossed keep packets from going round, and copies rare.
 */
import type { Crypto } from '../bus/core/env.ts'
import type { Endpoint } from '../bus/core/output.ts'
import { type ControlRecord } from '../bus/core/wire/control.ts'
import { type Header, Kind, readHeader, splitDatagram } from '../bus/core/wire/packet.ts'
import { RELAY_ASKED_MAX, RelayFlag } from '../bus/core/wire/relay.ts'
import type { Counters } from './counters.ts'
import { type Instance, Instances, isSame, LINKS, type Way } from './instances.ts'
import { Interest } from './interest.ts'
import type { RelayKeys } from './keys.ts'
import type { RelayLimits } from './limits.ts'
import { Neighbours } from './neighbours.ts'
import { Rungs } from './rungs.ts'
import { Seen } from './seen.ts'
import { Yields } from './yields.ts'

export interface CrossingOptions {
  readonly crypto: Crypto
  readonly keys: RelayKeys
  readonly control: string
  /** Random, of this start of the relay. */
  readonly id: bigint
  readonly limits: RelayLimits
  readonly counters: Counters
  readonly isGroup: (group: string) => boolean
}

export interface CrossingEvents {
  /** Other faces want the group than before. */
  changed(group: string): void
  /** What the relay itself says on a segment, or to its links. */
  say(face: string, packet: Uint8Array): void
  /** Unicast to that port, on any segment, is for somebody elsewhere; or no more. */
  hold(port: number): void
  release(port: number): void
  /** The peer on that link is heard on a segment; or no more. */
  hears(port: number, yes: boolean): void
}

/** A datagram, where it came in, and where from. */
export interface Arrival {
  readonly face: string
  readonly from: Endpoint
  readonly bytes: Uint8Array
}

interface Face {
  /** Until then everything goes there: nobody has had the time to say what is wanted. */
  readonly openUntil: number
  askAgainAt: number
}

export class Crossing {
  /** Peers that have a link and a network of their own. */
  readonly rungs: Rungs
  readonly #options: CrossingOptions
  readonly #events: CrossingEvents
  readonly #faces = new Map<string, Face>()
  readonly #instances: Instances
  readonly #interest: Interest
  readonly #neighbours: Neighbours
  readonly #seen: Seen
  readonly #yields = new Yields()
  /** Instances that are heard, and not known. */
  readonly #asked = new Set<bigint>()
  #asksLinks = false
  /** How many instances want each port held, and for which one of them each does. */
  readonly #holders = new Map<number, number>()
  readonly #heldByInstance = new Map<bigint, number>()
  #now = -Infinity
  #spokeAt = -Infinity
  #askedAt = -Infinity
  /** Until then everything goes everywhere: the table of interest is full. */
  #openUntil = -Infinity

  constructor(options: CrossingOptions, events: CrossingEvents) {
    const { crypto, keys, id, limits, counters } = options
    this.#options = options
    this.#events = events
    this.#neighbours = new Neighbours(crypto, keys, id)
    this.#seen = new Seen(limits.crossings)
    this.#interest = new Interest({
      sizeMax: limits.interest,
      changed: (group) => events.changed(group),
      full: () => {
        counters.count('interestFull')
        this.#openUntil = this.#now + OPEN_MS
      },
    })
    this.#instances = new Instances(
      { crypto, keys, sizeMax: limits.peers },
      {
        settled: (one) => this.#onSettled(one),
        gone: (one) => this.#onGone(one),
        came: ({ instance }) => this.#yields.came(instance),
        strayed: (one, way) => this.#onStrayed(one, way),
        opened: (now, one, { header, way, from }) => {
          this.rungs.came(now, one, { way, number: header.number, address: from.address })
        },
        record: (now, one, record) => this.#onRecord(now, one, record),
        unknown: (instance) => this.ask(instance, false),
      },
    )
    this.rungs = new Rungs(crypto, limits.peers, {
      hears: (port, yes) => events.hears(port, yes),
      move: (instance, way, address) => this.#instances.move(instance, way, address),
      lose: (lost, { face }) => {
        this.#instances.lose((way, instance) => instance === lost && way.face === face)
      },
    })
  }

  /** Other relays on the segments; entries of interest. */
  get size(): { readonly relays: number; readonly interest: number } {
    return { relays: this.#neighbours.size, interest: this.#interest.size }
  }

  opened(now: number, face: string): void {
    this.#now = now
    this.#faces.set(face, { openUntil: now + OPEN_MS, askAgainAt: now + ASK_AGAIN_MS })
    this.#settleAll()
    // Whoever is there may know nothing of what has just become reachable, nor this relay of them.
    this.#say(face, RelayFlag.askAll)
  }

  closed(face: string): void {
    this.#faces.delete(face)
    this.rungs.faceClosed(face)
    this.#instances.lose((way) => way.face === face)
    this.#settleAll()
  }

  /** A link of a peer has ended. */
  linkClosed(port: number): void {
    this.rungs.closed(port)
    this.#instances.lose(({ face, via }) => face === LINKS && via === BigInt(port))
  }

  /** Somebody is heard who is not known: the next beacon asks for its hello. */
  ask(instance: bigint, isLinked: boolean): void {
    if (this.#asked.size < RELAY_ASKED_MAX) this.#asked.add(instance)
    this.#asksLinks ||= isLinked
  }

  wants(face: string, group: string): boolean {
    if (group === this.#options.control || this.#interest.wants(face, group)) return true
    return Math.max(this.#faces.get(face)?.openUntil ?? 0, this.#openUntil) > this.#now
  }

  wantedBeside(face: string, group: string): boolean {
    return this.#interest.wantedBeside(face, group)
  }

  /** Every group that anybody has said to want. */
  get wanted(): Iterable<string> {
    return this.#interest.groups
  }

  /** The faces that a datagram of a group goes on to; `undefined` when it goes nowhere at all. */
  fromGroup(now: number, group: string, arrival: Arrival): readonly string[] | undefined {
    this.#now = now
    const { face, from, bytes } = arrival
    const via = this.#viaOf(face, from)
    const way = { face, via }
    let first: Header | undefined
    splitDatagram(bytes, (packet) => {
      const header = readHeader(packet)
      first ??= header
      if (header.kind === Kind.relay) this.#onBeacon(now, arrival, packet)
      else if (group === this.#options.control) {
        this.#instances.heard(now, { header, packet, way, from })
      }
    })
    if (!first || first.kind === Kind.relay) return undefined
    const known = this.#instances.get(first.instance)
    const settled = known !== undefined && !known.lost
    if (settled && !isSame(known.way, way)) {
      this.#options.counters.count('copies')
      return undefined
    }
    const others = this.#othersThatWant(face, group, first.instance)
    if (others.length === 0) return others
    if (this.#seen.pass(now, bytes, { way: `${face} ${via}`, strict: !settled })) return others
    this.#options.counters.count('circling')
    return undefined
  }

  /** Whom unicast that has come to a port is for, beside the links. */
  *fromPort(port: number, { face, bytes }: Omit<Arrival, 'from'>): Iterable<Instance> {
    if (!this.#holders.has(port)) return
    const { instance } = readHeader(bytes)
    if (!this.#instances.get(instance)) return
    for (const one of this.#instances.byPort(port)) {
      if (one.way.face !== face && one.way.face !== LINKS && one.instance !== instance) yield one
    }
  }

  /** The links of peers whose hellos name that port, where their links have another. */
  *linksOf(port: number): Iterable<number> {
    for (const { way } of this.#instances.byPort(port)) {
      const at = Number(way.via)
      if (way.face === LINKS && at !== port) yield at
    }
  }

  /** Called several times a second. */
  tick(now: number): void {
    this.#now = now
    this.rungs.tick(now, (instance) => this.#instances.get(instance)?.intervalMs ?? 0)
    this.#instances.expire(now)
    this.#interest.expire(now)
    for (const { id, face } of this.#neighbours.expire(now)) {
      this.#yields.release(face, id)
      this.#instances.lose((way) => way.face === face && way.via === id)
    }
    if (now - this.#spokeAt < BEACON_MS) return
    this.#spokeAt = now
    for (const [name, face] of this.#faces) {
      const again = now >= face.askAgainAt
      if (again) face.askAgainAt = Infinity
      this.#say(name, again ? RelayFlag.askAll : 0)
    }
    // A peer on a link has no other relay to tell unless there is one.
    if (this.#neighbours.size > 0 || this.#asksLinks) this.#say(LINKS, 0)
    this.#asked.clear()
    this.#asksLinks = false
  }

  #viaOf(face: string, from: Endpoint): bigint {
    if (face === LINKS) return BigInt(from.port)
    return this.#neighbours.via(face, from)
  }

  #othersThatWant(face: string, group: string, instance: bigint): readonly string[] {
    const others: string[] = []
    for (const other of this.#faces.keys()) {
      if (other === face || !this.wants(other, group)) continue
      if (!this.#yields.has(other, instance)) others.push(other)
    }
    return others
  }

  #onBeacon(now: number, { face, from }: Arrival, packet: Uint8Array): void {
    if (face === LINKS) return
    const beacon = this.#neighbours.hear(now, { face, from }, packet)
    if (!beacon) return
    if (beacon.fresh) {
      // What looked as if it were on the segment itself comes from that relay.
      for (const one of this.#instances) {
        const same = one.way.face === face && one.way.via === 0n && one.address === from.address
        if (same) one.way = { face, via: beacon.id }
      }
    }
    if (beacon.flags & RelayFlag.askAll) this.#ask(now, face)
  }

  #onRecord(now: number, one: Instance, record: ControlRecord): void {
    // What a link has joined is known; but a peer that has a network as well may come by that.
    const linked = one.way.face === LINKS && !this.rungs.has(one.instance)
    if (record.type !== 'interest' || linked) return
    const until = now + Math.min(record.validMs, VALID_MAX_MS)
    for (const group of record.groups) {
      if (!this.#options.isGroup(group)) continue
      this.#interest.want(one.instance, { face: one.way.face, group, until }, now)
    }
  }

  /** It comes by a face that this relay would bring it to. */
  #onStrayed(one: Instance, { face, via }: Way): void {
    if (face === one.way.face || face === LINKS) return
    if (via === 0n || this.#neighbours.outranks(via, one.instance)) {
      this.#yields.brought(face, one.instance, via)
    }
  }

  #onSettled(one: Instance): void {
    this.#asked.delete(one.instance)
    this.#yields.end(one.way.face, one.instance)
    this.#interest.move(one.instance, one.way.face)
    this.#settle(one)
  }

  #onGone({ instance }: Instance): void {
    this.#interest.forget(instance)
    this.#yields.forget(instance)
    this.#hold(instance, 0)
  }

  #settleAll(): void {
    for (const one of this.#instances) this.#settle(one)
  }

  /** Its port is held where others on a segment cannot reach it themselves. */
  #settle({ instance, port, way }: Instance): void {
    const apart = this.#faces.size > (this.#faces.has(way.face) ? 1 : 0)
    const own = way.face === LINKS && way.via === BigInt(port)
    this.#hold(instance, apart && !own ? port : 0)
  }

  #hold(instance: bigint, port: number): void {
    const before = this.#heldByInstance.get(instance) ?? 0
    if (before === port) return
    if (port > 0) this.#heldByInstance.set(instance, port)
    else this.#heldByInstance.delete(instance)
    if (before > 0) this.#count(before, -1)
    if (port > 0) this.#count(port, 1)
  }

  #count(port: number, by: number): void {
    const holders = (this.#holders.get(port) ?? 0) + by
    if (holders > 0) this.#holders.set(port, holders)
    else this.#holders.delete(port)
    if (holders === 0) this.#events.release(port)
    if (holders === 1 && by > 0) this.#events.hold(port)
  }

  /** Hands a question on to all other faces; not often, so that it does not go round. */
  #ask(now: number, from: string): void {
    if (now - this.#askedAt < ASK_MS) return
    this.#askedAt = now
    for (const name of this.#faces.keys()) if (name !== from) this.#say(name, RelayFlag.askAll)
  }

  #say(face: string, flags: number): void {
    const beacon = { flags, intervalMs: BEACON_MS, asked: [...this.#asked] }
    this.#events.say(face, this.#neighbours.beacon(beacon))
  }
}

const BEACON_MS = 500
/** A question of a face that has just come is said again: it may have been lost. */
const ASK_AGAIN_MS = 1000
const ASK_MS = 2000
/** As long as it takes until a question has been answered, and more. */
const OPEN_MS = 3000
const VALID_MAX_MS = 15 * 60_000
