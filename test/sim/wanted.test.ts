/** Peers that are reached by unicast: each gets copies of what it wants, and nobody else does. */
import { describe, expect, it } from 'vitest'
import type { Delivery } from '../../bus/core/output.ts'
import { Kind, readHeader, splitDatagram } from '../../bus/core/wire/packet.ts'
import type { Subscribed } from './ledger.ts'
import { MARKER } from './plan.ts'
import type { Process } from './process.ts'
import { Scene } from './scene.ts'
import { seeds } from './scene-checks.ts'

/** Peers that no multicast reaches; the first names all others, and publishes on one topic. */
class Mesh {
  readonly scene: Scene
  readonly topic = `${MARKER}/news`
  /** Data packets that the publisher has sent to its group. */
  packets = 0
  /** The same to each other peer. */
  readonly copies = new Map<string, number>()
  readonly publisher: Process
  readonly others: readonly Process[]

  constructor(
    peers: number,
    given: { seed?: number; loss?: number; delivery?: Delivery; multicast?: boolean } = {},
  ) {
    const { seed = 1, loss = 0, delivery = 'reliable', multicast = false } = given
    const setting = { apart: true, idle: true, loss, delivery, relays: [] }
    this.scene = new Scene(seed, { ...setting, peers: Array(peers).fill(0) })
    this.scene.multicast(multicast)
    const [publisher, ...others] = this.scene.processes
    this.publisher = publisher!
    this.others = others
    this.#count()
    this.scene.name(publisher!, others)
    this.scene.wait(4000)
  }

  /** So many of the others subscribe, those that were launched first. */
  subscribe(count: number, pattern = this.topic): readonly Subscribed[] {
    return this.others.slice(0, count).map((process) => this.scene.subscribe(process, pattern))
  }

  /** One message now and then. */
  publish(messages: number, overMs: number): void {
    const { scene, publisher, topic } = this
    for (let i = 0; i < messages; i++) {
      scene.at((i * overMs) / messages, () => {
        scene.world.workload.publish(publisher, topic, 100)
        publisher.endTurn()
      })
    }
    scene.wait(overMs)
  }

  /** Copies since the last call: packets, how many left for each, and who got any. */
  since(): { packets: number; copies: number; to: readonly string[] } {
    const { packets, copies } = this
    const counted = {
      packets,
      copies: [...copies.values()].reduce((sum, one) => sum + one, 0),
      to: [...copies.keys()].toSorted(),
    }
    this.packets = 0
    copies.clear()
    return counted
  }

  /** What a subscription has got, or was told of as lost, from its first message on. */
  has({ tracks }: Subscribed): { delivered: number; lost: number; behind: number } {
    const [stream] = this.scene.world.ledger.streamsOf(this.publisher)
    const { delivered = 0, lost = 0, next = 0 } = (stream && tracks.get(stream)) ?? {}
    return { delivered, lost, behind: (stream?.messages.length ?? 0) - next }
  }

  #count(): void {
    const { network } = this.scene.world
    const act = network.act.bind(network)
    network.act = (process, what) => {
      act(process, what)
      if (what.type !== 'transmit' || process !== this.publisher) return
      const { to } = what
      splitDatagram(what.datagram, (packet) => {
        if (readHeader(packet).kind !== Kind.data) return
        if (typeof to === 'string') this.packets += 1
        else this.copies.set(this.#nameOf(to), (this.copies.get(this.#nameOf(to)) ?? 0) + 1)
      })
    }
  }

  #nameOf({ port }: { readonly port: number }): string {
    return this.scene.processes.find((process) => process.port === port)!.id
  }
}

const ALL = { lost: 0, behind: 0 }

describe('what goes to a topic', () => {
  it.each(['reliable', 'best-effort', 'latest'] as const)(
    'is copied to those who have subscribed and to nobody else: %s',
    (delivery) => {
      const mesh = new Mesh(7, { delivery })
      const readers = mesh.subscribe(2)
      mesh.scene.wait(1000)
      mesh.publish(40, 4000)
      mesh.scene.wait(1000)
      expect(mesh.since()).toEqual({ packets: 40, copies: 80, to: ['p2', 'p3'] })
      for (const reader of readers)
        expect(mesh.has(reader)).toMatchObject({ ...ALL, delivered: 40 })
    },
  )

  it('is copied to nobody when nobody has subscribed, and all stay known', () => {
    const mesh = new Mesh(5)
    mesh.publish(40, 30_000)
    expect(mesh.since()).toMatchObject({ packets: 40, copies: 0 })
    const { presence } = mesh.scene.world
    expect(presence.seenBy(mesh.publisher).size).toBe(4)
    for (const other of mesh.others) expect(presence.seenBy(other)).toContain(mesh.publisher)
  })

  it('is copied at once where a pattern matches a topic that is new', () => {
    const mesh = new Mesh(5)
    const readers = mesh.subscribe(3, `${MARKER}/*`)
    mesh.scene.wait(3000)
    mesh.publish(1, 1)
    mesh.scene.wait(200)
    for (const reader of readers) expect(mesh.has(reader)).toMatchObject({ ...ALL, delivered: 1 })
    mesh.since()
    mesh.publish(10, 1000)
    expect(mesh.since()).toEqual({ packets: 10, copies: 30, to: ['p2', 'p3', 'p4'] })
  })

  it('reaches who subscribes later from then on, and who leaves no more', () => {
    const mesh = new Mesh(5)
    const [early] = mesh.subscribe(1)
    mesh.publish(20, 2000)
    expect(mesh.since().to).toEqual(['p2'])
    const late = mesh.scene.subscribe(mesh.others[2]!, mesh.topic)
    mesh.publish(20, 2000)
    expect(mesh.since()).toMatchObject({ packets: 20, to: ['p2', 'p4'] })
    expect(mesh.has(late)).toMatchObject({ ...ALL, delivered: 20 })
    mesh.scene.unsubscribe(early!)
    mesh.scene.wait(100)
    mesh.publish(20, 2000)
    expect(mesh.since()).toEqual({ packets: 20, copies: 20, to: ['p4'] })
    const again = mesh.scene.subscribe(mesh.others[0]!, mesh.topic)
    mesh.publish(20, 2000)
    mesh.scene.wait(500)
    expect(mesh.since()).toMatchObject({ to: ['p2', 'p4'] })
    for (const reader of [again, late]) expect(mesh.has(reader)).toMatchObject(ALL)
  })

  it('is copied to no newcomer that wants none of it, once it has said so', () => {
    const mesh = new Mesh(3)
    mesh.subscribe(1)
    const newcomer = mesh.scene.launch()
    mesh.scene.name(newcomer, [mesh.publisher])
    mesh.publish(30, 3000)
    mesh.since()
    mesh.publish(30, 30_000)
    expect(mesh.since()).toMatchObject({ copies: 30, to: ['p2'] })
  })
})

describe('multicast that is there for a while', () => {
  it('leaves nobody with copies who has gone from the topic meanwhile, nor without who has come', () => {
    const mesh = new Mesh(4)
    const [gone, stays] = mesh.subscribe(2)
    mesh.publish(10, 1000)
    mesh.scene.multicast(true)
    mesh.publish(60, 6000)
    mesh.since()
    mesh.publish(10, 1000)
    expect(mesh.since().copies).toBe(0)
    mesh.scene.unsubscribe(gone!)
    const came = mesh.scene.subscribe(mesh.others[2]!, mesh.topic)
    mesh.scene.wait(500)
    mesh.scene.multicast(false)
    mesh.publish(60, 8000)
    mesh.since()
    mesh.publish(20, 2000)
    mesh.scene.wait(1000)
    expect(mesh.since()).toEqual({ packets: 20, copies: 40, to: ['p3', 'p4'] })
    for (const reader of [stays!, came]) expect(mesh.has(reader)).toMatchObject(ALL)
  })
})

describe('where packets are lost', () => {
  it.each(seeds(12))('who wants a topic gets all of it, and the others none: seed %d', (seed) => {
    const mesh = new Mesh(6, { seed, loss: seed % 3 === 0 ? 0.1 : 0.05 })
    const readers = [...mesh.subscribe(2)]
    mesh.publish(40, 4000)
    readers.push(mesh.scene.subscribe(mesh.others[2]!, `${MARKER}/**`))
    mesh.publish(40, 4000)
    mesh.scene.unsubscribe(readers.shift()!)
    mesh.publish(40, 4000)
    mesh.since()
    // Whatever of that has been lost is said again with each refresh.
    mesh.publish(200, 40_000)
    mesh.since()
    mesh.publish(40, 4000)
    expect(mesh.since().to).toEqual(['p3', 'p4'])
    mesh.scene.world.network.heal()
    mesh.scene.lose(0)
    mesh.scene.wait(12_000)
    for (const reader of readers) expect(mesh.has(reader)).toMatchObject(ALL)
  })

  it.each(seeds(4))('who comes and goes all the time loses nothing either: seed %d', (seed) => {
    const mesh = new Mesh(5, { seed, loss: 0.1 })
    const [stays] = mesh.subscribe(1)
    const last = mesh.others.slice(1).map((process, place) => {
      let reader = mesh.scene.subscribe(process, mesh.topic)
      for (let at = 200 + place * 70; at < 12_000; at += 400 + place * 130) {
        mesh.scene.at(at, () => mesh.scene.unsubscribe(reader))
        const back = at + 20 + place * 40
        mesh.scene.at(back, () => (reader = mesh.scene.subscribe(process, mesh.topic)))
      }
      return () => reader
    })
    mesh.publish(400, 20_000)
    mesh.scene.lose(0)
    mesh.scene.wait(12_000)
    for (const reader of [stays!, ...last.map((of) => of())])
      expect(mesh.has(reader)).toMatchObject(ALL)
  })
})

describe('a publisher that takes a peer for gone, which it still hears', () => {
  it.each(seeds(6))('sends it what it wants again, and no more than that: seed %d', (seed) => {
    const mesh = new Mesh(4, { seed })
    const [reader] = mesh.subscribe(1)
    mesh.publish(20, 2000)
    const { network, presence } = mesh.scene.world
    const gone = mesh.others.slice(0, 2)
    for (const { options } of gone) network.cut(options.host, mesh.publisher.options.host)
    mesh.publish(80, 8000)
    for (const other of gone) {
      expect(presence.seenBy(mesh.publisher)).not.toContain(other)
      expect(presence.seenBy(other)).toContain(mesh.publisher)
    }
    network.mend()
    mesh.publish(50, 5000)
    mesh.since()
    mesh.publish(20, 2000)
    expect(mesh.since()).toEqual({ packets: 20, copies: 20, to: ['p2'] })
    expect(mesh.has(reader!)).toMatchObject(ALL)
  })
})
