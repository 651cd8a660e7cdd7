/**
 * A relay in the simulator: the real bridge on a host, whose interfaces are its faces, and links
 * that carry records in order, with a delay, until they break.
 *
 * A linked process has no interface; what it asks of the network goes by its link. What was on its
 * way when a link broke is lost, both ways, and a relay that starts anew knows nothing.
 */
import type { Endpoint } from '../../bus/core/output.ts'
import { controlParts } from '../../bus/core/seal/keys.ts'
import type { LinkRecord } from '../../bus/core/wire/link.ts'
import { Bridge } from '../../relay/bridge.ts'
import type { BridgeOutput } from '../../relay/bridge-output.ts'
import { Counters } from '../../relay/counters.ts'
import { RelayKeys } from '../../relay/keys.ts'
import { defaultRelayLimits } from '../../relay/limits.ts'
import type { TrunkRecord } from '../../relay/trunk-wire.ts'
import { BACKBONE } from '../../relay/faces.ts'
import type { SimBackbone } from './backbone.ts'
import { trueCrypto } from './crypto.ts'
import type { Host, Interface, Station } from './host.ts'
import { SimLink } from './link.ts'
import type { Process } from './process.ts'
import { quickCrypto } from './quick.ts'
import type { Sender } from './network.ts'
import type { SimTrunk } from './trunk.ts'
import type { World } from './world.ts'

export class SimRelay {
  readonly counters: Counters = new Counters()
  readonly host: Host
  readonly #world: World
  readonly #links: SimLink[] = []
  /** To other relays. */
  readonly trunks: SimTrunk[] = []
  backbone: SimBackbone | undefined
  readonly #linkByPort = new Map<number, SimLink>()
  readonly #ear: Station
  #bridge: Bridge | undefined
  #id = 0n
  #ports = FIRST_PORT
  /** Counts starts. */
  #life = 0
  /** Ports that are held for peers who are elsewhere. */
  readonly #held = new Map<number, Station>()
  readonly #groupsByFace = new Map<string, Set<string>>()
  /** Datagrams that it has sent to groups. */
  sent = 0

  constructor(world: World, host: Host) {
    this.#world = world
    this.host = host
    this.#ear = {
      alive: true,
      port: RELAY_PORT,
      groups: new Set(),
      receive: (bytes, from, group) => this.#hear(bytes, from, group),
    }
    host.processes.push(this.#ear)
    this.start()
  }

  start(): void {
    const realm = this.#world.realms[0]!
    const crypto = this.#world.plan.trueCrypto ? trueCrypto : quickCrypto
    this.#life += 1
    const life = this.#life
    const id = BigInt(life) * 1_000_003n + BigInt(Number.parseInt(this.host.name, 16)) * 7_919n
    this.#id = id
    this.#bridge = new Bridge({
      id,
      crypto,
      keys: new RelayKeys(crypto, controlParts(crypto, realm)),
      verify: (...claim) => this.#world.signatures.verify(...claim),
      scope: 'link',
      limits: defaultRelayLimits,
      counters: this.counters,
    })
    for (const { name } of this.#faces()) this.#bridge.faceOpened(this.#world.schedule.time, name)
    this.#drain()
    for (const link of this.#links) link.open()
    for (const trunk of this.trunks) trunk.open()
    this.backbone?.enter(this)
    const tick = (): void => {
      if (life !== this.#life || !this.#bridge) return
      this.#bridge.tick(this.#world.schedule.time)
      this.#drain()
      this.#world.schedule.after(TICK_MS, tick)
    }
    tick()
  }

  /** It is gone, with all its links and whatever it knew. */
  kill(): void {
    for (const trunk of this.trunks) trunk.cut()
    this.backbone?.leave(this)
    this.#bridge = undefined
    this.#id = 0n
    this.#ear.groups.clear()
    this.#groupsByFace.clear()
    for (const port of this.#held.keys()) this.#release(port)
    for (const link of this.#links) link.cut()
  }

  /** Of this start; 0 while the relay is not there. */
  get id(): bigint {
    return this.#id
  }

  trunkOpened(relay: bigint): void {
    this.#bridge?.trunkOpened(this.#world.schedule.time, relay)
    this.#drain()
  }

  trunkClosed(relay: bigint): void {
    this.#bridge?.trunkClosed(relay)
    this.#drain()
  }

  fromTrunk(relay: bigint, record: TrunkRecord): void {
    this.#bridge?.fromTrunk(this.#world.schedule.time, relay, record)
    this.#drain()
  }

  relayMet(relay: bigint): void {
    this.#bridge?.relayMet(this.#world.schedule.time, relay)
    this.#drain()
  }

  relayLost(relay: bigint): void {
    this.#bridge?.relayLost(relay)
    this.#drain()
  }

  fromBackbone(relay: bigint, record: TrunkRecord): void {
    this.#bridge?.fromBackbone(this.#world.schedule.time, relay, record)
    this.#drain()
  }

  /** Gives a process a link, which is open at once. */
  link(process: Process): SimLink {
    const link = new SimLink(this.#world, process, this)
    this.#links.push(link)
    link.open()
    return link
  }

  /** A port for a link; 0 while the relay is not there. */
  opened(link: SimLink): number {
    if (!this.#bridge) return 0
    this.#ports += 1
    const port = this.#ports
    this.#linkByPort.set(port, link)
    this.#bridge.opened(port)
    this.host.processes.push(this.#portOf(port))
    return port
  }

  closed(port: number): void {
    this.#linkByPort.delete(port)
    this.#bridge?.closed(port)
    this.#drain()
  }

  record(port: number, record: LinkRecord): void {
    if (this.#bridge?.fromLink(this.#world.schedule.time, port, record) === false) {
      throw new Error(`the relay refuses ${record.type}`)
    }
    this.#drain()
  }

  #portOf(port: number): Station {
    const linkByPort = this.#linkByPort
    return {
      get alive() {
        return linkByPort.has(port)
      },
      port,
      groups: new Set(),
      receive: (bytes, from) => {
        const face = this.#faceOf(from)?.name ?? ''
        this.#bridge?.fromPort(this.#world.schedule.time, port, { bytes, from, face })
        this.#drain()
      },
    }
  }

  #hold(port: number): void {
    const taken = this.host.processes.some((one) => one.alive && one.port === port)
    if (taken) return this.counters.count('portTaken')
    const station = { ...this.#portOf(port), alive: true }
    this.#held.set(port, station)
    this.host.processes.push(station)
  }

  #release(port: number): void {
    const station = this.#held.get(port)
    if (!station) return
    this.#held.delete(port)
    this.host.processes.splice(this.host.processes.indexOf(station), 1)
  }

  #faces(): { readonly name: string; readonly port: Interface }[] {
    return this.host.interfaces.map((port) => ({ name: `segment ${port.segment}`, port }))
  }

  /** Where an address is heard. */
  #faceOf({ address }: Endpoint): { readonly name: string; readonly port: Interface } | undefined {
    const ports = this.#world.network.hosts.flatMap(({ interfaces }) => interfaces)
    const segment = ports.find((one) => one.address === address)?.segment
    return this.#faces().find(({ port }) => port.segment === segment)
  }

  #hear(bytes: Uint8Array, from: Endpoint, group: string | undefined): void {
    const own = this.host.interfaces.some(({ address }) => address === from.address)
    const face = this.#faceOf(from)
    if (group === undefined || !face || (own && from.port === RELAY_PORT + SEND_PORTS)) return
    if (!this.#groupsByFace.get(face.name)?.has(group)) return
    this.#bridge?.fromGroup(this.#world.schedule.time, group, { bytes, from, face: face.name })
    this.#drain()
  }

  #drain(): void {
    for (let output = this.#bridge?.poll(); output; output = this.#bridge?.poll()) {
      this.#carryOut(output)
    }
  }

  #carryOut(output: BridgeOutput): void {
    const { network } = this.#world
    const sender = (port: number): Parameters<typeof network.act>[0] => ({
      options: { host: this.host, port },
      groups: this.#ear.groups,
    })
    switch (output.type) {
      case 'join': {
        if (output.face === BACKBONE) return this.backbone?.join(this, output.group)
        const groups = this.#groupsByFace.get(output.face) ?? new Set()
        this.#groupsByFace.set(output.face, groups.add(output.group))
        return network.act(sender(RELAY_PORT), output)
      }
      case 'leave': {
        if (output.face === BACKBONE) return this.backbone?.leaveGroup(this, output.group)
        this.#groupsByFace.get(output.face)?.delete(output.group)
        const wanted = [...this.#groupsByFace.values()].some((one) => one.has(output.group))
        return wanted ? undefined : network.act(sender(RELAY_PORT), output)
      }
      case 'rejoin':
        return network.act(sender(RELAY_PORT), output)
      case 'hold':
        return this.#hold(output.port)
      case 'release':
        return this.#release(output.port)
      case 'multicast': {
        const { face, group, datagram } = output
        const port = this.#faces().find(({ name }) => name === face)?.port
        if (!port) return undefined
        this.sent += 1
        return network.act(oneFace(port), { type: 'transmit', to: group, datagram })
      }
      case 'unicast': {
        const { port, to, datagram } = output
        return network.act(sender(port), { type: 'transmit', to, datagram })
      }
      case 'hears':
        return undefined // processes have either a link or a network here
      case 'trunk': {
        const { relay, record } = output
        return this.trunks.find((one) => one.leadsTo(this, relay))?.carry(this, record)
      }
      case 'backbone':
        return this.backbone?.carry(this, output.relay, output.record)
      case 'down':
        for (const port of output.ports) {
          this.#linkByPort.get(port)?.down(output.datagram, output.from)
        }
    }
  }
}

/** Whatever it sends leaves by one interface. */
function oneFace(port: Interface): Sender {
  const host: Host = Object.create(port.host, { interfaces: { value: [port] } })
  return { options: { host, port: RELAY_PORT }, groups: new Set() }
}

const TICK_MS = 100
const RELAY_PORT = 39_000
const FIRST_PORT = 50_000
/** Multicast leaves by another port than unicast comes to: see the network. */
const SEND_PORTS = 20_000
