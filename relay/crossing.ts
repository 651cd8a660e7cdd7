/**
 * What crosses from one face of a relay to another: control everywhere, data where it is wanted,
 * and unicast by the private ports of those who are elsewhere.
 *
 * A face is a segment, a trunk or the backbone; all links of peers are one more. Ways, yields, prunes and the
 * table of what has crossed keep packets from going round, and copies rare.
 */
import type { Endpoint } from '../bus/core/output.ts'
import { type ControlRecord } from '../bus/core/wire/control.ts'
import { Kind, readHeader } from '../bus/core/wire/packet.ts'
import type { Arrival, Passed } from './arrival.ts'
import type { CrossingEvents, CrossingOptions } from './crossing-options.ts'
import { Faces, OPEN_MS } from './faces.ts'
import { Holds } from './holds.ts'
import { type Instance, Instances, isSame, LINKS, type Stray, type Way } from './instances.ts'
import { Interest } from './interest.ts'
import { Prunes } from './prunes.ts'
import { Rungs } from './rungs.ts'
import { Seen } from './seen.ts'
import { Talk } from './talk.ts'
import type { TrunkRecord } from './trunk-wire.ts'
import { Yields } from './yields.ts'

export class Crossing {
  /** Peers that have a link and a network of their own. */
  readonly rungs: Rungs
  readonly #options: CrossingOptions
  readonly #faces = new Faces()
  readonly #instances: Instances
  readonly #interest: Interest
  readonly #talk: Talk
  readonly #seen: Seen
  readonly #yields = new Yields()
  readonly #prunes: Prunes
  readonly #holds: Holds
  #now = -Infinity
  /** Until then everything goes everywhere: the table of interest is full. */
  #openUntil = -Infinity

  constructor(options: CrossingOptions, events: CrossingEvents) {
    const { crypto, keys, id, limits, counters } = options
    this.#options = options
    this.#talk = new Talk({ crypto, keys, id }, this.#faces, events)
    this.#seen = new Seen(limits.crossings)
    this.#holds = new Holds(events)
    this.#prunes = new Prunes((face, record) => events.tell(face, record))
    this.#interest = new Interest({
      sizeMax: limits.interest,
      ownMax: () => limits.groupsPerLink,
      changed: (group) => events.changed(group),
      full: () => {
        counters.count('interestFull')
        this.#openUntil = this.#now + OPEN_MS
      },
      refused: () => counters.count('interestRefused'),
    })
    this.#instances = new Instances(
      { keys, sizeMax: limits.peers },
      {
        settled: (one) => this.#onSettled(one),
        gone: (one) => this.#onGone(one),
        came: ({ instance }) => this.#yields.came(instance),
        moved: (one) => this.#place(one),
        strayed: (one, stray) => this.#onStrayed(one, stray),
        opened: (now, one, stray) => this.#onOpened(now, one, stray),
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

  /** Other relays on the segments, and at the other ends of trunks; entries of interest. */
  get size(): { readonly relays: number; readonly trunks: number; readonly interest: number } {
    const { trunks } = this.#faces
    return { relays: this.#talk.relays, trunks, interest: this.#interest.size }
  }

  /** `relay`: at the other end of a trunk; 0: the face is a segment, or the backbone. */
  opened(now: number, face: string, relay = 0n): void {
    this.#now = now
    this.#faces.open(now, face, relay)
    this.#settleAll()
    // Whoever is there may know nothing of what has just become reachable, nor this relay of them.
    this.#talk.say(face, true)
  }

  closed(face: string): void {
    this.#faces.close(face)
    this.#prunes.closed(face)
    this.rungs.faceClosed(face)
    for (const one of this.#instances) if (one.beside.delete(face)) this.#place(one)
    this.#lose((way) => way.face === face)
    this.#settleAll()
  }

  /** A relay is there no more, on a segment or by the backbone. */
  relayGone(face: string, relay: bigint): void {
    this.#yields.release(face, relay)
    this.#lose((way) => way.face === face && way.via === relay)
  }

  /** A link of a peer has ended. */
  linkClosed(port: number): void {
    this.rungs.closed(port)
    this.#lose(({ face, via }) => face === LINKS && via === BigInt(port))
  }

  /** Somebody is heard who is not known: the next beacon asks for its hello. */
  ask(instance: bigint, isLinked: boolean): void {
    this.#talk.stranger(instance, isLinked)
  }

  wants(face: string, group: string): boolean {
    if (group === this.#options.control || this.#interest.wants(face, group)) return true
    return this.#openUntil > this.#now || this.#faces.isOpen(this.#now, face)
  }

  wantedBeside(face: string, group: string): boolean {
    return this.#interest.wantedBeside(face, group)
  }

  /** Every group that anybody has said to want. */
  get wanted(): Iterable<string> {
    return this.#interest.groups
  }

  /** Whether everything goes to a face yet, since nobody there has had time to say a word. */
  isOpen(now: number, face: string): boolean {
    return this.#faces.isOpen(now, face)
  }

  /** The faces that a datagram of a group goes on to; `undefined` when it goes nowhere at all. */
  fromGroup(
    now: number,
    group: string,
    { packets, ...arrival }: Arrival & { readonly packets: readonly Passed[] },
  ): readonly string[] | undefined {
    this.#now = now
    const { face, from, bytes } = arrival
    const via = arrival.via ?? this.#viaOf(face, from)
    // Nobody knows how far it is by another relay of the backbone, as on a segment.
    const way = { face, via, hops: arrival.via === undefined ? (arrival.hops ?? 0) : 0 }
    const isControl = group === this.#options.control
    let isFirst = true
    for (const passed of packets) {
      if (passed.header.kind === Kind.relay) this.#onBeacon(now, arrival, passed.packet)
      else if (isControl) isFirst = this.#instances.heard(now, { passed, way, from }) && isFirst
    }
    const first = packets[0]
    if (!first || first.header.kind === Kind.relay) return undefined
    const known = this.#instances.get(first.header.instance)
    const settled = known !== undefined && !known.lost
    const fault = settled && !isSame(known.way, way) ? 'copies' : isFirst ? undefined : 'replayed'
    if (fault) {
      this.#options.counters.count(fault)
      return undefined
    }
    const others = this.#othersThatWant(face, group, first)
    // Links may have as many repairs of a topic as there are; control is said once.
    if (others.length === 0 && !isControl) return others
    if (this.#seen.pass(now, bytes, { way: `${face} ${via}`, strict: !settled })) return others
    this.#options.counters.count('circling')
    return undefined
  }

  /** The relay at the other end, for a face that is a trunk. */
  relayOf(face: string): bigint | undefined {
    return this.#faces.relayOf(face)
  }

  /** An instance that a relay has heard a control packet of, and where it is. */
  instance(instance: bigint): Instance | undefined {
    return this.#instances.get(instance)
  }

  isSegment(face: string): boolean {
    return this.#faces.isSegment(face)
  }

  /** What the relay at the other end of a trunk wants or does not; or one of the backbone. */
  told(now: number, face: string, record: TrunkRecord): void {
    this.#now = now
    if (record.type === 'ask') {
      if (record.all) this.#talk.ask(now, face)
      for (const instance of record.instances) {
        const there = this.#instances.get(instance)?.way.face ?? face
        if (there !== face) this.#talk.asked.behind(there, instance)
      }
    } else if (record.type === 'prune') {
      for (const instance of record.instances) {
        if (this.#instances.get(instance)) this.#prunes.prune(face, instance)
      }
    } else if (record.type === 'graft') {
      for (const instance of record.instances) this.#prunes.graft(face, instance)
    }
  }

  /** Whom unicast that has come to a port is for, beside the links. */
  *fromPort(port: number, { face, bytes }: Omit<Arrival, 'from'>): Iterable<Instance> {
    if (face !== LINKS && !this.#holds.has(port)) return
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
    for (const { id, face } of this.#talk.expire(now)) this.relayGone(face, id)
    this.#talk.tick(now)
  }

  #viaOf(face: string, from: Endpoint): bigint {
    if (face === LINKS) return BigInt(from.port)
    return this.#talk.via(face, from)
  }

  #othersThatWant(face: string, group: string, first: Passed): readonly string[] {
    const others: string[] = []
    for (const other of this.#faces.names) {
      if (other === face || !this.wants(other, group)) continue
      if (!this.#isSpared(other, group, first)) others.push(other)
    }
    return others
  }

  /** Whether it comes there another way. By trunks control does both ways, so that each is known. */
  #isSpared(face: string, group: string, { header, body }: Passed): boolean {
    const { instance, number } = header
    const isControl = group === this.#options.control
    if (this.#faces.isTrunk(face)) return !isControl && this.#prunes.has(face, instance)
    if (this.#yields.has(face, instance)) return true
    return (
      isControl && body !== undefined && this.#yields.holds(this.#now, { face, instance, number })
    )
  }

  #onBeacon(now: number, arrival: Arrival, packet: Uint8Array): void {
    const beacon = this.#talk.hear(now, arrival, packet)
    if (beacon?.fresh) this.#instances.brought(arrival, beacon.id)
  }

  #onRecord(now: number, one: Instance, record: ControlRecord): void {
    // What a link has joined is known; but a peer that has a network as well may come by that.
    const linked = one.way.face === LINKS && !this.rungs.has(one.instance)
    if (record.type !== 'interest' || linked) return
    const until = now + Math.min(record.validMs, VALID_MAX_MS)
    for (const group of record.groups) {
      if (!this.#options.isGroup(group)) continue
      this.#interest.want(one.instance, { faces: facesOf(one), group, until }, now)
    }
  }

  /** It comes by a face that this relay would bring it to. */
  #onStrayed(
    { instance, way, high }: Instance,
    { way: { face, via }, number, isNew }: Stray,
  ): void {
    if (face === way.face || face === LINKS) return
    if (this.#faces.isTrunk(face)) return this.#prunes.say(this.#now, face, instance)
    if (via === 0n || this.#talk.outranks(via, instance)) {
      this.#yields.copied(this.#now, { face, instance, to: via, number, high, isNew })
    }
  }

  /** What may be a copy of what this relay has brought to a segment keeps nobody near it. */
  #onOpened(now: number, one: Instance, { way, from, number, isNew }: Stray): void {
    const { face } = way
    if (face !== one.way.face && !isNew && !this.#yields.has(face, one.instance)) return
    this.rungs.came(now, one, { way, number, address: from.address })
  }

  #onSettled(one: Instance): void {
    this.#talk.asked.delete(one.instance)
    const { instance } = one
    const { face } = one.way
    this.#yields.end(face, instance)
    this.#prunes.takeBack(face, instance)
    this.#place(one)
    this.#settle(one)
  }

  #place(one: Instance): void {
    this.#interest.move(one.instance, facesOf(one))
  }

  #onGone({ instance }: Instance): void {
    this.#interest.forget(instance)
    this.#yields.forget(instance)
    this.#prunes.forget(instance)
    this.#holds.hold(instance, 0)
  }

  /** Ways are there no more: whoever came by them may come by any trunk. */
  #lose(isLost: (way: Way) => boolean): void {
    this.#instances.lose(isLost)
    for (const { instance, lost } of this.#instances) {
      if (lost) for (const face of this.#faces.names) this.#prunes.takeBack(face, instance)
    }
  }

  #settleAll(): void {
    for (const one of this.#instances) this.#settle(one)
  }

  /** Its port is held where others on a segment cannot reach it themselves. */
  #settle({ instance, port, way }: Instance): void {
    const apart = this.#faces.segments > (this.#faces.isSegment(way.face) ? 1 : 0)
    const own = way.face === LINKS && way.via === BigInt(port)
    this.#holds.hold(instance, apart && !own ? port : 0)
  }
}

/** Where what an instance wants is to be sent. */
function facesOf({ way, beside }: Instance): readonly string[] {
  return [way.face, ...beside]
}

const VALID_MAX_MS = 15 * 60_000
