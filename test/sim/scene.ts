/** Peers on segments and behind relays, in the simulator, and what each of them has received. */
import type { Delivery } from '../../bus/core/output.ts'
import { parsePattern } from '../../bus/core/topic/pattern.ts'
import { Random } from '../../bus/testing/random.ts'
import { SimBackbone } from './backbone.ts'
import type { Subscribed } from './ledger.ts'
import { MARKER, quietPlan } from './plan.ts'
import type { Process } from './process.ts'
import type { SimLink } from './link.ts'
import { SimRelay } from './relay.ts'
import { Trace } from './trace.ts'
import { SimTrunk } from './trunk.ts'
import { advance, World } from './world.ts'

/** Where everybody is: segments have numbers. */
export interface Setting {
  readonly loss?: number
  /** The segment of each peer. */
  readonly peers: readonly number[]
  /** The segments of each relay. */
  readonly relays: readonly (readonly number[])[]
  /** The relay, by its place in the list, of each peer that has no segment. */
  readonly linked?: readonly number[]
  /** No multicast passes at first, and who is reached by which way is told. */
  readonly apart?: boolean
  /** Nobody subscribes to anything by itself. */
  readonly idle?: boolean
  /** How topics are delivered, in place of `reliable`. */
  readonly delivery?: Delivery
  /** The relays that meet by a backbone. */
  readonly backbone?: readonly number[]
  /** Which two relays each trunk is between. */
  readonly trunks?: readonly (readonly [number, number])[]
}

/** Each peer subscribes to all topics, unless it is idle. */
export class Scene {
  readonly world: World
  readonly relays: readonly SimRelay[]
  readonly links: readonly SimLink[]
  readonly trunks: readonly SimTrunk[]
  readonly backbone: SimBackbone | undefined
  readonly processes: Process[]
  readonly #random: Random
  readonly #idle: boolean
  #subscriptions = 0

  constructor(seed: number, given: Setting) {
    const { loss = 0, peers, relays, linked = [], trunks = [], backbone } = given
    const { idle = false, delivery = 'reliable' } = given
    this.#idle = idle
    this.#random = new Random(seed, 'relay')
    this.world = new World({ ...quietPlan(seed), deliveries: [delivery] }, new Trace())
    const { network } = this.world
    network.routed = given.apart ?? false
    this.multicast(!network.routed)
    this.relays = relays.map((segments) => new SimRelay(this.world, network.host(segments)))
    this.trunks = trunks.map(
      ([a, b]) => new SimTrunk(this.world, [this.relays[a]!, this.relays[b]!]),
    )
    const ends = backbone?.map((at) => this.relays[at]!)
    this.backbone = ends && new SimBackbone(this.world, ends)
    const native = peers.map((segment) => this.#launch(network.host([segment])))
    this.links = linked.map((at) => this.relays[at]!.link(this.#launch(network.host([]))))
    this.processes = [...native, ...this.links.map(({ process }) => process)]
    this.lose(loss)
    this.wait(1500)
  }

  /** Every interface loses so much, both ways. */
  lose(loss: number): void {
    for (const host of this.world.network.hosts) {
      for (const { up, down } of host.interfaces) up.loss = down.loss = loss
    }
  }

  /** Whether multicast passes from one host to another. */
  multicast(passes: boolean): void {
    this.world.network.swallows = () => !passes
  }

  wait(ms: number): void {
    advance(this.world, this.world.schedule.time + ms)
  }

  at(ms: number, act: () => void): void {
    this.world.schedule.after(ms, act)
  }

  /** One more peer, on that segment. */
  launch(segment = 0): Process {
    const process = this.#launch(this.world.network.host([segment]))
    this.processes.push(process)
    return process
  }

  /** It says hello to these by unicast. */
  name(process: Process, others: readonly Process[]): void {
    const endpoints = others.map(({ options: { host, port } }) => {
      return { address: host.interfaces[0]!.address, port }
    })
    process.command((peer, now) => peer.name(now, endpoints))
  }

  /** Returns what it has got so far of what it wants. */
  subscribe(process: Process, text: string): Subscribed {
    const parsed = parsePattern(text)
    if (!parsed.ok) throw new Error(parsed.fault)
    const { pattern } = parsed
    const { ledger, schedule } = this.world
    const id = ++this.#subscriptions
    ledger.subscribed(process, schedule.time, { id, pattern })
    process.command((peer, now) => peer.subscribe(now, id, pattern))
    return ledger.subscriptionsOf(process).at(-1)!
  }

  unsubscribe(subscribed: Subscribed): void {
    subscribed.endedAt = this.world.schedule.time
    subscribed.process.command((peer, now) => peer.unsubscribe(now, subscribed.id))
  }

  /** Each process, or each of these, publishes so many bursts in that time. */
  publish(bursts: number, overMs: number, by: readonly Process[] = this.processes): void {
    for (const process of by) {
      for (let burst = 0; burst < bursts; burst++) {
        this.at(this.#random.between(0, overMs), () => {
          const size = this.#random.pick([0, 20, 1100, 5000])
          for (let i = this.#random.integer(1, 10); i > 0; i--) {
            this.world.workload.publish(process, `${MARKER}/${process.id}`, size)
          }
          process.endTurn()
        })
      }
    }
  }

  /** Each link breaks some times and comes back; once each relay dies and starts anew. */
  storm(overMs: number): void {
    const { links, relays, trunks, backbone } = this
    for (const link of [...links, ...links, ...trunks, ...(backbone ? [backbone] : [])]) {
      const from = this.#random.between(0, overMs)
      this.at(from, () => link.cut())
      this.at(from + this.#random.between(50, 3000), () => link.open())
    }
    for (const relay of relays) {
      const death = this.#random.between(0, overMs)
      this.at(death, () => relay.kill())
      this.at(death + this.#random.between(50, 2000), () => relay.start())
    }
  }

  /** What each subscription has of each stream of the others: delivered, lost, published. */
  accounts(
    among: readonly Process[] = this.processes,
  ): { delivered: number; lost: number; published: number }[] {
    const { ledger } = this.world
    return among.flatMap((reader) => {
      const [subscribed] = ledger.subscriptionsOf(reader)
      return among.flatMap((publisher) =>
        publisher === reader
          ? []
          : ledger.streamsOf(publisher).map((stream) => {
              const { delivered = 0, lost = 0 } = subscribed?.tracks.get(stream) ?? {}
              return { delivered, lost, published: stream.messages.length }
            }),
      )
    })
  }

  #launch(host: Process['options']['host']): Process {
    const process = this.world.launch({ host, realm: 0 })
    if (!this.#idle) this.subscribe(process, `${MARKER}/**`)
    return process
  }
}
