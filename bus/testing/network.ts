/** A simulated network: hosts, the cables down to them, and how datagrams get from one to another. */
import type { Endpoint } from '../core/output.ts'
import type { Transport, TransportListener } from '../io/transport.ts'
import type { Random } from './random.ts'
import type { Schedule } from './schedule.ts'

export interface NetworkOptions {
  readonly loss: number
  readonly duplicate: number
  readonly delay: readonly [number, number]
}

export class SimulatedNetwork {
  readonly #schedule: Schedule
  readonly #random: Random
  readonly #options: NetworkOptions
  readonly #transportsByHost = new Map<string, Set<SimulatedTransport>>()
  readonly #lossByHost = new Map<string, number>()
  readonly #deskByHost = new Map<string, Desk>()
  readonly #numberByHost = new Map<string, number>()
  /** The groups that a partition has made, and for each host those that it is in. */
  #groups: readonly (readonly string[])[] = []
  #sidesByHost = new Map<string, number[]>()
  #ports = 0

  constructor(schedule: Schedule, random: Random, options: NetworkOptions) {
    this.#schedule = schedule
    this.#random = random
    this.#options = options
  }

  /** A new process on a host. */
  transport(host: string): SimulatedTransport {
    this.#ports += 1
    const number = this.#numberByHost.get(host) ?? this.#numberByHost.size + 1
    this.#numberByHost.set(host, number)
    const endpoint = { address: `fe80::${number.toString(16)}%eth0`, port: this.#ports }
    return new SimulatedTransport(this, host, endpoint)
  }

  attach(transport: SimulatedTransport): void {
    const { host } = transport
    const there = this.#transportsByHost.get(host) ?? new Set()
    this.#transportsByHost.set(host, there.add(transport))
  }

  detach(transport: SimulatedTransport): void {
    this.#transportsByHost.get(transport.host)?.delete(transport)
  }

  partition(groups: readonly (readonly string[])[]): void {
    this.#groups = groups
    this.#sidesByHost = new Map()
    for (const [side, hosts] of groups.entries()) {
      for (const host of hosts) {
        this.#sidesByHost.set(host, [...(this.#sidesByHost.get(host) ?? []), side])
      }
    }
  }

  lose(host: string, part: number): void {
    this.#lossByHost.set(host, part)
  }

  /** From now on the host takes so long over each datagram, ms; 0: it takes them at once. */
  slow(host: string, ms: number): void {
    const desk = this.#deskByHost.get(host)
    if (desk) desk.ms = ms
    else this.#deskByHost.set(host, { ms, freeAt: 0, waiting: 0 })
  }

  /** As on a real network, the sender's own host hears its multicast, too. */
  carry(sender: SimulatedTransport, to: string | Endpoint, datagram: Uint8Array): void {
    const rung = typeof to === 'string' ? 'multicast' : 'unicast'
    for (const host of this.#reached(sender.host)) {
      const all = this.#transportsByHost.get(host) ?? []
      const there = [...all].filter((transport) => transport.hears(to))
      if (there.length === 0) continue
      for (const delayMs of this.#passages(sender.host, host)) {
        this.#schedule.after(delayMs, () => {
          this.#take(host, () => {
            const from: Endpoint = { ...sender.endpoint, rung }
            // A copy each: nobody may see what another does with its bytes.
            for (const receiver of there) receiver.hear(new Uint8Array(datagram), from)
          })
        })
      }
    }
  }

  /** What has come to a host is taken when it has time for it; what its buffer cannot hold is lost. */
  #take(host: string, taken: () => void): void {
    const desk = this.#deskByHost.get(host)
    const { time } = this.#schedule
    const waitMs = Math.max(0, (desk?.freeAt ?? 0) - time)
    if (!desk || waitMs + desk.ms === 0) return taken()
    if (desk.waiting >= BUFFER) return
    desk.waiting += 1
    desk.freeAt = time + waitMs + desk.ms
    this.#schedule.after(waitMs + desk.ms, () => {
      desk.waiting -= 1
      taken()
    })
  }

  /** The hosts that no partition keeps from this one, itself among them. */
  #reached(host: string): Iterable<string> {
    const sides = this.#sidesByHost.get(host)
    if (sides) return new Set(sides.flatMap((side) => this.#groups[side] ?? []))
    const all = [...this.#transportsByHost.keys()]
    return this.#groups.length === 0 ? all : all.filter((one) => !this.#sidesByHost.has(one))
  }

  /** How long each copy takes that gets from one host to another. */
  #passages(from: string, to: string): readonly number[] {
    if (from === to) return [LOOPBACK_MS]
    const { loss, duplicate } = this.#options
    if (this.#random.chance(this.#lossByHost.get(to) ?? loss)) return []
    return this.#random.chance(duplicate) ? [this.#delay(), this.#delay()] : [this.#delay()]
  }

  #delay(): number {
    return this.#random.between(...this.#options.delay)
  }
}

/** Where a slow host takes datagrams, one after the other. */
interface Desk {
  /** For each of them. */
  ms: number
  /** When it has taken all that have come. */
  freeAt: number
  waiting: number
}

export class SimulatedTransport implements Transport {
  readonly datagramSize: number = DATAGRAM_SIZE
  readonly host: string
  readonly endpoint: Endpoint
  readonly port: number
  /** Nothing waits for a system here. */
  readonly pending: number = 0
  readonly #network: SimulatedNetwork
  readonly #groups = new Set<string>()
  #listener: TransportListener | undefined

  constructor(network: SimulatedNetwork, host: string, endpoint: Endpoint) {
    this.#network = network
    this.host = host
    this.endpoint = endpoint
    this.port = endpoint.port
  }

  async open(listener: TransportListener): Promise<void> {
    this.#listener = listener
    this.#network.attach(this)
  }

  join(group: string): void {
    this.#groups.add(group)
  }

  leave(group: string): void {
    this.#groups.delete(group)
  }

  rejoin(_group: string): void {}

  send(to: string | Endpoint, datagram: Uint8Array): void {
    if (this.#listener) this.#network.carry(this, to, new Uint8Array(datagram))
  }

  async close(): Promise<void> {
    this.cut()
  }

  /** From now on it neither sends nor hears. */
  cut(): void {
    this.#listener = undefined
    this.#network.detach(this)
  }

  hears(to: string | Endpoint): boolean {
    if (typeof to === 'string') return this.#groups.has(to)
    return to.port === this.port && to.address === this.endpoint.address
  }

  hear(bytes: Uint8Array, from: Endpoint): void {
    this.#listener?.datagram(bytes, from)
  }
}

/** What passes everywhere: IPv6's minimum MTU less headers. */
const DATAGRAM_SIZE = 1232
const LOOPBACK_MS = 0.02
/** Datagrams that wait at a slow host: what 4 MiB hold, since each takes a page of the system's. */
const BUFFER = 1024
