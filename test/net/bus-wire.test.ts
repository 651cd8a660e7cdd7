/** What the bus puts on the wire: one packet however many listen, and nothing that can be read. */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dataCount, report, settled } from './bus-measure.ts'
import { Peers, startBus } from './bus-peer.ts'
import type { ProgramOptions } from './bus-program.ts'
import type { Host } from './lab/host.ts'
import { openLab, type Lab } from './lab/lab.ts'
import type { Frame } from './lab/pcap.ts'

let lab: Lab
let publisherHost: Host
let hosts: readonly Host[]

beforeAll(async () => {
  const names = Array.from({ length: 8 }, (_, number) => `a${number + 1}`)
  lab = await openLab({ a: ['p', ...names, 'r'], b: ['b1', 'r'] })
  publisherHost = lab.host('p')
  hosts = names.map((name) => lab.host(name))
})
afterAll(async () => await lab.close())

test('one message to 1, 2 or 8 subscribers is one packet', async () => {
  const rows: object[] = []
  for (const subscribers of [1, 2, 8]) {
    await using peers = new Peers()
    const publisher = await peers.start(publisherHost)
    const listeners = await peers.listen(hosts.slice(0, subscribers), 'load')
    const before = await settled(publisher, listeners, 'load')
    await using capture = await lab.segment('a').capture()
    await publisher.say({ publish: 'load', value: 'x'.repeat(100), count: BURST, urgent: true })
    await Promise.all(listeners.map((peer) => peer.hears(before + BURST)))
    const frames = await capture.stop()
    const deliveries = listeners.reduce((sum, peer) => sum + peer.messages().length - before, 0)
    const dataPackets = dataCount(frames)
    rows.push({ subscribers, messages: BURST, dataPackets, allFrames: frames.length, deliveries })
    expect(dataPackets).toBe(BURST)
    expect(deliveries).toBe(BURST * subscribers)
    for (const peer of [publisher, ...listeners]) expect(peer.gaps()).toEqual([])
  }
  report('packets and deliveries', rows)
})

test('messages of one turn share packets', async () => {
  await using peers = new Peers()
  const publisher = await peers.start(publisherHost)
  const listeners = await peers.listen(hosts.slice(0, 1), 'load')
  const before = await settled(publisher, listeners, 'load')
  await using capture = await lab.segment('a').capture()
  await publisher.say({ publish: 'load', value: 'x'.repeat(48), count: BURST })
  await listeners[0]!.hears(before + BURST)
  // Twenty fit into one: 1,232 bytes by some 54.
  expect(dataCount(await capture.stop())).toBeLessThanOrEqual(Math.ceil(BURST / 20))
})

test('what nobody subscribes to still leaves only once', async () => {
  await using publisher = await startBus(publisherHost)
  await using capture = await lab.segment('a').capture()
  await publisher.say({ publish: 'unheard', value: 'x', count: 50, urgent: true })
  await publisher.say({ flush: true })
  expect(dataCount(await capture.stop())).toBe(50)
})

describe('a second segment', () => {
  test('hears nothing: no UDP packet crosses', async () => {
    await using beyond = await lab.segment('b').capture()
    await using peers = new Peers()
    const publisher = await peers.start(publisherHost)
    const [listener] = await peers.listen(hosts.slice(0, 1), 'load')
    await publisher.say({ publish: 'load', value: 'x', count: BURST, urgent: true })
    await listener?.hears(BURST)
    expect(await beyond.stop()).toEqual([])
  })

  test('with peers of its own stays apart, though a peer on the border meets both', async () => {
    await using peers = new Peers()
    const publisher = await peers.start(publisherHost)
    const inside = await peers.start(lab.host('a1'))
    const beyond = await peers.start(lab.host('b1'))
    const border = await peers.start(lab.host('r'))
    for (const peer of [inside, beyond, border]) await peer.say({ subscribe: '**' })
    await border.meets(publisher, inside, beyond)
    await beyond.meets(border)
    await publisher.say({ publish: 'load', value: 'from a', count: 10 })
    await border.say({ publish: 'border', value: 'from both' })
    await Promise.all([inside.hears(10, 'load'), border.hears(10, 'load')])
    await Promise.all([inside.hears(1, 'border'), beyond.hears(1, 'border')])
    expect(beyond.messages('load')).toEqual([])
    const met = beyond.told
      .filter((line) => line.type === 'peer')
      .map((line) => line.change?.peer.id)
    expect(met).toEqual([border.id])
  })
})

describe('who reads along', () => {
  test('finds neither payload nor topic, realm, name, tag or key', async () => {
    const marks = newMarks()
    const frames = await talk(marks, { realm: marks.realm })
    expect(frames.length).toBeGreaterThan(20)
    for (const mark of Object.values(marks)) expect(found(frames, mark)).toBe(0)
    // Not in pieces either: no eight bytes of a mark stand in any packet.
    for (const mark of Object.values(marks)) expect(found(frames, mark.slice(4, 12))).toBe(0)
    expect(found(frames, Buffer.from('5c'.repeat(32), 'hex'))).toBe(0)
  })

  test('finds them in an open realm, so the search is a good one', async () => {
    const marks = newMarks()
    const frames = await talk(marks, { realm: marks.realm, open: true })
    for (const mark of [marks.payload, marks.topic, marks.name, marks.tag]) {
      expect(found(frames, mark)).toBeGreaterThan(0)
    }
  })
})

interface Marks {
  readonly payload: string
  readonly topic: string
  readonly realm: string
  readonly name: string
  readonly tag: string
}

function newMarks(): Marks {
  const mark = (): string => randomBytes(8).toString('hex')
  return { payload: mark(), topic: mark(), realm: mark(), name: mark(), tag: mark() }
}

/** Everything that two peers send from their first hello to their last goodbye. */
async function talk(marks: Marks, realm: ProgramOptions): Promise<Frame[]> {
  await using capture = await lab.segment('a').capture()
  const options = { ...realm, name: marks.name, tags: { role: marks.tag } }
  await using publisher = await startBus(publisherHost, options)
  await using listener = await startBus(lab.host('a1'), options)
  await listener.say({ subscribe: 'plain/*' })
  const topic = `plain/${marks.topic}`
  await publisher.say({ publish: topic, value: marks.payload, count: 50, urgent: true })
  await publisher.say({ publish: topic, value: marks.payload.repeat(500) })
  await listener.hears(51)
  expect(listener.messages().at(-1)?.value).toBe(marks.payload.repeat(500))
  await publisher.end()
  await listener.end()
  return await capture.stop()
}

/** How many packets have these bytes. */
function found(frames: readonly Frame[], mark: string | Buffer): number {
  return frames.filter(({ payload }) => Buffer.from(payload).includes(mark)).length
}

/** Messages that are each published by themselves. */
const BURST = 200
