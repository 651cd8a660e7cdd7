/** Peers reached by unicast that subscribe and leave all the time: they lose and double nothing. */
import { describe, expect, it } from 'vitest'
import { Random } from '../../bus/testing/random.ts'
import type { Subscribed } from './ledger.ts'
import { MARKER } from './plan.ts'
import type { Process } from './process.ts'
import { Scene } from './scene.ts'
import { seeds } from './scene-checks.ts'

/** Peers that publish each on topics of its own, and subscribe to those of all, now and then. */
class Storm {
  readonly scene: Scene
  readonly #random: Random
  readonly #readers: Subscribed[] = []

  constructor(seed: number, loss: number) {
    this.#random = new Random(seed, 'storm')
    const setting = { apart: true, idle: true, loss, relays: [] }
    this.scene = new Scene(seed, { ...setting, peers: [0, 0, 0, 0, 0] })
    for (const process of this.scene.processes) this.#name(process)
    this.scene.wait(3000)
  }

  rage(ms: number): void {
    const random = this.#random
    const some = (count: number, act: () => void): void => {
      for (let i = 0; i < count; i++) this.scene.at(random.between(0, ms), act)
    }
    some(400, () => this.#publish())
    some(60, () => this.#subscribe())
    some(40, () => this.#unsubscribe())
    some(random.integer(0, 6), () => this.scene.multicast(random.chance(0.5)))
    some(random.integer(0, 1), () => this.scene.processes.at(-1)!.end())
    some(random.integer(0, 1), () => this.#name(this.scene.launch()))
    this.scene.wait(ms + 3000)
  }

  /** Nothing is lost any more. */
  rest(): void {
    this.scene.world.network.heal()
    this.scene.lose(0)
    this.scene.wait(20_000)
  }

  /** What those who still listen lack of those who still speak. */
  lacks(): string[] {
    const { scene } = this
    const { ledger } = scene.world
    const open = this.#readers.filter((one) => one.endedAt === undefined && one.process.alive)
    return open.flatMap((reader) => {
      const streams = scene.processes
        .filter((publisher) => publisher.alive && publisher !== reader.process)
        .flatMap((publisher) => ledger.streamsOf(publisher))
        .filter((stream) => ledger.matches(reader, stream))
      return streams.flatMap((stream) => {
        const track = reader.tracks.get(stream)
        const { length } = stream.messages
        const begins = stream.messages.findIndex(({ at }) => at >= reader.at)
        const first = begins === -1 ? length : begins
        const { first: from = length, next = length, lost = 0 } = track ?? {}
        if (lost === 0 && next === length && from <= first) return []
        return [
          `${reader.process.id} #${reader.id} ${stream.topic}: ${from}-${next}, ${lost}, of ${first}-${length}`,
        ]
      })
    })
  }

  #alive(): readonly Process[] {
    return this.scene.processes.filter(({ alive }) => alive)
  }

  #name(process: Process): void {
    this.scene.name(process, this.scene.processes.slice(0, 2))
  }

  #publish(): void {
    const process = this.#random.pick(this.#alive())
    const topic = `${MARKER}/${process.id}/${this.#random.integer(0, 3)}`
    this.scene.world.workload.publish(process, topic, this.#random.pick([0, 100, 3000]))
    process.endTurn()
  }

  #subscribe(): void {
    const of = this.#random.pick(this.scene.processes).id
    const place = this.#random.integer(0, 3)
    const texts = ['**', `${of}/*`, `${of}/${place}`, `${of}/${place}`, `*/${place}`]
    const process = this.#random.pick(this.#alive())
    this.#readers.push(this.scene.subscribe(process, `${MARKER}/${this.#random.pick(texts)}`))
  }

  #unsubscribe(): void {
    const open = this.#readers.filter((one) => one.endedAt === undefined && one.process.alive)
    if (open.length > 0) this.scene.unsubscribe(this.#random.pick(open))
  }
}

describe('peers that change their minds, while multicast and processes come and go', () => {
  it.each(seeds(10))('lose and double nothing: seed %d', (seed) => {
    const loss = seed % 2 === 0 ? 0.05 : 0
    const storm = new Storm(seed, loss)
    storm.rage(20_000)
    storm.rest()
    expect(storm.lacks()).toEqual([])
  })
})
