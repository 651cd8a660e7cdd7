/** The bus in real pages: by a real relay, with peers behind it that have multicast. */
import { describe, expect, it } from 'vitest'
import { guestKeyOf } from '../../bus/io/guest-ring.ts'
import { guestKeyText } from '../../bus/io/guest-key.ts'
import { parseKey } from '../../bus/io/key-text.ts'
import { objectsOf } from '../cli/command.ts'
import { connectIn, gotIn, present, subscribeIn, take, useWorld, type World } from './world.ts'

let world: World
useWorld((opened) => (world = opened))

const COUNT = 2000
const values = Array.from({ length: COUNT }, (_, i) => ({ i, text: `line ${i} äöü` }))

describe('a page', () => {
  it('publishes to and hears from peers that have multicast, by patterns', async () => {
    const member = await world.member()
    const page = await world.tab()
    await subscribeIn(page, 'home/{room}/**')
    const heard = member.subscribe('home/*/light')
    await page.evaluate(() => bus.matched('home/hall/light').then(() => undefined))
    await member.matched('home/hall/heat/now')
    await page.evaluate(() => bus.publish('home/hall/light', { on: true }))
    expect(await take(heard, 1)).toEqual([{ on: true }])
    member.publish('garden/gate', 'open')
    member.publish('home/hall/heat/now', 21.5)
    member.publish('home/attic', new Uint8Array([1, 2, 3]))
    expect(await gotIn(page, 3)).toEqual([
      ['home/hall/light', { on: true }],
      ['home/hall/heat/now', 21.5],
      ['home/attic', [1, 2, 3]],
    ])
    expect(await page.evaluate(() => bus.path)).toBe('relay')
  })

  it('has 2,000 messages come and go, all of them and in order', async () => {
    const member = await world.member()
    const page = await world.tab()
    await subscribeIn(page, 'down')
    const up = member.subscribe('up', { queue: COUNT })
    await Promise.all([
      member.matched('down'),
      page.evaluate(() => bus.matched('up').then(() => {})),
    ])
    const published = page.evaluate(async (all) => {
      for (const value of all) {
        await bus.ready
        bus.publish('up', value)
      }
    }, values)
    for (const value of values) {
      await member.ready
      member.publish('down', value)
    }
    await published
    expect(await take(up, COUNT)).toEqual(values)
    expect(await gotIn(page, COUNT)).toEqual(values.map((value) => ['down', value]))
  })

  it('loses and doubles nothing when the relay is killed and comes back', async () => {
    const member = await world.member()
    const page = await world.tab()
    await subscribeIn(page, 'stream/down')
    const up = member.subscribe('stream/up', { queue: COUNT })
    await member.matched('stream/down', { flow: 'min' })
    await page.evaluate(() => bus.matched('stream/up', { flow: 'min' }).then(() => undefined))
    const publishing = page.evaluate(async (all) => {
      for (const [i, value] of all.entries()) {
        await bus.ready
        bus.publish('stream/up', value, { flow: 'min' })
        if (i % 100 === 99) await new Promise((done) => setTimeout(done, 50))
      }
    }, values)
    for (const value of values.slice(0, COUNT / 2))
      member.publish('stream/down', value, { flow: 'min' })
    await gotIn(page, 10)
    await world.killRelay()
    for (const value of values.slice(COUNT / 2))
      member.publish('stream/down', value, { flow: 'min' })
    await page.waitForFunction(() => bus.path === 'none')
    await world.startRelay()
    await publishing
    expect(await take(up, COUNT)).toEqual(values)
    expect(await gotIn(page, COUNT)).toEqual(values.map((value) => ['stream/down', value]))
    expect(await page.evaluate(() => bus.path)).toBe('relay')
  })

  it('gets the history of a topic that was there before it', async () => {
    const member = await world.member()
    for (const value of values.slice(0, 20)) member.publish('past', value, { retain: 20 })
    const page = await world.tab()
    await subscribeIn(page, 'past', 'all')
    expect(await gotIn(page, 20)).toEqual(values.slice(0, 20).map((value) => ['past', value]))
  })

  it('is seen with other pages and with commands, and leaves when its tab is closed', async () => {
    const member = await world.member({ name: 'host' })
    const [one, two] = await Promise.all(
      ['one', 'two'].map((name) => world.tab({ options: { name, tags: { kind: 'page' } } })),
    )
    await Promise.all(['one', 'two'].map((name) => present(member, name, true)))
    await two!.waitForFunction(() => [...bus.presence].some(({ name }) => name === 'one'))
    const { out } = await world.home.run(['peers', ...world.words, '--json', '--timeout', '1.5'])
    const names = objectsOf(out).map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(['one', 'two', 'host']))
    const left = member.events()
    const before = performance.now()
    await one!.close({ runBeforeUnload: false })
    await present(member, 'one', false)
    // Who says no goodbye is missed for 5 s.
    expect(performance.now() - before).toBeLessThan(4500)
    void left
    await two!.reload()
    await present(member, 'two', false)
  })

  it('speaks on the topics that a guest key opens, and on no others', async () => {
    const member = await world.member()
    const { root, owner } = parseKey(world.key, 'the key')
    const key = guestKeyText(await guestKeyOf('web', { root, owner }, ['lobby/**']))
    const page = await world.tab({ options: { key } })
    await subscribeIn(page, 'lobby/**')
    const said = member.subscribe('lobby/guests')
    await member.matched('lobby/news')
    member.publish('cellar/secret', 'not for guests')
    member.publish('lobby/news', 'welcome')
    expect(await gotIn(page, 1)).toEqual([['lobby/news', 'welcome']])
    await page.evaluate(() => bus.publish('lobby/guests', 'thanks'))
    expect(await take(said, 1)).toEqual(['thanks'])
    const refused = page.evaluate(() => bus.publish('cellar/secret', 'let me in'))
    await expect(refused).rejects.toThrow(/cellar\/secret/)
  })
})

describe('what cannot be is told', () => {
  it.each([
    [{ key: `sixcast-key-1 ${'A'.repeat(43)}` }, /^DENIED: no relay lets this peer in: .*44/],
    [{ key: 'a password' }, /^INVALID_KEY: option "key" holds no sixcast key/],
    [{ key: '' }, /^INVALID_KEY: option "key" holds no sixcast key/],
    [{ relay: 'ws://[::1]:9' }, /^NO_PATH: .*no answer, or it lets no pages of http:/],
    [{ relay: [] as string[] }, /^INVALID_OPTION: option "relay" is/],
    [{ interface: 'eth0' }, /^INVALID_OPTION: option "interface" is of no use in a page/],
    [{ port: 62278 }, /^INVALID_OPTION: option "port" is of no use in a page/],
    [{ scope: 'site' as const }, /^DENIED: .*another scope/],
    [{ identity: 'me' }, /^INVALID_KEY: option "identity" holds no identity/],
    [{ rights: 'sixcast-rights-1 AAAA' }, /^INVALID_OPTION: rights are given, but/],
  ])('%j', async (options, reason) => {
    const page = await world.browsing.tab()
    const all = { realm: 'web', key: world.key, relay: world.url, ...options }
    await expect(connectIn(page, all)).rejects.toThrow(reason)
  })

  it('files and an owner are not for pages', async () => {
    const page = await world.tab()
    const refused = await page.evaluate(async () => {
      const calls = [
        () => bus.sendFile('files', '/etc/hosts'),
        async () => void bus.receiveFiles('files', '/tmp'),
        async () => void sixcast.newRealm('mine'),
        () => sixcast.grant({ realm: 'mine' } as Parameters<typeof sixcast.grant>[0]),
      ]
      const codes = calls.map((call) =>
        call().then(
          () => 'done',
          (error: { code?: string }) => error.code,
        ),
      )
      return Promise.all(codes)
    })
    expect(refused).toEqual(['UNSUPPORTED', 'UNSUPPORTED', 'UNSUPPORTED', 'UNSUPPORTED'])
  })
})
