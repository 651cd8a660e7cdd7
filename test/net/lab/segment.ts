/** A segment: one link that its hosts share, made of a bridge inside the lab's switch. */
import { bridgeName, type Interface } from './cable.ts'
import { startCapture, type Capture } from './capture.ts'
import type { Namespace } from './namespace.ts'
import type { SegmentSpec } from './plan.ts'

/** Counts of every packet, so also of neighbour discovery and MLD. */
export interface PortPackets {
  /** Sent by the host into the segment. */
  readonly sent: number
  /** Sent by the segment to the host. */
  readonly received: number
  /** Lost at the port in either direction. */
  readonly dropped: number
}

export class Segment {
  readonly name: string
  readonly mtu: number
  readonly number: number
  readonly snooping: boolean
  readonly #switch: Namespace
  readonly #interfaces: Interface[] = []

  constructor(spec: SegmentSpec, number: number, inside: Namespace) {
    this.name = spec.name
    this.mtu = spec.mtu
    this.snooping = spec.snooping
    this.number = number
    this.#switch = inside
  }

  get hosts(): readonly string[] {
    return this.#interfaces.map((end) => end.host)
  }

  /** Each frame that crosses the segment, once, however many hosts it goes to. */
  capture(filter: string = 'ip6 and udp'): Promise<Capture> {
    return startCapture(this.#switch, bridgeName(this.name), filter)
  }

  /** Packet counts since the lab opened, by host. */
  async packets(): Promise<ReadonlyMap<string, PortPackets>> {
    const question = `-j -s link show master ${bridgeName(this.name)}`
    const shown = await this.#switch.must('ip', ...question.split(' '))
    const links = JSON.parse(shown) as readonly LinkStatistics[] // The format of iproute2.
    const linksByPort = new Map(links.map((link) => [link.ifname, link.stats64]))
    const countsByHost = new Map<string, PortPackets>()
    for (const { host, port } of this.#interfaces) {
      const stats = linksByPort.get(port)
      if (stats === undefined) continue // Its cable is deleted at present.
      const { rx, tx } = stats
      const { sent = 0, received = 0, dropped = 0 } = countsByHost.get(host) ?? {}
      countsByHost.set(host, {
        sent: sent + rx.packets,
        received: received + tx.packets,
        dropped: dropped + rx.dropped + tx.dropped,
      })
    }
    return countsByHost
  }

  /** The groups that a snooping switch believes each host has joined. */
  async groups(): Promise<ReadonlyMap<string, readonly string[]>> {
    if (!this.snooping) throw new Error(`segment ${this.name} does not snoop: it knows no groups`)
    const question = `-j mdb show dev ${bridgeName(this.name)}`
    const shown = await this.#switch.must('bridge', ...question.split(' '))
    const entries = (JSON.parse(shown) as readonly GroupTable[]).flatMap(({ mdb }) => mdb)
    return new Map(
      this.hosts.map((host) => {
        const ports = this.#interfaces.filter((end) => end.host === host).map((end) => end.port)
        const groups = entries.filter(({ port }) => ports.includes(port)).map(({ grp }) => grp)
        return [host, [...new Set(groups)].toSorted()]
      }),
    )
  }

  /** A snooping switch forgets that a host has joined a group, as if its report had been lost. */
  async forget(host: string, group: string): Promise<void> {
    const bridge = bridgeName(this.name)
    for (const { port } of this.#interfaces.filter((end) => end.host === host)) {
      await this.#switch.must('bridge', 'mdb', 'del', 'dev', bridge, 'port', port, 'grp', group)
    }
  }

  /** @internal Called by the lab for each cable it lays. */
  connect(end: Interface): void {
    this.#interfaces.push(end)
  }
}

/** A shell script for the switch that makes the bridge of a segment. */
export function bridgeScript(spec: SegmentSpec, number: number): string {
  const bridge = bridgeName(spec.name)
  const mac = `02:5c:ff:${number.toString(16).padStart(2, '0')}:00:01`
  const response = Math.max(1, Math.round(spec.queryResponseMs / 10))
  // A querier asks from an address of its own; any other bridge stays silent. It floods for one
  // response time from when it is made querier, so that the time must be set before.
  return `ip link add ${bridge} address ${mac} mtu ${spec.mtu} type bridge forward_delay 0 \\
  stp_state 0 mcast_snooping ${Number(spec.snooping)} mcast_query_response_interval ${response}
ip link set ${bridge} type bridge mcast_querier ${Number(spec.querier)}
echo ${Number(!spec.querier)} >/proc/sys/net/ipv6/conf/${bridge}/disable_ipv6
ip link set ${bridge} up`
}

interface LinkStatistics {
  readonly ifname: string
  readonly stats64: { readonly rx: Counters; readonly tx: Counters }
}

interface Counters {
  readonly packets: number
  readonly dropped: number
}

interface GroupTable {
  readonly mdb: readonly { readonly port: string; readonly grp: string }[]
}
