/** The bus on a host with two interfaces on one segment: nothing comes twice. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { accountOf, clean, dataCount, gapsOf, heardAfter, report, runs } from './bus-measure.ts'
import { Peers } from './bus-peer.ts'
import type { Host } from './lab/host.ts'
import { openLab, type Lab } from './lab/lab.ts'

let lab: Lab
let two: Host
let one: Host

beforeAll(async () => {
  lab = await openLab({ t: ['one', 'two', 'two'] })
  two = lab.host('two')
  one = lab.host('one')
})
afterEach(async () => await two.link('eth0', 'up'))
afterAll(async () => await lab.close())

test('a publisher there sends each packet once, as soon as it knows', async () => {
  await using peers = new Peers()
  const publisher = await peers.start(two)
  const listeners = await peers.listen([one, two, two], 'load')
  await using capture = await lab.segment('t').capture(`udp port 62278`)
  const rows: { messages: number; dataPackets: number }[] = []
  const burst = async (): Promise<number> => {
    const before = dataCount(await capture.frames())
    await publisher.say({ publish: 'load', value: 'x', count: BURST, urgent: true })
    await Promise.all(listeners.map((peer) => peer.hears(BURST * (rows.length + 1))))
    const dataPackets = dataCount(await capture.frames()) - before
    rows.push({ messages: BURST, dataPackets })
    return dataPackets
  }
  await expect.poll(burst, { timeout: 20_000, interval: 500 }).toBe(BURST)
  report('two interfaces on one segment, a publisher there', rows)
  const all = { [publisher.id]: `0-${BURST * rows.length - 1}` }
  for (const peer of listeners) {
    expect(runs(peer.messages())).toEqual(all)
    expect(peer.gaps()).toEqual([])
  }
})

test('a subscriber there is given once what it hears twice', async () => {
  await using peers = new Peers()
  const publisher = await peers.start(one)
  const [listener] = await peers.listen([two], 'load')
  await using capture = await lab.segment('t').capture(`udp port 62278`)
  await publisher.say({ publish: 'load', value: 'x', count: BURST, urgent: true })
  await listener!.hears(BURST)
  await publisher.say({ publish: 'load', value: 'last' })
  await listener!.hears(BURST + 1)
  expect(runs(listener!.messages())).toEqual({ [publisher.id]: `0-${BURST}` })
  const { duplicate } = await listener!.stats()
  const dataPackets = dataCount(await capture.stop())
  report('two interfaces on one segment, a subscriber there', [
    { messages: BURST + 1, dataPackets, duplicate },
  ])
  expect(dataPackets).toBeGreaterThanOrEqual(BURST + 1)
})

test('the stream goes on by the other one when the one in use goes down', async () => {
  await using peers = new Peers()
  const publisher = await peers.start(two)
  const [outside, inside] = await peers.listen([one, two], 'stream')
  await publisher.say({ repeat: 'stream', everyMs: 50 })
  await Promise.all([outside!.hears(20), inside!.hears(20)])
  const downAt = Date.now()
  await two.link('eth0', 'down')
  const flowsAfterMs = (await heardAfter(outside!, downAt + 200, 20)) - downAt
  await two.link('eth0', 'up')
  await heardAfter(outside!, Date.now(), 40)
  await publisher.say({ rest: true })
  report('two interfaces, the one in use goes down', [{ flowsAfterMs, gaps: gapsOf(outside!) }])
  expect(flowsAfterMs).toBeLessThan(6_000)
  for (const peer of [outside!, inside!]) expect(await accountOf(peer, publisher)).toEqual(clean)
})

const BURST = 100
