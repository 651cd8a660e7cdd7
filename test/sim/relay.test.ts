/** Peers on a segment and peers behind its relay: nothing lost, nothing twice, whatever breaks. */
import { describe, expect, it } from 'vitest'
import { Scene } from './scene.ts'

/** Two peers on a segment, two behind the relay. */
function behindOneRelay(seed: number, loss: number): Scene {
  return new Scene(seed, { loss, peers: [0, 0], relays: [[0]], linked: [0, 0] })
}

describe('a relay between a segment and links', () => {
  it('brings each packet once to everybody, and nothing has to be sent again', () => {
    const scene = behindOneRelay(1, 0)
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
    expect(scene.relays[0]!.counters.snapshot()).toMatchObject({ foreign: 0, unicastRefused: 0 })
  })

  it.each(Array.from({ length: 12 }, (_, seed) => seed + 1))(
    'loses nothing when links break and the relay starts anew: seed %d',
    (seed) => {
      const scene = behindOneRelay(seed, seed % 3 === 0 ? 0.05 : 0)
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

  it.each([1, 2, 3, 4, 5, 6])(
    'loses nothing for who has no link for longer than a peer may be silent: seed %d',
    (seed) => {
      const scene = behindOneRelay(seed, seed % 2 === 0 ? 0.05 : 0)
      const [link] = scene.links
      scene.publish(30, 4000)
      scene.at(2000, () => link!.cut())
      scene.at(9000, () => link!.open())
      scene.wait(9000 + 16_000)
      const others = scene.processes.length - 1
      const from = scene.processes.indexOf(link!.process) * others
      const accounts = scene.accounts()
      for (const { delivered, lost, published } of accounts.slice(from, from + others)) {
        expect({ delivered, lost }).toEqual({ delivered: published, lost: 0 })
      }
      // The others have taken it for gone, and reported what they knew that they lacked.
      for (const { delivered, lost, published } of accounts) {
        expect(delivered + lost).toBe(published)
      }
    },
  )
})
