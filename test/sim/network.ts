/**
 * Hosts, their interfaces on segments, and how datagrams get from one to another.
 *
 * Multicast works as on Linux: an interface is a member of a group as long as any process of its
 * host is, a wildcard socket hears every group of its host, the sender's own host hears it, too.
 * A snooping switch forwards a group to those ports only from which it heard a join; a flap makes
 * it forget. Unicast goes to an interface's address and a process's own port.
 */
import type { Endpoint } from '../../bus/core/output.ts'
import { Host, Interface, type Station } from './host.ts'
import type { Act, Process } from './process.ts'
import type { Random } from '../../bus/testing/random.ts'
import type { Schedule } from '../../bus/testing/schedule.ts'
import { CLEAR, type Weather } from './weather.ts'

export interface NetworkOptions {
  /** A wildcard socket hears the groups that other processes of its host have joined. */
  readonly wildcard: boolean
  readonly weather: Weather
}

export class Network {
  readonly hosts: Host[] = []
  /** Whether a multicast datagram is lost for all but its own host. */
  swallows: (bytes: Uint8Array) => boolean = () => false
  /** Whether unicast gets through to other hosts. */
  unicast = true
  /** Hosts made from now on have addresses that mean the same everywhere. */
  routed = false
  /** Whether a datagram gets down to a host at all. */
  passes: (host: Host, bytes: Uint8Array) => boolean = () => true
  /** Told of each datagram that has not come up to its segment, or down to `host`. */
  onLost: (bytes: Uint8Array, host?: Host) => void = () => undefined
  readonly #options: NetworkOptions
  readonly #portsBySegment = new Map<number, readonly Interface[]>()
  readonly #schedule: Schedule
  readonly #random: Random
  /** `sender>receiver` names of hosts between which nothing passes. */
  readonly #cuts: Set<string> = new Set()
  /** Processes whose requests go another way, by a link to a relay. */
  readonly detours: Map<Sender, (act: Act) => void> = new Map()
  #weather: Weather
  /** Of the cable down to a host: the delay is in the one up. */
  #downWeather: Weather

  constructor(schedule: Schedule, random: Random, options: NetworkOptions) {
    this.#schedule = schedule
    this.#random = random
    this.#options = options
    this.#weather = options.weather
    this.#downWeather = halfOf(options.weather)
  }

  /** Datagrams that were held back, so that later ones overtook them. */
  get held(): number {
    const ports = this.hosts.flatMap(({ interfaces }) => interfaces)
    return ports.reduce((sum, { up, down }) => sum + up.held + down.held, 0)
  }

  set weather(weather: Weather) {
    this.#weather = weather
    this.#downWeather = halfOf(weather)
  }

  host(segments: readonly number[]): Host {
    const host = new Host((this.hosts.length + 1).toString(16))
    for (const segment of segments) {
      const port = new Interface(host, segment, this.routed)
      host.interfaces.push(port)
      this.#portsBySegment.set(segment, [...this.#portsOf(segment), port])
    }
    this.hosts.push(host)
    return host
  }

  /** Carries out what a process asks of the network. */
  act(process: Sender, act: Act): void {
    const detour = this.detours.get(process)
    if (detour) return detour(act)
    if (act.type === 'transmit') return this.#send(process, act.to, act.datagram)
    const groups = process.groups
    if (act.type === 'leave') return void groups.delete(act.group)
    groups.add(act.group)
    for (const { forgotten } of process.options.host.interfaces) forgotten.delete(act.group)
  }

  cut(from: Host, to: Host): void {
    this.#cuts.add(`${from.name}>${to.name}`)
  }

  /** Ends every cut, or those of one host. */
  mend(host?: Host): void {
    if (!host) return this.#cuts.clear()
    for (const cut of this.#cuts) if (cut.split('>').includes(host.name)) this.#cuts.delete(cut)
  }

  /** A switch port was down for a moment: no group is forwarded to it until the next join. */
  flap(port: Interface): void {
    for (const process of port.host.processes) {
      for (const group of process.groups) port.forgotten.add(group)
    }
  }

  /** No fault from now on; what switches have forgotten stays forgotten. */
  heal(): void {
    this.mend()
    this.weather = CLEAR
    for (const host of this.hosts) for (const port of host.interfaces) port.datagramSize = Infinity
  }

  /** A querier asks, hosts report: switches know every membership again. */
  query(): void {
    for (const host of this.hosts) for (const port of host.interfaces) port.forgotten.clear()
  }

  #send(process: Sender, to: string | Endpoint, bytes: Uint8Array): void {
    const { host, port } = process.options
    const { time } = this.#schedule
    for (const out of host.interfaces) {
      if (typeof to === 'string') {
        const from = { address: out.address, port: port + SEND_PORTS }
        this.#multicast(out, { from, to, bytes, time })
      } else if (this.#unicast(out, { from: { address: out.address, port }, to, bytes, time })) {
        return
      }
    }
  }

  #multicast(out: Interface, sent: Sent & { readonly to: string }): void {
    const { from, to, bytes } = sent
    this.#hand(out.host, LOOPBACK_MS, sent)
    if (bytes.length > out.datagramSize || this.swallows(bytes)) return this.onLost(bytes)
    for (const time of this.#rise(out, sent)) {
      const risen = { from, to, bytes, time }
      for (const port of this.#portsOf(out.segment)) {
        if (port === out || !port.host.isMember(to)) continue
        if (port.forgotten.has(to)) this.onLost(bytes, port.host)
        else this.#cross(out, port, risen)
      }
    }
  }

  /** False when the address is not on this interface's segment. */
  #unicast(out: Interface, sent: Sent & { readonly to: Endpoint }): boolean {
    const { from, to, bytes } = sent
    const port = this.#portsOf(out.segment).find(({ address }) => address === to.address)
    if (!port) return false
    if (port.host === out.host) this.#hand(port.host, LOOPBACK_MS, sent)
    else if (!this.unicast) this.onLost(bytes, port.host)
    else if (bytes.length <= out.datagramSize) {
      for (const time of this.#rise(out, sent)) {
        this.#cross(out, port, { from, to, bytes, time })
      }
    }
    return true
  }

  /** When the copies of a datagram have come up to the segment. */
  #rise(out: Interface, sent: Sent): readonly number[] {
    const times = out.up.carry(sent, this.#weather, this.#random)
    if (times.length === 0) this.onLost(sent.bytes)
    return times
  }

  /** From the segment down to one port. */
  #cross(out: Interface, port: Interface, sent: Sent): void {
    const { from, to, bytes } = sent
    const cut = this.#cuts.size > 0 && this.#cuts.has(`${out.host.name}>${port.host.name}`)
    if (cut || bytes.length > port.datagramSize) return this.onLost(bytes, port.host)
    if (!this.passes(port.host, bytes)) return
    const times = port.down.carry(sent, this.#downWeather, this.#random)
    if (times.length === 0) this.onLost(bytes, port.host)
    for (const time of times) this.#hand(port.host, 0, { from, to, bytes, time })
  }

  /** Hands a datagram to the sockets of a host that hear it. */
  #hand(host: Host, delayMs: number, { from, to, bytes, time }: Sent): void {
    if (typeof to === 'string' && !host.isMember(to)) return
    this.#schedule.at(time + delayMs, () => {
      for (const process of host.processes) {
        const hears = typeof to === 'string' ? this.#hears(process, host, to) : isAt(process, to)
        // All hear the same bytes: who changed them would spoil them for everybody, and be found.
        const group = typeof to === 'string' ? to : undefined
        const rung = group === undefined ? 'unicast' : 'multicast'
        if (hears) process.receive(bytes, { ...from, rung }, group)
      }
    })
  }

  #hears(process: Station, host: Host, group: string): boolean {
    if (process.groups.has(group)) return true
    return this.#options.wildcard && host.isMember(group)
  }

  #portsOf(segment: number): readonly Interface[] {
    return this.#portsBySegment.get(segment) ?? []
  }
}

/** What the network has to know of who asks it for something. */
export interface Sender {
  readonly options: Pick<Process['options'], 'host' | 'port'>
  readonly groups: Set<string>
}

interface Sent {
  readonly from: Endpoint
  readonly to: string | Endpoint
  readonly bytes: Uint8Array
  readonly time: number
}

/** A datagram is delayed, copied and held back once, and lost on either cable. */
function halfOf(weather: Weather): Weather {
  return { ...weather, delayMs: 0, jitterMs: 0, duplicate: 0, overtaken: 0 }
}

function isAt(process: Station, to: Endpoint): boolean {
  return process.port === to.port
}

const LOOPBACK_MS = 0.02
/** Multicast leaves by other sockets than the one that receives unicast. */
const SEND_PORTS = 20_000
