/** Peers that multicast does not join, or not always: named at one end, they lose and double nothing. */
import { describe, expect, it } from 'vitest'
import { Scene } from './scene.ts'
import { once, seeds, whole } from './scene-checks.ts'

/** Which way each peer comes, as each process was told last: `p1 p2` is p2 as p1 hears it. */
class Ways {
  readonly scene: Scene
  readonly pathOf = new Map<string, string>()
  readonly inUse = new Map<string, boolean>()

  constructor(scene: Scene) {
    this.scene = scene
    scene.world.onOther = (process, notice) => {
      if (notice.type === 'unicast') this.inUse.set(process.id, notice.inUse)
      else if (notice.type === 'way')
        this.pathOf.set(`${process.id} ${this.#nameOf(notice.instance)}`, notice.path)
    }
  }

  #nameOf(instance: bigint): string {
    return this.scene.processes.find(({ peer }) => peer.instance === instance)!.id
  }
}

function apart(peers: number, { seed = 1, loss = 0 } = {}): { scene: Scene; ways: Ways } {
  const scene = new Scene(seed, { apart: true, loss, peers: Array(peers).fill(0), relays: [] })
  return { scene, ways: new Ways(scene) }
}

/** The first names all the others. */
function named(peers: number, given = {}): { scene: Scene; ways: Ways } {
  const { scene, ways } = apart(peers, given)
  for (const [place, process] of scene.processes.entries()) {
    scene.name(process, scene.processes.slice(place + 1))
  }
  return { scene, ways }
}

/** Everybody knows where one is, which knows nobody. */
function around(hubs: number, peers: number, given = {}): { scene: Scene; ways: Ways } {
  const { scene, ways } = apart(peers, given)
  for (const process of scene.processes) scene.name(process, scene.processes.slice(0, hubs))
  return { scene, ways }
}

describe('peers without multicast', () => {
  it('meet when one of them names the other, and each packet comes once', () => {
    const { scene, ways } = named(3)
    scene.wait(2000)
    expect(scene.processes.map(({ id }) => ways.inUse.get(id))).toEqual([true, true, true])
    expect(new Set(ways.pathOf.values())).toEqual(new Set(['unicast']))
    once(scene, 3000)
  })

  it('do not meet when nobody names anybody', () => {
    const scene = new Scene(1, { apart: true, peers: [0, 0], relays: [] })
    scene.publish(5, 1000)
    scene.wait(5000)
    expect(scene.accounts().every(({ delivered }) => delivered === 0)).toBe(true)
  })
})

describe('multicast that is pulled away and given back', () => {
  it('ends the copies when it is there, and brings them back when it is not', () => {
    const { scene, ways } = named(2)
    scene.wait(1000)
    scene.multicast(true)
    scene.wait(6000)
    expect([...ways.pathOf.values(), ...ways.inUse.values()]).toEqual([
      'multicast',
      'multicast',
      false,
      false,
    ])
    scene.multicast(false)
    scene.wait(4000)
    expect([...ways.pathOf.values()]).toEqual(['unicast', 'unicast'])
    expect([...ways.inUse.values()]).toEqual([true, true])
  })

  it.each(seeds(8))('loses and doubles nothing under load: seed %d', (seed) => {
    const { scene } = named(3, { seed, loss: seed % 2 === 0 ? 0.05 : 0 })
    scene.wait(1000)
    scene.publish(40, 16_000)
    scene.at(2000, () => scene.multicast(true))
    scene.at(7000, () => scene.multicast(false))
    scene.at(12_000, () => scene.multicast(true))
    scene.wait(16_000 + 3000)
    scene.world.network.heal()
    scene.wait(16_000)
    whole(scene)
  })
})

describe('peers of which all know one', () => {
  it('meet each other, and each packet comes once', () => {
    const { scene, ways } = around(1, 6)
    scene.wait(3000)
    expect(ways.pathOf.size).toBe(30)
    expect(new Set(ways.pathOf.values())).toEqual(new Set(['unicast']))
    once(scene, 3000)
  })

  it('are greeted no more once they are known', () => {
    const { scene } = around(1, 6)
    scene.wait(5000)
    const greetings = (): number =>
      scene.processes.reduce((sum, { peer }) => sum + peer.metrics.get('greetings'), 0)
    const before = greetings()
    scene.wait(60_000)
    // The one finds itself on its own list.
    expect(greetings() - before).toBeLessThan(10)
    expect(scene.processes.map(({ peer }) => peer.metrics.get('toldFull'))).toEqual(
      Array(6).fill(0),
    )
  })

  it('meet a newcomer that names another one, when that one has gone', () => {
    const { scene, ways } = around(1, 5)
    scene.wait(3000)
    scene.processes[0]!.end()
    const newcomer = scene.launch()
    scene.name(newcomer, scene.processes.slice(1, 2))
    scene.wait(3000)
    const others = scene.processes.slice(1, -1)
    const paths = others.map(({ id }) => ways.pathOf.get(`${newcomer.id} ${id}`))
    expect(paths).toEqual(Array(4).fill('unicast'))
  })

  it.each(seeds(8))('lose and double nothing when that one dies under load: seed %d', (seed) => {
    const { scene } = around(2, 6, { seed, loss: seed % 2 === 0 ? 0.05 : 0 })
    scene.wait(3000)
    const [first, ...rest] = scene.processes
    scene.publish(40, 16_000, rest)
    scene.at(4000, () => first!.end())
    scene.wait(16_000 + 3000)
    scene.world.network.heal()
    scene.wait(16_000)
    expect(scene.accounts(rest).length).toBe(20)
    whole(scene, rest)
  })
})
