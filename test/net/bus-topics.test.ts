/** Who hears what: topics, patterns, realms and keys, and when publishers and subscribers come. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runs } from './bus-measure.ts'
import { changeOf, otherKey, Peers } from './bus-peer.ts'
import type { Host } from './lab/host.ts'
import { openLab, type Lab } from './lab/lab.ts'

let lab: Lab
let a1: Host
let a2: Host

beforeAll(async () => {
  lab = await openLab({ a: ['a1', 'a2', 'a3'] })
  a1 = lab.host('a1')
  a2 = lab.host('a2')
})
afterAll(async () => await lab.close())

describe('two processes on one host', () => {
  test.each(['host', 'link', 'site'] as const)('hear each other at scope %s', async (scope) => {
    await using peers = new Peers()
    const [one, two] = [await peers.start(a1, { scope }), await peers.start(a1, { scope })]
    for (const peer of [one, two]) await peer.say({ subscribe: 'both' })
    await one.say({ publish: 'both', value: 'from one', count: 100 })
    await two.say({ publish: 'both', value: 'from two', count: 100 })
    for (const peer of [one, two]) {
      await peer.hears(200)
      expect(runs(peer.messages())).toEqual({ [one.id]: '0-99', [two.id]: '0-99' })
    }
  })

  test('at scope host hear 1 MiB whole, and no other host does', async () => {
    await using peers = new Peers()
    await using capture = await lab.segment('a').capture()
    const one = await peers.start(a1, { scope: 'host' })
    const two = await peers.start(a1, { scope: 'host' })
    const other = await peers.start(a2, { scope: 'host' })
    for (const peer of [two, other]) await peer.say({ subscribe: '**' })
    const value = 'x'.repeat(2 ** 20 - 1)
    await one.say({ publish: 'large', value })
    const [message] = await two.hears(1)
    expect(message?.value === value).toBe(true)
    expect(other.told.filter((line) => line.type === 'peer')).toEqual([])
    expect(await capture.stop()).toEqual([])
  })

  test('get one copy each, also with subscribers in other hosts', async () => {
    await using peers = new Peers()
    const publisher = await peers.start(a1)
    const listeners = await peers.listen([a1, a1, a2, a2], 'many/**')
    await publisher.say({ publish: 'many/x', value: 1, count: 300 })
    for (const peer of listeners) {
      await peer.hears(300)
      expect(runs(peer.messages())).toEqual({ [publisher.id]: '0-299' })
    }
  })
})

describe('a pattern', () => {
  test('gets what matches it, with its parameters, and nothing else', async () => {
    await using peers = new Peers()
    const publisher = await peers.start(a1)
    const listener = await peers.start(a2)
    const patterns = ['home/{room}/light', 'home/*/light', 'home/**', '**/light', 'home/hall/light']
    for (const subscribe of patterns) await listener.say({ subscribe })
    const each = ['home/hall/light', 'home/hall/heat', 'home/light', 'yard/light', 'yard/heat']
    await publisher.say({ each, value: 1 })
    await publisher.say({ publish: 'home/last', value: 1 })
    // Topics come in no order among each other.
    const copies = { 'home/hall/light': 5, 'home/hall/heat': 1, 'home/light': 2, 'yard/light': 1 }
    for (const [topic, count] of Object.entries(copies)) await listener.hears(count, topic)
    await listener.hears(1, 'home/last')
    const heard = (pattern: string): Set<string | undefined> =>
      new Set(listener.messages().flatMap((line) => (line.pattern === pattern ? line.topic : [])))
    expect(heard('home/{room}/light')).toEqual(new Set(['home/hall/light']))
    expect(heard('home/*/light')).toEqual(new Set(['home/hall/light']))
    expect(heard('home/hall/light')).toEqual(new Set(['home/hall/light']))
    const home = ['home/hall/heat', 'home/hall/light', 'home/last', 'home/light']
    expect(heard('home/**')).toEqual(new Set(home))
    expect(heard('**/light')).toEqual(new Set(['home/hall/light', 'home/light', 'yard/light']))
    // Each pattern that matches gets a copy of its own.
    expect(listener.messages()).toHaveLength(3 + home.length + 3)
    const named = listener.messages().find((line) => line.pattern === 'home/{room}/light')
    expect(named?.params).toEqual({ room: 'hall' })
  })

  test('that waits gets the first message of each brand-new topic', async () => {
    await using peers = new Peers()
    const publisher = await peers.start(a1)
    const [listener] = await peers.listen([a2], 'new/**')
    await listener!.meets(publisher)
    for (let round = 0; round < 50; round++) {
      await publisher.say({ publish: `new/${round}`, value: round })
      const [first] = await listener!.hears(1, `new/${round}`)
      expect(first).toMatchObject({ sequence: 0, value: round })
    }
    expect(listener!.gaps()).toEqual([])
    expect(listener!.messages()).toHaveLength(50)
  })

  test('gets the first message of a publisher that has only just come', async () => {
    await using peers = new Peers()
    const [listener] = await peers.listen([a2], 'new/**')
    for (let round = 0; round < 5; round++) {
      const publisher = await peers.start(a1)
      await publisher.say({ publish: `new/${round}`, value: round, count: 3 })
      await listener!.hears(3, `new/${round}`)
      expect(runs(listener!.messages(`new/${round}`))).toEqual({ [publisher.id]: '0-2' })
      expect(await publisher.end()).toEqual({ code: 0, signal: null })
    }
    expect(listener!.gaps()).toEqual([])
  })
})

describe('a subscriber', () => {
  test('that comes late hears all from then on, and no gap for what was before', async () => {
    await using peers = new Peers()
    const publisher = await peers.start(a1)
    const [early] = await peers.listen([a2], 'clock')
    await publisher.say({ repeat: 'clock', everyMs: 10 })
    await early!.hears(50)
    const [late] = await peers.listen([lab.host('a3')], 'clock')
    const subscribedAt = late!.told.findLast((line) => line.type === 'done')
    expect(subscribedAt).toBeDefined()
    const heard = await late!.hears(50)
    await publisher.say({ rest: true })
    expect(heard[0]!.sequence).toBeGreaterThan(0)
    expect(runs(heard)).toEqual({ [publisher.id]: expect.stringMatching(/^\d+-\d+$/) })
    expect([...late!.gaps(), ...early!.gaps()]).toEqual([])
  })

  test('hears publishers that were there before it and that came after it', async () => {
    await using peers = new Peers()
    const before = await peers.start(a1)
    await before.say({ publish: 'news', value: 'too early' })
    const [listener] = await peers.listen([a2], 'news')
    await listener!.meets(before)
    const after = await peers.start(a1)
    for (const publisher of [before, after]) {
      await publisher.say({ publish: 'news', value: 'heard', count: 5 })
    }
    await listener!.until('five of each', () => {
      const late = listener!.messages().filter((line) => line.value === 'heard')
      return late.length === 10 && late
    })
    expect(listener!.gaps()).toEqual([])
  })
})

describe('a realm', () => {
  test('does not hear another one on the same segment and the same hosts', async () => {
    await using peers = new Peers()
    const talks = ['red', 'blue'].map(async (realm) => {
      const publisher = await peers.start(a1, { realm })
      const listener = await peers.start(a2, { realm })
      await listener.say({ subscribe: '**' })
      await publisher.say({ publish: 'same/topic', value: realm, count: 100 })
      await listener.hears(100)
      return { realm, publisher, listener }
    })
    const [red, blue] = await Promise.all(talks)
    for (const { realm, publisher, listener } of [red!, blue!]) {
      await publisher.say({ publish: 'same/topic', value: 'last' })
      await listener.hears(101)
      const values = new Set(listener.messages().map((line) => line.value))
      expect(values).toEqual(new Set([realm, 'last']))
      const met = listener.told.filter((line) => line.type === 'peer')
      expect(met.map((line) => line.change?.peer.id)).toEqual([publisher.id])
      // The socket hears whatever any process of the host has joined: what is foreign is counted.
      expect((await publisher.stats()).forged).toBe(0)
    }
  })

  test('on one host hears the other and counts it as foreign', async () => {
    await using peers = new Peers()
    const red = await peers.start(a1, { realm: 'red' })
    const blue = await peers.start(a1, { realm: 'blue' })
    await red.say({ subscribe: '**' })
    await blue.say({ publish: 'x', value: 1, count: 20, urgent: true })
    await expect
      .poll(async () => (await red.stats()).foreign, { timeout: 10_000 })
      .toBeGreaterThan(0)
    expect(red.messages()).toEqual([])
    expect(red.told.filter((line) => ['peer', 'topic'].includes(line.type))).toEqual([])
  })
})

test('a peer with the wrong key is counted and ignored, by each side', async () => {
  await using peers = new Peers()
  const [right, friend] = await peers.listen([a1, a1], '**')
  const wrong = await peers.start(a1, { key: otherKey })
  await wrong.say({ subscribe: '**' })
  await wrong.say({ publish: 'intruder', value: 'wrong', count: 50, urgent: true })
  await friend!.say({ publish: 'inside', value: 'right', count: 50 })
  await right!.hears(50, 'inside')
  for (const peer of [right!, wrong]) {
    await expect
      .poll(async () => (await peer.stats()).forged, { timeout: 10_000 })
      .toBeGreaterThan(2)
    const rejected = await peer.tells('rejected', ({ reason }) => reason === 'forged')
    expect(rejected.count).toBeGreaterThan(0)
  }
  expect(wrong.messages().filter((line) => line.topic !== 'intruder')).toEqual([])
  expect(wrong.told.filter((line) => line.type === 'peer')).toEqual([])
  expect(right!.messages('intruder')).toEqual([])
  expect(right!.told.some(changeOf('join', wrong.id))).toBe(false)
  const { code } = await wrong.end()
  expect(code).toBe(0)
  expect(right!.process.stderr).toBe('')
  // Still well: the friend is heard as before.
  await friend!.say({ publish: 'inside', value: 'still', count: 1 })
  await right!.hears(51, 'inside')
})

test('a peer without a key hears nothing of a sealed realm of the same name', async () => {
  await using peers = new Peers()
  const open = await peers.start(a1, { open: true })
  await open.say({ subscribe: '**' })
  const sealed = await peers.start(a1)
  await sealed.say({ publish: 'inside', value: 1, count: 20, urgent: true })
  await expect
    .poll(async () => (await open.stats()).version, { timeout: 10_000 })
    .toBeGreaterThan(0)
  expect(open.messages()).toEqual([])
  await open.tells('warning', ({ message }) => /anybody on the network/.test(message ?? ''))
})
