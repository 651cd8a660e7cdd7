/** How many groups the bus joins, and whether what it has to say of many topics all arrives. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Peers } from './bus-peer.ts'
import type { Host } from './lab/host.ts'
import { openLab, type Lab } from './lab/lab.ts'

let lab: Lab
let a1: Host
let a2: Host

beforeAll(async () => {
  lab = await openLab({ a: ['a1', 'a2'] })
  a1 = lab.host('a1')
  a2 = lab.host('a2')
})
afterAll(async () => await lab.close())

describe('groups: 4', () => {
  test('folds 40 topics into 4 groups and the one for control, and delivers them right', async () => {
    await using peers = new Peers()
    const publisher = await peers.start(a1, { groups: 4 })
    const listener = await peers.start(a2, { groups: 4 })
    const each = numbered(40)
    for (const subscribe of each) await listener.say({ subscribe })
    await publisher.say({ each, value: 'to all' })
    await listener.hears(40)
    expect((await joined(a2)).length).toBe(5)
    expect(listener.messages().map((line) => [line.topic, line.pattern])).toEqual(
      expect.arrayContaining(each.map((topic) => [topic, topic])),
    )
    expect(listener.messages()).toHaveLength(40)
  })

  test('leaves the topics apart, though they share groups', async () => {
    await using peers = new Peers()
    const publisher = await peers.start(a1, { groups: 4 })
    const listener = await peers.start(a2, { groups: 4 })
    await listener.say({ subscribe: 'many/7' })
    await publisher.say({ each: numbered(40), value: 'to all' })
    await publisher.say({ publish: 'many/7', value: 'last' })
    await listener.hears(2)
    expect(new Set(listener.messages().map((line) => line.topic))).toEqual(new Set(['many/7']))
    expect((await joined(a2)).length).toBe(2)
  })

  test('without folding 40 topics are 40 groups more', async () => {
    await using peers = new Peers()
    const listener = await peers.start(a2)
    for (const subscribe of numbered(40)) await listener.say({ subscribe })
    expect((await joined(a2)).length).toBe(41)
    await listener.end()
    expect(await joined(a2)).toEqual([])
  })
})

describe('1,000 topics in one process', () => {
  const each = numbered(1000)

  test('reach a subscriber by pattern, one message of each', async () => {
    await using peers = new Peers()
    const publisher = await peers.start(a1)
    const [listener] = await peers.listen([a2], 'many/*')
    await listener!.meets(publisher)
    await publisher.say({ each, value: 'one' })
    await listener!.hears(1000, undefined, 60_000)
    expect(topicsOf(listener!.messages())).toEqual(new Set(each))
    expect(listener!.messages()).toHaveLength(1000)
    expect(listener!.gaps()).toEqual([])
    // And again, now that everything has been found.
    await publisher.say({ each, value: 'two' })
    await listener!.hears(2000, undefined, 60_000)
    expect(listener!.messages()).toHaveLength(2000)
  })

  // The second is what systems before Linux 5.1 had: room for some 365 groups in one socket.
  test.each([undefined, 20_480])('are subscribed to one by one, optmem_max %s', async (bytes) => {
    if (bytes !== undefined) await a2.run('sysctl', ['-w', `net.core.optmem_max=${bytes}`])
    await using peers = new Peers()
    const publisher = await peers.start(a1)
    const listener = await peers.start(a2)
    await Promise.all(each.map((subscribe) => listener.say({ subscribe })))
    expect((await joined(a2)).length).toBe(1001)
    await publisher.say({ each, value: 'one' })
    await listener.hears(1000, undefined, 60_000)
    expect(topicsOf(listener.messages())).toEqual(new Set(each))
    expect(listener.messages()).toHaveLength(1000)
    expect(listener.gaps()).toEqual([])
    expect(listener.told.filter((line) => line.type === 'warning')).toEqual([])
  })
})

/** The groups that processes of a host have joined, without the kernel's own. */
async function joined(host: Host): Promise<string[]> {
  const { stdout } = await host.run('ip', ['-6', 'maddress', 'show', 'dev', 'eth0'])
  return stdout.match(/ff12:[0-9a-f:]+/g) ?? []
}

function topicsOf(messages: readonly { readonly topic?: string }[]): Set<string | undefined> {
  return new Set(messages.map((line) => line.topic))
}

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, number) => `many/${number}`)
}
