/** Peers on a segment and peers behind its relay: nothing lost, nothing twice, whatever breaks. */
import { describe, expect, it } from 'vitest'
import { parsePattern } from '../../bus/core/topic/pattern.ts'
import { MARKER, quietPlan } from './plan.ts'
import type { Process } from './process.ts'
import { Random } from '../../bus/testing/random.ts'
import { type SimLink, SimRelay } from './relay.ts'
import { Trace } from './trace.ts'
import { advance, World } from './world.ts'

/** Two peers on a segment, two behind the relay; each subscribes to all topics. */
class Scene {
  readonly world: World
  readonly relay: SimRelay
  readonly links: readonly SimLink[]
  readonly processes: readonly Process[]
  readonly #random: Random

  constructor(seed: number, loss: number) {
    this.#random = new Random(seed, 'relay')
    this.world = new World(quietPlan(seed), new Trace())
    const { network } = this.world
    this.relay = new SimRelay(this.world, network.host([0]))
    const native = [network.host([0]), network.host([0])].map((host) => this.#launch(host))
    this.links = [0, 1].map(() => this.relay.link(this.#launch(network.host([]))))
    this.processes = [...native, ...this.links.map(({ process }) => process)]
    for (const host of network.hosts) {
      for (const { up, down } of host.interfaces) up.loss = down.loss = loss
    }
    this.wait(1500)
  }

  wait(ms: number): void {
    advance(this.world, this.world.schedule.time + ms)
  }

  at(ms: number, act: () => void): void {
    this.world.schedule.after(ms, act)
  }

  /** Each process publishes so many bursts in that time. */
  publish(bursts: number, overMs: number): void {
    for (const process of this.processes) {
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

  /** Each link breaks some times and comes back; once the relay dies and starts anew. */
  storm(overMs: number): void {
    const { links, relay } = this
    for (const link of [...links, ...links]) {
      const from = this.#random.between(0, overMs)
      this.at(from, () => link.cut())
      this.at(from + this.#random.between(50, 3000), () => link.open())
    }
    const death = this.#random.between(0, overMs)
    this.at(death, () => relay.kill())
    this.at(death + this.#random.between(50, 2000), () => relay.start())
  }

  /** What each subscription has of each stream of the others: delivered, lost, published. */
  accounts(): { delivered: number; lost: number; published: number }[] {
    const { ledger } = this.world
    return this.processes.flatMap((reader) => {
      const [subscribed] = ledger.subscriptionsOf(reader)
      return this.processes.flatMap((publisher) =>
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
    const parsed = parsePattern(`${MARKER}/**`)
    if (!parsed.ok) throw new Error(parsed.fault)
    const { pattern } = parsed
    this.world.ledger.subscribed(process, this.world.schedule.time, { id: 1, pattern })
    process.command((peer, now) => peer.subscribe(now, 1, pattern))
    return process
  }
}

describe('a relay between a segment and links', () => {
  it('brings each packet once to everybody, and nothing has to be sent again', () => {
    const scene = new Scene(1, 0)
    const repeats = (): number[] =>
      scene.processes.map(({ peer: { metrics } }) => {
        return metrics.get('duplicate') + metrics.get('replayed') + metrics.get('repairsSent')
      })
    // Streams are known and attached to before anything is counted.
    scene.publish(1, 0)
    scene.wait(3000)
    const before = repeats()
    scene.publish(20, 2000)
    scene.wait(4000)
    const accounts = scene.accounts()
    expect(accounts.length).toBe(12)
    for (const { delivered, lost, published } of accounts) {
      expect({ delivered, lost }).toEqual({ delivered: published, lost: 0 })
    }
    expect(repeats()).toEqual(before)
    expect(scene.relay.counters.snapshot()).toMatchObject({ foreign: 0, unicastRefused: 0 })
  })

  it.each(Array.from({ length: 12 }, (_, seed) => seed + 1))(
    'loses nothing when links break and the relay starts anew: seed %d',
    (seed) => {
      const scene = new Scene(seed, seed % 3 === 0 ? 0.05 : 0)
      scene.publish(30, 6000)
      scene.storm(6000)
      scene.wait(6000 + 3000)
      scene.world.network.heal()
      scene.wait(16_000)
      for (const { delivered, lost, published } of scene.accounts()) {
        expect({ delivered, lost }).toEqual({ delivered: published, lost: 0 })
      }
    },
  )
})
