/**
 * What a relay does with each datagram, without a socket or a clock: from links to segments and to
 * other links, from a segment to the links that have joined its group, and to other segments
 * that want it; and by trunks and the backbone to other relays, which do the same.
 *
 * A link is known by its private port: packets for that port of the relay go down the link. The
 * driver's law is that of the peer: one input, then `poll` until it yields `undefined`.
 */
import type { Endpoint } from '../bus/core/output.ts'
import { Groups } from '../bus/core/path/group.ts'
import { Ring } from '../bus/core/ring.ts'
import { RELAY_ADDRESS, type LinkRecord } from '../bus/core/wire/link.ts'
import { readHeader } from '../bus/core/wire/packet.ts'
import type { Arrival, Heard, Passed } from './arrival.ts'
import type { BridgeOptions } from './bridge-options.ts'
import type { BridgeOutput } from './bridge-output.ts'
import { Crossing } from './crossing.ts'
import { BACKBONE, trunkTo } from './faces.ts'
import { Gate, type Spread } from './gate.ts'
import { Hellos } from './hellos.ts'
import { LINKS } from './instances.ts'
import { LinkGroups } from './link-groups.ts'
import { isGroup } from './marks.ts'
import { Memberships } from './memberships.ts'
import { Outlet, SELF_PORT } from './outlet.ts'
import { Permits } from './permits.ts'
import { Repairs } from './repairs.ts'
import { Senders } from './senders.ts'
import { Takers } from './takers.ts'
import { HOPS_MAX, type TrunkRecord } from './trunk-wire.ts'

export class Bridge {
  readonly #options: BridgeOptions
  readonly #gate: Gate
  /** Hellos go there, and they name private ports: the relay is always a member. */
  readonly #control: string
  readonly #permits: Permits
  readonly #crossing: Crossing
  readonly #memberships: Memberships
  readonly #outputs = new Ring<BridgeOutput>()
  readonly #outlet: Outlet
  readonly #links: LinkGroups
  readonly #takers: Takers
  readonly #repairs: Repairs
  /** Relays that are met by the backbone. */
  readonly #met = new Set<bigint>()

  constructor(options: BridgeOptions) {
    const { crypto, keys, verify, scope, id, limits, counters, judge, heard } = options
    this.#options = options
    const stranger = (instance: bigint, isLinked: boolean): void => {
      this.#crossing.ask(instance, isLinked)
    }
    const hellos = new Hellos({ crypto, keys, verify }, counters)
    const senders = new Senders({ crypto, keys, hellos }, { sizeMax: limits.peers, counters })
    const isOpen = (now: number, face: string): boolean => this.#crossing.isOpen(now, face)
    this.#gate = new Gate({ keys, senders, judge, limits, counters, stranger, isOpen, heard })
    this.#permits = new Permits(limits.peers)
    this.#outlet = new Outlet(this.#outputs, counters, (face) => this.#crossing.relayOf(face))
    const control = new Groups(scope, 0, (label) => keys.groupBytes(label)).control
    this.#control = control
    this.#memberships = new Memberships({
      max: limits.groups,
      counters,
      isWanted: (face, group) => this.#isWanted(face, group),
      join: (face, group) => this.#outputs.push({ type: 'join', face, group }),
      leave: (face, group) => this.#outputs.push({ type: 'leave', face, group }),
    })
    this.#links = new LinkGroups((group) => this.#memberships.settle(group))
    const isOurs = (group: string): boolean => isGroup(group, scope)
    this.#crossing = new Crossing(
      { crypto, keys, control, id, limits, counters, isGroup: isOurs },
      {
        changed: (group) => this.#memberships.settle(group),
        say: (face, packet) => this.#say(face, packet),
        tell: (face, record) => this.#outlet.tell(face, record),
        hold: (port) => this.#outputs.push({ type: 'hold', port }),
        release: (port) => this.#outputs.push({ type: 'release', port }),
        hears: (port, yes) => this.#outputs.push({ type: 'hears', port, yes, relay: id }),
      },
    )
    this.#takers = new Takers(this.#links, this.#crossing)
    this.#repairs = new Repairs(limits, {
      counters,
      outlet: this.#outlet,
      instance: (instance) => this.#crossing.instance(instance),
      isSegment: (face) => this.#crossing.isSegment(face),
    })
  }

  poll(): BridgeOutput | undefined {
    return this.#outputs.shift()
  }

  /**
   * Groups that any link has joined; peers and relays of the segments that have been heard; relays
   * at the other ends of trunks, and of the backbone.
   */
  get size(): Readonly<Record<'groups' | 'peers' | 'relays' | 'trunks' | 'backbone', number>> {
    const { relays, trunks } = this.#crossing.size
    const [groups, peers] = [this.#links.size, this.#permits.size]
    return { groups, peers, relays, trunks, backbone: this.#met.size }
  }

  groupsOf(port: number): number {
    return this.#links.count(port)
  }

  /** A segment can be used. */
  faceOpened(now: number, face: string): void {
    this.#join(face)
    this.#crossing.opened(now, face)
  }

  faceClosed(face: string): void {
    this.#memberships.closed(face)
    this.#crossing.closed(face)
  }

  /** A trunk to another relay can be used; there is one at most to each. */
  trunkOpened(now: number, relay: bigint): void {
    this.#crossing.opened(now, trunkTo(relay), relay)
  }

  trunkClosed(relay: bigint): void {
    this.#crossing.closed(trunkTo(relay))
  }

  /** Another relay is met by the backbone. */
  relayMet(now: number, relay: bigint): void {
    if (this.#met.size === 0) this.#join(BACKBONE)
    this.#met.add(relay)
    this.#crossing.opened(now, BACKBONE)
  }

  relayLost(relay: bigint): void {
    if (!this.#met.delete(relay)) return
    if (this.#met.size > 0) this.#crossing.relayGone(BACKBONE, relay)
    else this.faceClosed(BACKBONE)
  }

  /** Called several times a second. */
  tick(now: number): void {
    for (const instance of this.#options.judge?.behind() ?? []) this.#crossing.ask(instance, true)
    this.#crossing.tick(now)
    this.#repairs.expire(now)
  }

  /** A link has been admitted, as that identity. */
  opened(port: number, identity: Uint8Array = new Uint8Array(0)): void {
    this.#links.opened(port, this.#options.limits.groupsPerLink)
    this.#crossing.rungs.opened(port, identity)
  }

  closed(port: number): void {
    this.#links.closed(port)
    this.#crossing.linkClosed(port)
  }

  /** False when the link does what none may do. */
  fromLink(now: number, port: number, record: LinkRecord): boolean {
    switch (record.type) {
      case 'join':
        return record.groups.every((group) => this.#joined(port, group))
      case 'leave':
        for (const group of record.groups) this.#links.leave(port, group)
        return true
      case 'rejoin':
        for (const group of record.groups) this.#rejoin(now, port, group)
        return true
      case 'multicast':
        return this.#multicast(now, port, record)
      case 'unicast':
        this.#unicast(now, port, record)
        return true
      case 'rung':
      case 'spare':
      case 'need':
        this.#crossing.rungs.take(port, record)
        return true
      case 'pong':
        return true
      default:
        return false
    }
  }

  /** A datagram has come by a segment to a group. */
  fromGroup(now: number, group: string, heard: Heard): void {
    const { bytes, from, face = '' } = heard
    const packets = this.#hear(now, heard, { face, isControl: group === this.#control })
    if (packets) this.#carry(now, group, { face, from, bytes, packets })
  }

  /** A datagram has come to a private port: of a link, or of somebody elsewhere. */
  fromPort(now: number, port: number, heard: Heard): void {
    const { bytes, from, face = '' } = heard
    const links = this.#takers.at(port)
    const packets = this.#hear(now, heard)
    if (!packets || this.#repairs.answers(now, face, packets)) return
    this.#outlet.down(links, from, bytes)
    for (const one of this.#crossing.fromPort(port, { face, bytes })) {
      this.#options.counters.count('unicastCrossed')
      this.#outlet.reach(one, port, { datagram: bytes })
    }
  }

  /** A record has come by a trunk. */
  fromTrunk(now: number, relay: bigint, record: TrunkRecord): void {
    this.#fromRelay(now, { face: trunkTo(relay) }, record)
  }

  /** One has come by the backbone, from a relay that is met there. */
  fromBackbone(now: number, relay: bigint, record: TrunkRecord): void {
    if (this.#met.has(relay)) this.#fromRelay(now, { face: BACKBONE, via: relay }, record)
  }

  #fromRelay(now: number, { face, via }: Pick<Arrival, 'face' | 'via'>, record: TrunkRecord): void {
    if (record.type !== 'group' && record.type !== 'instance') {
      return this.#crossing.told(now, face, record)
    }
    const { counters, scope } = this.#options
    const { datagram, hops } = record
    if (record.type === 'group' && !isGroup(record.group, scope)) return counters.count('foreign')
    const packets = this.#gate.passes(now, { bytes: datagram, from: { address: face, face } })
    if (!packets) return
    if (hops > HOPS_MAX) return counters.count('hopsSpent')
    counters.count('datagramsFar')
    // Who answers on a link names that port, and reaches the instance by it.
    const port = this.#crossing.instance(readHeader(datagram).instance)?.port || SELF_PORT
    const from = { address: RELAY_ADDRESS, port }
    if (record.type === 'instance') return this.#toInstance(record, { face, from })
    this.#carry(now, record.group, { face, via, from, bytes: datagram, hops, packets })
  }

  #carry(
    now: number,
    group: string,
    arrival: Arrival & { readonly packets: readonly Passed[] },
  ): void {
    const { from, bytes, hops, packets } = arrival
    const faces = this.#crossing.fromGroup(now, group, arrival)
    if (!faces) return
    this.#repairs.keep(now, group, { faces, packets })
    this.#outlet.down(this.#takers.of(group, bytes), from, bytes)
    this.#outlet.cross(faces, group, { datagram: bytes, hops })
  }

  #toInstance(
    { instance, datagram, hops }: Extract<TrunkRecord, { type: 'instance' }>,
    { face, from }: { readonly face: string; readonly from: Endpoint },
  ): void {
    const one = this.#crossing.instance(instance)
    if (!one || one.way.face === face) return this.#options.counters.count('unicastRefused')
    this.#options.counters.count('unicastCrossed')
    if (one.way.face === LINKS) this.#outlet.down([Number(one.way.via)], from, datagram)
    else this.#outlet.reach(one, from.port, { datagram, hops })
  }

  /** Whether the relay has to hear a group on a segment. */
  #isWanted(face: string, group: string): boolean {
    if (group === this.#control || this.#links.isJoined(group)) return true
    return this.#crossing.wantedBeside(face, group)
  }

  #say(face: string, packet: Uint8Array): void {
    if (face !== LINKS) return this.#outlet.bring([face], this.#control, { datagram: packet })
    const from = { address: RELAY_ADDRESS, port: SELF_PORT }
    this.#outlet.down(this.#links.members(this.#control), from, packet)
  }

  #join(face: string): void {
    const wanted = [this.#control, ...this.#links.groups, ...this.#crossing.wanted]
    this.#memberships.opened(face, new Set(wanted))
  }

  #joined(port: number, group: string): boolean {
    const { counters, scope } = this.#options
    if (isGroup(group, scope)) {
      const joined = this.#links.join(port, group)
      if (!joined) counters.count('linkGroupsFull')
      return joined
    }
    counters.count('groupRefused')
    return false
  }

  #rejoin(now: number, port: number, group: string): void {
    if (!this.#links.has(port, group)) return
    if (this.#memberships.mayRenew(now, group)) this.#outputs.push({ type: 'rejoin', group })
  }

  #multicast(now: number, port: number, { group, datagram }: Of<'multicast'>): boolean {
    const { counters, scope } = this.#options
    if (!isGroup(group, scope)) {
      counters.count('groupRefused')
      return false
    }
    const packets = this.#gate.passes(now, { bytes: datagram, from: { link: port } })
    if (!packets) return true
    counters.count('datagramsUp')
    const from = { address: RELAY_ADDRESS, port }
    const arrival = { face: LINKS, from, bytes: datagram, packets }
    const faces = this.#crossing.fromGroup(now, group, arrival) ?? []
    this.#repairs.keep(now, group, { faces, packets })
    this.#outlet.bring(faces, group, { datagram })
    const others = this.#takers.of(group, datagram).filter((one) => one !== port)
    this.#outlet.down(others, from, datagram)
    return true
  }

  #unicast(now: number, port: number, { to, datagram }: Of<'unicast'>): void {
    const { counters } = this.#options
    if (!this.#gate.passes(now, { bytes: datagram, from: { link: port } })) return
    counters.count('datagramsUp')
    if (to.address === RELAY_ADDRESS) {
      const far = [...this.#crossing.fromPort(to.port, { face: LINKS, bytes: datagram })].filter(
        ({ way }) => this.#outlet.isFar(way.face),
      )
      for (const one of far) this.#outlet.reach(one, port, { datagram })
      const links = this.#takers.at(to.port)
      this.#outlet.down(links, { address: RELAY_ADDRESS, port }, datagram)
      if (links.length + far.length === 0) counters.count('unicastRefused')
    } else if (this.#permits.allows(to)) {
      this.#outputs.push({ type: 'unicast', port, to, datagram })
    } else {
      counters.count('unicastRefused')
    }
  }

  /** The packets of a datagram that may be carried; what they tell of their sender is remembered. */
  #hear(now: number, heard: Heard, spread?: Spread): readonly Passed[] | undefined {
    const { bytes, from, face = '' } = heard
    const { address } = from
    const packets = this.#gate.passes(now, { bytes, from: { address, face, spread } })
    for (const passed of packets ?? []) this.#permits.heard(address, passed)
    return packets
  }
}

type Of<T> = Extract<LinkRecord, { type: T }>
