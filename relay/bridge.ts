/**
 * What a relay does with each datagram, without a socket or a clock: from links to the segment and
 * to other links, from the segment to the links that have joined its group.
 *
 * A link is known by its private port: packets for that port of the relay go down the link. The
 * driver's law is that of the peer: one input, then `poll` until it yields `undefined`.
 */
import type { Crypto } from '../bus/core/env.ts'
import type { Endpoint } from '../bus/core/output.ts'
import { Groups, SCOPES, type ScopeName } from '../bus/core/path/group.ts'
import { Ring } from '../bus/core/ring.ts'
import type { ControlKeys } from '../bus/core/seal/control-keys.ts'
import { RELAY_ADDRESS, type LinkRecord } from '../bus/core/wire/link.ts'
import {
  type Header,
  readHeader,
  splitDatagram,
  VERSION_OPEN,
  VERSION_SEALED,
} from '../bus/core/wire/packet.ts'
import type { Counters } from './counters.ts'
import type { RelayLimits } from './limits.ts'
import { Permits } from './permits.ts'

export type BridgeOutput =
  /** What the segment is to do. */
  | { readonly type: 'join' | 'leave' | 'rejoin'; readonly group: string }
  | { readonly type: 'multicast'; readonly group: string; readonly datagram: Uint8Array }
  | {
      readonly type: 'unicast'
      /** The private port that it leaves from. */
      readonly port: number
      readonly to: Endpoint
      readonly datagram: Uint8Array
    }
  /** One datagram for these links. */
  | {
      readonly type: 'down'
      readonly ports: readonly number[]
      readonly from: Endpoint
      readonly datagram: Uint8Array
    }

export interface BridgeOptions {
  readonly crypto: Crypto
  readonly keys: ControlKeys
  readonly scope: ScopeName
  readonly limits: RelayLimits
  readonly counters: Counters
}

export class Bridge {
  readonly #options: BridgeOptions
  readonly #version: number
  /** Hellos go there, and they name private ports: the relay is always a member. */
  readonly #control: string
  readonly #permits: Permits
  readonly #outputs = new Ring<BridgeOutput>()
  /** What each link has joined. */
  readonly #groupsByPort = new Map<number, Set<string>>()
  readonly #portsByGroup = new Map<string, Set<number>>()
  /** Groups joined on the segment, and when each was last renewed. */
  readonly #renewedAt = new Map<string, number>()
  /** Groups that found no room on the segment. */
  readonly #waiting = new Set<string>()

  constructor(options: BridgeOptions) {
    const { crypto, keys, scope, limits } = options
    this.#options = options
    this.#version = keys.open ? VERSION_OPEN : VERSION_SEALED
    this.#permits = new Permits(crypto, keys, limits.peers)
    this.#control = new Groups(scope, 0, (label) => keys.groupBytes(label)).control
    this.#joinSegment(this.#control)
  }

  poll(): BridgeOutput | undefined {
    return this.#outputs.shift()
  }

  /** Groups that any link has joined; peers of the segment that have been heard. */
  get size(): { readonly groups: number; readonly peers: number } {
    return { groups: this.#portsByGroup.size, peers: this.#permits.size }
  }

  groupsOf(port: number): number {
    return this.#groupsByPort.get(port)?.size ?? 0
  }

  /** A link has been admitted. */
  opened(port: number): void {
    this.#groupsByPort.set(port, new Set())
  }

  closed(port: number): void {
    const groups = this.#groupsByPort.get(port) ?? []
    this.#groupsByPort.delete(port)
    for (const group of groups) this.#left(port, group)
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
        return this.#multicast(port, record)
      case 'unicast':
        this.#unicast(port, record)
        return true
      case 'pong':
        return true
      default:
        return false
    }
  }

  /** A datagram has come by the segment to a group. */
  fromGroup(now: number, group: string, { bytes, from }: Heard): void {
    if (!this.#hear(now, bytes, from)) return
    this.#down([...(this.#portsByGroup.get(group) ?? [])], from, bytes)
  }

  /** A datagram has come to the private port of a link. */
  fromPort(now: number, port: number, { bytes, from }: Heard): void {
    if (this.#groupsByPort.has(port) && this.#hear(now, bytes, from))
      this.#down([port], from, bytes)
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
    this.#joinSegment(group)
    return true
  }

  #joinSegment(group: string): void {
    if (this.#renewedAt.has(group) || this.#waiting.has(group)) return
    if (this.#renewedAt.size >= this.#options.limits.groups) {
      // Its links hear each other all the same.
      this.#waiting.add(group)
      return this.#options.counters.count('groupsFull')
    }
    this.#renewedAt.set(group, -Infinity)
    this.#outputs.push({ type: 'join', group })
  }

  #left(port: number, group: string): void {
    const ports = this.#portsByGroup.get(group)
    ports?.delete(port)
    if (!ports || ports.size > 0) return
    this.#portsByGroup.delete(group)
    if (this.#waiting.delete(group) || group === this.#control) return
    this.#renewedAt.delete(group)
    this.#outputs.push({ type: 'leave', group })
    for (const next of this.#waiting) {
      this.#waiting.delete(next)
      return this.#joinSegment(next)
    }
  }

  /** A switch hears of it for all links at once, so one of them is enough for a while. */
  #rejoin(now: number, port: number, group: string): void {
    if (!this.#groupsByPort.get(port)?.has(group)) return
    const renewedAt = this.#renewedAt.get(group)
    if (renewedAt === undefined || now - renewedAt < RENEWAL_MS) return
    this.#renewedAt.set(group, now)
    this.#outputs.push({ type: 'rejoin', group })
  }

  #multicast(
    port: number,
    { group, datagram }: { readonly group: string; readonly datagram: Uint8Array },
  ): boolean {
    const { counters, scope } = this.#options
    if (!isGroup(group, scope)) {
      counters.count('groupRefused')
      return false
    }
    if (!this.#isOfRealm(datagram)) return true
    counters.count('datagramsUp')
    this.#outputs.push({ type: 'multicast', group, datagram })
    const others = [...(this.#portsByGroup.get(group) ?? [])].filter((one) => one !== port)
    this.#down(others, { address: RELAY_ADDRESS, port }, datagram)
    return true
  }

  #unicast(
    port: number,
    { to, datagram }: { readonly to: Endpoint; readonly datagram: Uint8Array },
  ): void {
    const { counters } = this.#options
    if (!this.#isOfRealm(datagram)) return
    counters.count('datagramsUp')
    if (to.address === RELAY_ADDRESS) {
      const known = this.#groupsByPort.has(to.port)
      if (known) this.#down([to.port], { address: RELAY_ADDRESS, port }, datagram)
      else counters.count('unicastRefused')
    } else if (this.#permits.allows(to)) {
      this.#outputs.push({ type: 'unicast', port, to, datagram })
    } else {
      counters.count('unicastRefused')
    }
  }

  #down(ports: readonly number[], from: Endpoint, datagram: Uint8Array): void {
    if (ports.length > 0) this.#outputs.push({ type: 'down', ports, from, datagram })
  }

  /** Whether the datagram may be carried; what it tells of its sender is remembered. */
  #hear(now: number, bytes: Uint8Array, from: Endpoint): boolean {
    return this.#isOfRealm(bytes, (header, packet) => {
      this.#permits.heard(now, from.address, { header, packet })
    })
  }

  /** Whole packets, of this realm by the marks that anybody can read. */
  #isOfRealm(bytes: Uint8Array, each?: (header: Header, packet: Uint8Array) => void): boolean {
    const { keys, counters } = this.#options
    let own = true
    const fault = splitDatagram(bytes, (packet) => {
      const header = readHeader(packet)
      if (header.version !== this.#version || header.hint !== keys.hint) own = false
      else each?.(header, packet)
    })
    if (own && fault === undefined) return true
    counters.count('foreign')
    return false
  }
}

interface Heard {
  readonly bytes: Uint8Array
  readonly from: Endpoint
}

/** A group of the bus, not one of the network's own such as all routers. */
function isGroup(group: string, scope: ScopeName): boolean {
  const words = group.split(':')
  const id = Number.parseInt(words[6] ?? '', 16)
  return words[0] === `ff1${SCOPES[scope].toString(16)}` && id >= 0x8000
}

/** A membership is renewed at most this often. */
const RENEWAL_MS = 2000
