/** Peers that multicast does not join, or not always: named at one end, they lose and double nothing. */
import { describe, expect, it } from 'vitest'
import type { Endpoint } from '../../bus/core/output.ts'
import type { Process } from './process.ts'
import { Scene } from './scene.ts'

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

function endpointOf({ options: { host, port } }: Process): Endpoint {
  return { address: host.interfaces[0]!.address, port }
}

/** The first names all the others. */
function apart(peers: number, { seed = 1, loss = 0 } = {}): { scene: Scene; ways: Ways } {
  const scene = new Scene(seed, { apart: true, loss, peers: Array(peers).fill(0), relays: [] })
  const ways = new Ways(scene)
  for (const [place, process] of scene.processes.entries()) {
    const others = scene.processes.slice(place + 1).map(endpointOf)
    process.command((peer, now) => peer.name(now, others))
  }
  return { scene, ways }
}

function repeats(scene: Scene): number {
  return scene.processes.reduce((sum, { peer: { metrics } }) => {
    return sum + metrics.get('repairsSent') + metrics.get('duplicate') + metrics.get('replayed')
  }, 0)
}

function expectWhole(scene: Scene): void {
  for (const { delivered, lost, published } of scene.accounts()) {
    expect({ delivered, lost }).toEqual({ delivered: published, lost: 0 })
  }
}

describe('peers without multicast', () => {
  it('meet when one of them names the other, and each packet comes once', () => {
    const { scene, ways } = apart(3)
    scene.wait(2000)
    expect(scene.processes.map(({ id }) => ways.inUse.get(id))).toEqual([true, true, true])
    expect(new Set(ways.pathOf.values())).toEqual(new Set(['unicast']))
    scene.publish(1, 0)
    scene.wait(3000)
    const before = repeats(scene)
    scene.publish(20, 2000)
    scene.wait(4000)
    expect(scene.accounts().length).toBe(6)
    expectWhole(scene)
    expect(repeats(scene)).toBe(before)
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
    const { scene, ways } = apart(2)
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

  it.each(Array.from({ length: 8 }, (_, seed) => seed + 1))(
    'loses and doubles nothing under load: seed %d',
    (seed) => {
      const { scene } = apart(3, { seed, loss: seed % 2 === 0 ? 0.05 : 0 })
      scene.wait(1000)
      scene.publish(40, 16_000)
      scene.at(2000, () => scene.multicast(true))
      scene.at(7000, () => scene.multicast(false))
      scene.at(12_000, () => scene.multicast(true))
      scene.wait(16_000 + 3000)
      scene.world.network.heal()
      scene.wait(16_000)
      expectWhole(scene)
    },
  )
})
