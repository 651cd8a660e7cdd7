/** Segments that relays alone join: everything comes everywhere, and nothing goes round. */
import { describe, expect, it } from 'vitest'
import { Scene, type Setting } from './scene.ts'

const TWO: Setting = { peers: [0, 0, 1, 1], relays: [[0, 1]] }

describe('a relay between two segments', () => {
  it('brings each packet to everybody once', () => {
    const scene = new Scene(1, TWO)
    scene.publish(1, 0)
    scene.wait(3000)
    const before = repeats(scene)
    scene.publish(20, 2000)
    scene.wait(4000)
    complete(scene)
    expect(repeats(scene)).toEqual(before)
    expect(scene.relays[0]!.counters.snapshot()).toMatchObject({ copies: 0, circling: 0 })
  })

  it.each(seeds(12))('loses nothing when it starts anew, and segments lose: seed %d', (seed) => {
    const scene = new Scene(seed, { ...TWO, loss: seed % 3 === 0 ? 0 : 0.05, linked: [0] })
    scene.publish(30, 6000)
    scene.storm(6000)
    scene.wait(9000)
    scene.world.network.heal()
    scene.wait(20_000)
    complete(scene)
  })
})

/** Everybody has everything of everybody else. */
function complete(scene: Scene): void {
  const accounts = scene.accounts()
  const { length } = scene.processes
  expect(accounts.length).toBe(length * (length - 1))
  for (const { delivered, lost, published } of accounts) {
    expect({ delivered, lost }).toEqual({ delivered: published, lost: 0 })
  }
}

function repeats(scene: Scene): number[] {
  return scene.processes.map(({ peer: { metrics } }) => {
    return metrics.get('duplicate') + metrics.get('replayed') + metrics.get('repairsSent')
  })
}

function seeds(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at + 1)
}
