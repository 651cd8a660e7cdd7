/** Relays that trunks join, in any topology: everything comes everywhere, once as a rule. */
import { describe, it } from 'vitest'
import { Random } from '../../bus/testing/random.ts'
import { Scene, type Setting } from './scene.ts'
import { once, seeds, weather } from './scene-checks.ts'

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
    once(scene, 6000)
  })

  it.each(seeds(6))('lose nothing, whatever breaks and starts anew: seed %d', (seed) => {
    const scene = new Scene(seed, { ...anySetting(seed), loss: seed % 3 === 0 ? 0 : 0.03 })
    weather(scene)
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
