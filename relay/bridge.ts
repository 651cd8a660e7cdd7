/**
 * What a relay does with each datagram, without a socket or a clock: from links to segments and to
 * other links, from a segment to the links that have joined its group, and to other segments
 * that want it.
 *
 * A link is known by its private port: packets for that port of the relay go down the link. The
 * driver's law is that of the peer: one input, then `poll` until it yields `undefined`.
 */
import type { Crypto } from '../bus/core/env.ts'
import type { Endpoint } from '../bus/core/output.ts'
import { Groups, SCOPES, type ScopeName } from '../bus/core/path/group.ts'
import { Ring } from '../bus/core/ring.ts'
import { RELAY_ADDRESS, type LinkRecord } from '../bus/core/wire/link.ts'
import { readHeader } from '../bus/core/wire/packet.ts'
import type { BridgeOutput } from './bridge-output.ts'
import type { Counters } from './counters.ts'
import { Crossing } from './crossing.ts'
import { Gate } from './gate.ts'
import { type Instance, LINKS } from './instances.ts'
import type { Judge } from './judge.ts'
import type { RelayKeys } from './keys.ts'
import type { RelayLimits } from './limits.ts'
import { Memberships } from './memberships.ts'
import { Permits } from './permits.ts'

export interface BridgeOptions {
  readonly crypto: Crypto
  readonly keys: RelayKeys
  readonly scope: ScopeName
  /** Random, of this start of the relay. */
  readonly id: bigint
  readonly limits: RelayLimits
  readonly counters: Counters
  /** Of rights, in a realm with an owner. */
  readonly judge?: Judge | undefined
}

export class Bridge {
  readonly #options: BridgeOptions
  readonly #gate: Gate
  /** Hellos go there, and they name private ports: the relay is always a member. */
  readonly #control: string
  readonly #permits: Permits
  readonly #crossing: Crossing
  readonly #memberships: Memberships
  readonly #outputs = new Ring<BridgeOutput>()
  /** What each link has joined. */
  readonly #groupsByPort = new Map<number, Set<string>>()
  readonly #portsByGroup = new Map<string, Set<number>>()

  constructor(options: BridgeOptions) {
    const { crypto, keys, scope, id, limits, counters, judge } = options
    this.#options = options
    const stranger = (instance: bigint, isLinked: boolean): void => {
      this.#crossing.ask(instance, isLinked)
    }
    this.#gate = new Gate({ keys, judge, counters, stranger })
    this.#permits = new Permits(crypto, keys, limits.peers)
    const control = new Groups(scope, 0, (label) => keys.groupBytes(label)).control
    this.#control = control
    this.#memberships = new Memberships({
      max: limits.groups,
      counters,
      isWanted: (face, group) => this.#isWanted(face, group),
      join: (face, group) => this.#outputs.push({ type: 'join', face, group }),
      leave: (face, group) => this.#outputs.push({ type: 'leave', face, group }),
    })
    const isOurs = (group: string): boolean => isGroup(group, scope)
    this.#crossing = new Crossing(
      { crypto, keys, control, id, limits, counters, isGroup: isOurs },
      {
        changed: (group) => this.#memberships.settle(group),
        say: (face, packet) => this.#say(face, packet),
        hold: (port) => this.#outputs.push({ type: 'hold', port }),
        release: (port) => this.#outputs.push({ type: 'release', port }),
        hears: (port, yes) => this.#outputs.push({ type: 'hears', port, yes, relay: id }),
      },
    )
  }

  poll(): BridgeOutput | undefined {
    return this.#outputs.shift()
  }

  /** Groups that any link has joined; peers and relays of the segments that have been heard. */
  get size(): { readonly groups: number; readonly peers: number; readonly relays: number } {
    const { relays } = this.#crossing.size
    return { groups: this.#portsByGroup.size, peers: this.#permits.size, relays }
  }

  groupsOf(port: number): number {
    return this.#groupsByPort.get(port)?.size ?? 0
  }

  /** A segment can be used. */
  faceOpened(now: number, face: string): void {
    const wanted = [this.#control, ...this.#portsByGroup.keys(), ...this.#crossing.wanted]
    this.#memberships.opened(face, new Set(wanted))
    this.#crossing.opened(now, face)
  }

  faceClosed(face: string): void {
    this.#memberships.closed(face)
    this.#crossing.closed(face)
  }

  /** Called several times a second. */
  tick(now: number): void {
    for (const instance of this.#options.judge?.behind() ?? []) this.#crossing.ask(instance, true)
    this.#crossing.tick(now)
  }

  /** A link has been admitted, as that identity. */
  opened(port: number, identity: Uint8Array = NOBODY): void {
    this.#groupsByPort.set(port, new Set())
    this.#crossing.rungs.opened(port, identity)
  }

  closed(port: number): void {
    const groups = this.#groupsByPort.get(port) ?? []
    this.#groupsByPort.delete(port)
    for (const group of groups) this.#left(port, group)
    this.#crossing.linkClosed(port)
  }

  /** False when the link does what none may do. */
  fromLink(now: number, port: number, record: LinkRecord): boolean {
    switch (record.type) {
      case 'join':
        return record.groups.every((group) => this.#join(port, group))
      case 'leave':
        for (const group of record.groups) {
          if (this.#groupsByPort.get(port)?.delete(group)) this.#left(port, group)
        }
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
  fromGroup(now: number, group: string, { bytes, from, face }: HeardOn): void {
    if (!this.#hear(now, bytes, from)) return
    const faces = this.#crossing.fromGroup(now, group, { face, from, bytes })
    if (!faces) return
    this.#down(this.#takers(group, bytes), from, bytes)
    this.#cross(faces, group, bytes)
  }

  /** A datagram has come to a private port: of a link, or of somebody elsewhere. */
  fromPort(now: number, port: number, { bytes, from, face = '' }: Heard): void {
    const links = this.#linksAt(port)
    if (!this.#hear(now, bytes, from)) return
    this.#down(links, from, bytes)
    for (const one of this.#crossing.fromPort(port, { face, bytes })) {
      this.#options.counters.count('unicastCrossed')
      this.#reach(one, port, bytes)
    }
  }

  /** Whether the relay has to hear a group on a segment. */
  #isWanted(face: string, group: string): boolean {
    if (group === this.#control || this.#portsByGroup.has(group)) return true
    return this.#crossing.wantedBeside(face, group)
  }

  #say(face: string, packet: Uint8Array): void {
    if (face !== LINKS) return this.#bring([face], this.#control, packet)
    const from = { address: RELAY_ADDRESS, port: SELF_PORT }
    this.#down([...(this.#portsByGroup.get(this.#control) ?? [])], from, packet)
  }

  #bring(faces: readonly string[], group: string, datagram: Uint8Array): void {
    for (const face of faces) this.#outputs.push({ type: 'multicast', face, group, datagram })
  }

  /** The same, from one network to others. */
  #cross(faces: readonly string[], group: string, datagram: Uint8Array): void {
    this.#options.counters.count('datagramsCrossed', faces.length)
    this.#bring(faces, group, datagram)
  }

  #reach({ address, port: at }: Instance, port: number, datagram: Uint8Array): void {
    this.#outputs.push({ type: 'unicast', port, to: { address, port: at }, datagram })
  }

  #join(port: number, group: string): boolean {
    const { limits, counters, scope } = this.#options
    const groups = this.#groupsByPort.get(port)
    if (!groups || groups.has(group)) return groups !== undefined
    if (!isGroup(group, scope)) {
      counters.count('groupRefused')
      return false
    }
    if (groups.size >= limits.groupsPerLink) {
      counters.count('linkGroupsFull')
      return false
    }
    groups.add(group)
    const ports = this.#portsByGroup.get(group)
    if (ports) ports.add(port)
    else this.#portsByGroup.set(group, new Set([port]))
    if (!ports) this.#memberships.settle(group)
    return true
  }

  #left(port: number, group: string): void {
    const ports = this.#portsByGroup.get(group)
    ports?.delete(port)
    if (!ports || ports.size > 0) return
    this.#portsByGroup.delete(group)
    this.#memberships.settle(group)
  }

  #rejoin(now: number, port: number, group: string): void {
    if (!this.#groupsByPort.get(port)?.has(group)) return
    if (this.#memberships.mayRenew(now, group)) this.#outputs.push({ type: 'rejoin', group })
  }

  #multicast(
    now: number,
    port: number,
    { group, datagram }: { readonly group: string; readonly datagram: Uint8Array },
  ): boolean {
    const { counters, scope } = this.#options
    if (!isGroup(group, scope)) {
      counters.count('groupRefused')
      return false
    }
    if (!this.#gate.passes(now, { bytes: datagram, from: { link: port } })) return true
    counters.count('datagramsUp')
    const from = { address: RELAY_ADDRESS, port }
    const arrival = { face: LINKS, from, bytes: datagram }
    this.#bring(this.#crossing.fromGroup(now, group, arrival) ?? [], group, datagram)
    const others = this.#takers(group, datagram).filter((one) => one !== port)
    this.#down(others, from, datagram)
    return true
  }

  #unicast(
    now: number,
    port: number,
    { to, datagram }: { readonly to: Endpoint; readonly datagram: Uint8Array },
  ): void {
    const { counters } = this.#options
    if (!this.#gate.passes(now, { bytes: datagram, from: { link: port } })) return
    counters.count('datagramsUp')
    if (to.address === RELAY_ADDRESS) {
      const links = this.#linksAt(to.port)
      this.#down(links, { address: RELAY_ADDRESS, port }, datagram)
      if (links.length === 0) counters.count('unicastRefused')
    } else if (this.#permits.allows(to)) {
      this.#outputs.push({ type: 'unicast', port, to, datagram })
    } else {
      counters.count('unicastRefused')
    }
  }

  /** The links that have joined the group, but those whose peers have the packet by themselves. */
  #takers(group: string, datagram: Uint8Array): readonly number[] {
    const { instance } = readHeader(datagram)
    const ports = [...(this.#portsByGroup.get(group) ?? [])]
    return ports.filter((port) => this.#crossing.rungs.takes(port, instance))
  }

  /** The links of that port: the one that has it, and those of peers who have it elsewhere. */
  #linksAt(port: number): readonly number[] {
    const own = this.#groupsByPort.has(port) ? [port] : []
    return [...own, ...this.#crossing.linksOf(port)]
  }

  #down(ports: readonly number[], from: Endpoint, datagram: Uint8Array): void {
    if (ports.length > 0) this.#outputs.push({ type: 'down', ports, from, datagram })
  }

  /** Whether the datagram may be carried; what it tells of its sender is remembered. */
  #hear(now: number, bytes: Uint8Array, from: Endpoint): boolean {
    return this.#gate.passes(now, { bytes, from }, (header, packet) => {
      this.#permits.heard(now, from.address, { header, packet })
    })
  }
}

interface HeardOn extends Heard {
  readonly face: string
}

interface Heard {
  readonly bytes: Uint8Array
  readonly from: Endpoint
  /** The segment it came by, where that can be told. */
  readonly face?: string
}

/** A group of the bus, not one of the network's own such as all routers. */
function isGroup(group: string, scope: ScopeName): boolean {
  const words = group.split(':')
  const id = Number.parseInt(words[6] ?? '', 16)
  return words[0] === `ff1${SCOPES[scope].toString(16)}` && id >= 0x8000
}

const NOBODY = new Uint8Array(0)
/** Says nothing: it is in the place of the port of whoever speaks. */
const SELF_PORT = 1
