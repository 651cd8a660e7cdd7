/** Somebody who comes into a crowd, asks it once and goes: what that costs each of those who are there. */
import { expect, it } from 'vitest'
import type { Bus } from '../../bus/api/options.ts'
import { simulate } from '../../bus/testing/simulation.ts'

const COUNT = 60

it.each([
  // Answers come behind the third repetition: all of them go by unicast and by the group then.
  { crowd: 'that is slow', delay: [150, 160] as const, most: 8 },
  { crowd: 'whose answers come at once', delay: [0.1, 0.3] as const, most: 1 },
])('is told much by each of a crowd $crowd, and not by everybody to everybody', async (given) => {
  await using net = simulate({ seed: 3, delay: given.delay })
  const crowd: Bus[] = []
  for (let place = 0; place < COUNT; place++) {
    const bus = await net.connect({ name: `agent-${place}` })
    bus.expose('load', place)
    crowd.push(bus)
  }
  while (crowd.some(({ presence }) => presence.size < COUNT - 1)) await net.run(200)
  await net.run(2000)
  const before = receivedBy(crowd)
  const start = net.time
  const visitor = await net.connect({ name: 'visitor' })
  const report = await net.until(visitor.fetch('load', { timeout: 20_000 }).report)
  await net.until(visitor.close())
  expect(report.end).toBe('complete')
  expect(report.outcomes.filter(({ type }) => type === 'answered').length).toBe(COUNT)
  const visit = receivedBy(crowd) - before
  // Beacons go on meanwhile.
  const seconds = (net.time - start) / 1000
  await net.run(10_000)
  const idle = (receivedBy(crowd) - before - visit) / 10
  const each = (visit - idle * seconds) / COUNT
  // It was sixteen of each of the others, and ten after 038; where answers come at once, three.
  expect(each).toBeLessThan(given.most * COUNT)
})

function receivedBy(crowd: readonly Bus[]): number {
  return crowd.reduce((sum, bus) => sum + bus.stats().packetsReceived, 0)
}
