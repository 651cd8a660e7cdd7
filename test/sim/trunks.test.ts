/** Relays that trunks join, in any topology: everything comes everywhere, once as a rule. */
import { describe, expect, it } from 'vitest'
import { Random } from '../../bus/testing/random.ts'
import { Scene, type Setting } from './scene.ts'

/** A segment and a relay each, and between the relays these trunks. */
const CHAIN: Setting = {
  peers: [0, 0, 1, 2],
  relays: [[0], [1], [2]],
  linked: [1, 2],
  trunks: [
    [0, 1],
    [1, 2],
  ],
}
const RING: Setting = {
  ...CHAIN,
  trunks: [
    [0, 1],
    [1, 2],
    [2, 0],
  ],
}

describe('relays that trunks join', () => {
  it.each([
    ['a chain', CHAIN],
    ['a ring', RING],
  ])('bring each packet to everybody once: %s', (_, setting) => {
    const scene = new Scene(1, setting)
    scene.publish(1, 0)
    scene.wait(6000)
    const before = repeats(scene)
    scene.publish(20, 2000)
    scene.wait(4000)
    complete(scene)
    expect(repeats(scene)).toEqual(before)
  })

  it.each(seeds(6))('lose nothing, whatever breaks and starts anew: seed %d', (seed) => {
    const scene = new Scene(seed, { ...anySetting(seed), loss: seed % 3 === 0 ? 0 : 0.03 })
    scene.publish(20, 6000)
    scene.storm(6000)
    scene.wait(9000)
    scene.world.network.heal()
    scene.lose(0)
    scene.wait(20_000)
    complete(scene)
    // And then all is as if nothing had happened: each packet comes once.
    const before = repeats(scene)
    scene.publish(5, 1000)
    scene.wait(4000)
    complete(scene)
    expect(repeats(scene)).toEqual(before)
  })
})

/** Relays in a line at least, other trunks beside, and at times two of them on one segment. */
function anySetting(seed: number): Setting {
  const random = new Random(seed, 'trunks')
  const count = random.integer(2, 5)
  const places = Array.from({ length: count }, (_, at) => at)
  const segments = places.map((at) => (at > 0 && random.chance(0.2) ? at - 1 : at))
  const line = places.slice(1).map((at) => [at - 1, at] as const)
  const others = places.flatMap((a) => places.slice(a + 2).map((b) => [a, b] as const))
  return {
    peers: [...segments, 0],
    relays: segments.map((at) => [at]),
    linked: [random.integer(0, count - 1)],
    trunks: [...line, ...others.filter(() => random.chance(0.4))],
  }
}

function seeds(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at + 1)
}

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
