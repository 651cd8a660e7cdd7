/** Segments that relays alone join: everything comes everywhere, and nothing goes round. */
import { describe, expect, it } from 'vitest'
import type { Process } from './process.ts'
import { Scene, type Setting } from './scene.ts'
import { complete, once, seeds } from './scene-checks.ts'

const TWO: Setting = { peers: [0, 0, 1, 1], relays: [[0, 1]] }

describe('a relay between two segments', () => {
  it('brings each packet to everybody once', () => {
    const scene = new Scene(1, TWO)
    once(scene, 3000)
    expect(scene.relays[0]!.counters.snapshot()).toMatchObject({ copies: 0, circling: 0 })
  })

  it.each(seeds(6))('answers itself what is lost on one of them: seed %d', (seed) => {
    const scene = new Scene(seed, TWO)
    const [near, , far] = scene.processes
    for (const { options } of scene.processes.slice(2)) {
      for (const { down } of options.host.interfaces) down.loss = 0.1
    }
    scene.publish(40, 4000)
    scene.wait(20_000)
    complete(scene)
    const counts = scene.relays[0]!.counters.snapshot()
    const asked = (one: Process | undefined): number => one?.peer.metrics.get('naksReceived') ?? 0
    expect(counts.repairsSent).toBeGreaterThan(20)
    // Without the relay's answers it would be more than half of all questions.
    expect(asked(near)).toBeLessThan(counts.naksAnswered / 2)
    expect(asked(far)).toBeGreaterThan(0)
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
