/** Peers that hear more than they have time for: what they read too late must not keep them so for ever. */
import { expect, it } from 'vitest'
import type { Bus } from '../../bus/api/options.ts'
import { simulate } from '../../bus/testing/simulation.ts'

const COUNT = 24

it('meet, although hellos wait for longer than an echo counts, and say less until then', async () => {
  await using net = simulate({ seed: 3 })
  const crowd: Bus[] = []
  for (let place = 0; place < COUNT; place++) {
    // Fifty datagrams a second: no more than the beacons of all.
    net.slow(`agent-${place}`, 20)
    crowd.push(await net.connect({ name: `agent-${place}` }))
    await net.run(100)
  }
  const sent = (): number => crowd.reduce((sum, bus) => sum + bus.stats().packetsSent, 0)
  await net.run(70_000)
  expect(crowd.map(({ presence }) => presence.size)).toEqual(crowd.map(() => COUNT - 1))
  expect(crowd.every((bus) => bus.stats().behind > 0)).toBe(true)
  const before = sent()
  await net.run(10_000)
  // Their beacons alone; it was 25 hellos of each in a second.
  expect((sent() - before) / 10).toBeLessThan(3 * COUNT)
}, 120_000)
