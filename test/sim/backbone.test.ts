/** Relays that meet by a backbone, beside segments and trunks in any topology: everything once. */
import { describe, expect, it } from 'vitest'
import { Random } from '../../bus/testing/random.ts'
import { MARKER } from './plan.ts'
import { Scene, type Setting } from './scene.ts'
import { once, seeds, weather } from './scene-checks.ts'

/** A segment and a relay each, and the relays have nothing but the backbone in common. */
const APART: Setting = {
  peers: [0, 0, 1, 2],
  relays: [[0], [1], [2]],
  linked: [1, 2],
  backbone: [0, 1, 2],
}

describe('relays that meet by a backbone', () => {
  it.each<[string, Setting]>([
    ['and by nothing else', APART],
    ['and by a trunk', { ...APART, trunks: [[0, 1]] }],
    [
      'and by a ring of trunks',
      {
        ...APART,
        trunks: [
          [0, 1],
          [1, 2],
          [2, 0],
        ],
      },
    ],
    [
      'two of them on one segment',
      { ...APART, relays: [[0], [0], [1], [2]], backbone: [0, 1, 2, 3] },
    ],
    ['two of them on two segments', { ...APART, relays: [[0, 1], [0, 1], [2]] }],
  ])('bring each packet to everybody once: %s', (_, setting) => {
    const scene = new Scene(1, setting)
    once(scene, 6000)
  })

  it('put nothing on it that nobody behind it wants', () => {
    const scene = new Scene(1, { peers: [0, 0, 1], relays: [[0], [1]], backbone: [0, 1] })
    scene.wait(6000)
    const [reader] = scene.processes
    const other = scene.processes[2]!
    scene.unsubscribe(scene.world.ledger.subscriptionsOf(other).at(-1)!)
    scene.wait(8000)
    const before = scene.backbone!.carried
    for (let i = 0; i < 500; i++)
      scene.world.workload.publish(reader!, `${MARKER}/${reader!.id}`, 1100)
    reader!.endTurn()
    scene.wait(3000)
    // Control crosses; 500 packets of data do not.
    expect(scene.backbone!.carried - before).toBeLessThan(200)
  })

  it.each(seeds(8))('lose nothing, whatever breaks and starts anew: seed %d', (seed) => {
    const scene = new Scene(seed, { ...anySetting(seed), loss: seed % 3 === 0 ? 0 : 0.03 })
    weather(scene)
  })
})

/** Relays on segments of their own or of others, most of them on the backbone, and some trunks. */
function anySetting(seed: number): Setting {
  const random = new Random(seed, 'backbone')
  const count = random.integer(2, 5)
  const places = Array.from({ length: count }, (_, at) => at)
  const segments = places.map((at) => (at > 0 && random.chance(0.2) ? at - 1 : at))
  const backbone = places.filter((at) => at < 2 || random.chance(0.7))
  // Who is not on it has a trunk to somebody who is.
  const isNeeded = (at: number): boolean => !backbone.includes(at)
  const needed = places.filter(isNeeded).map((at) => [0, at] as const)
  const others = places.flatMap((a) => places.slice(a + 1).map((b) => [a, b] as const))
  const further = others.filter(([a, b]) => !(a === 0 && isNeeded(b)) && random.chance(0.25))
  return {
    peers: [...segments, 0],
    relays: segments.map((at) => [at]),
    linked: [random.integer(0, count - 1)],
    backbone,
    trunks: [...needed, ...further],
  }
}
