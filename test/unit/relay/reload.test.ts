/** What a relay changes while it runs, and what it says needs a restart. */
import { once } from 'node:events'
import { describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { writeGroups } from '../../../bus/core/wire/link.ts'
import type { Backbone, BackboneHost, RelayOptions } from '../../../relay/index.ts'
import { counting } from '../core/crypto.ts'
import { FakeLog } from './fake-log.ts'
import { key, linkAt, realm, relayWith, WAIT } from './world.ts'

const OWN: RelayOptions = { realm, key, listen: '[::1]:0', multicast: false }

/** The status that a call is refused with. */
async function refusal(url: string, origin: string): Promise<string> {
  const socket = new WebSocket(url, 'sixcast.1', { origin })
  const [error] = (await once(socket, 'error')) as [Error]
  return error.message
}

describe('a relay that is reloaded', () => {
  it('lets pages of other origins in, and keeps the links that are there', async () => {
    const log = new FakeLog()
    const relay = await relayWith({ origins: ['http://old'], log })
    const before = new WebSocket(relay.url, 'sixcast.1', { origin: 'http://old' })
    await once(before, 'open')
    expect(await refusal(relay.url, 'http://new')).toMatch(/403/)
    const done = { changed: ['origins'], restart: [] }
    expect(await relay.reload({ ...OWN, origins: ['http://new'] })).toEqual(done)
    const after = new WebSocket(relay.url, 'sixcast.1', { origin: 'http://new' })
    await once(after, 'open')
    expect(await refusal(relay.url, 'http://old')).toMatch(/403/)
    expect(before.readyState).toBe(WebSocket.OPEN)
    expect(log.notes).toContainEqual([{ epoch: 0, changed: ['origins'] }, 'read anew'])
    for (const socket of [before, after]) socket.terminate()
  })

  it('says so when the logger has another level', async () => {
    const log = Object.assign(new FakeLog(), { level: 'info' })
    const relay = await relayWith({ log })
    log.level = 'debug'
    expect((await relay.reload({ ...OWN, log })).changed).toEqual(['log.level'])
    expect((await relay.reload({ ...OWN, log })).changed).toEqual([])
  })

  it('calls other relays, ends the trunks to those it is to call no more, and keeps the rest', async () => {
    const [gone, stays, comes] = [await relayWith(), await relayWith(), await relayWith()]
    const relay = await relayWith({ links: [gone.url, stays.url] })
    await vi.waitFor(() => expect(relay.stats().trunks).toBe(2), WAIT)
    const { changed } = await relay.reload({ ...OWN, links: [stays.url, comes.url, comes.url] })
    expect(changed).toEqual(['links'])
    await vi.waitFor(() => expect(gone.stats().trunks).toBe(0), WAIT)
    await vi.waitFor(() => expect(comes.stats().trunks).toBe(1), WAIT)
    expect(stays.stats()).toMatchObject({ trunks: 1, trunksOpened: 1, trunksClosed: 0 })
    const all = { trunks: 2, trunksOpened: 3, trunksClosed: 1 }
    await vi.waitFor(() => expect(relay.stats()).toMatchObject(all), WAIT)
    // And none at all is an answer, too.
    await relay.reload(OWN)
    await vi.waitFor(() => expect(relay.stats().trunks).toBe(0), WAIT)
  })

  it('keeps to other limits, and tells its counters or does not', async () => {
    const relay = await relayWith({ limits: { links: 1 } })
    const first = await linkAt(relay.url)
    await expect(linkAt(relay.url)).rejects.toThrow('503')
    const limits = { links: 2, handshakeTime: 300 }
    const { changed } = await relay.reload({ ...OWN, metrics: true, limits })
    expect(changed).toEqual(['metrics', 'limits.links', 'limits.handshakeTime'])
    await linkAt(relay.url)
    await expect(linkAt(relay.url)).rejects.toThrow('503')
    const path = `${relay.url.replace('ws:', 'http:')}/metrics`
    expect(await (await fetch(path)).text()).toMatch(/^sixcast_relay_links 2$/m)
    await first[Symbol.asyncDispose]()
    await vi.waitFor(() => expect(relay.stats().links).toBe(1), WAIT)
    const silent = new WebSocket(relay.url, 'sixcast.1')
    expect((await once(silent, 'close'))[0]).toBe(4408)
    // What is not named is the default again.
    expect((await relay.reload(OWN)).changed).toEqual([
      'metrics',
      'limits.links',
      'limits.handshakeTime',
    ])
    expect((await fetch(path)).status).toBe(404)
    await Promise.all([linkAt(relay.url), linkAt(relay.url)])
  })

  it('ends no link by lower limits: they are for those that come', async () => {
    const before = { stuckTime: 600, groupsPerLink: 3 }
    const relay = await relayWith({ limits: before })
    const link = await linkAt(relay.url)
    const groups = [1, 2, 3].map((n) => `ff11:0:0:0:0:0:8000:${n}`)
    link.socket.send(writeGroups('join', groups.slice(0, 2))[0]!)
    const limits = { ...before, groupsPerLink: 2, idleTime: 100 }
    await relay.reload({ ...OWN, limits })
    link.socket.send(writeGroups('join', groups)[0]!)
    await vi.waitFor(() => expect([...relay.links]).toMatchObject([{ groups: 3 }]), WAIT)
    // It is asked each 200 ms, as it was told, and may be as silent as before.
    for (let pings = 0; pings < 2; pings++) {
      const ended = link.ended.then((code) => {
        throw new Error(String(code))
      })
      await Promise.race([new Promise<void>((resolve) => (link.onPing = resolve)), ended])
    }
    const later = await linkAt(relay.url)
    later.socket.send(writeGroups('join', groups)[0]!)
    expect(await later.ended).toBe(4400)
  })

  it('tells a backbone how much may wait now', async () => {
    let host: BackboneHost | undefined
    const [done, close] = [() => undefined, () => Promise.resolve()]
    const backbone: Backbone = {
      name: 'none',
      open: (given) => void (host = given),
      subscribe: done,
      unsubscribe: done,
      publish: () => false,
      close,
    }
    const relay = await relayWith({ backbone })
    await relay.reload({ ...OWN, backbone, limits: { backboneBufferSize: 5 } })
    expect(host?.bufferSize).toBe(5)
  })

  it('says what needs a restart, and leaves it as it was', async () => {
    const log = new FakeLog()
    const relay = await relayWith({ log })
    const limits = { peers: 9, groups: 9, interest: 9, crossings: 9, trunks: 9 }
    const other = { listen: ':1', scope: 'link', multicast: true, interface: 'x', bridge: false }
    const changes = { ...OWN, ...other, port: 1, hops: 1, limits } as RelayOptions
    const fixed = ['peers', 'groups', 'interest', 'crossings'].map((name) => `limits.${name}`)
    const { changed, restart } = await relay.reload(changes)
    expect(changed).toEqual(['limits.trunks'])
    expect(restart.toSorted()).toEqual([...Object.keys(other), 'port', 'hops', ...fixed].toSorted())
    expect(log.warnings).toEqual([[{ restart }, 'what needs a restart stays as it was']])
    await linkAt(relay.url)
  })

  it('goes on as it was when the options or the key are wrong', async () => {
    const relay = await relayWith({ origins: ['http://old'] })
    const origins = ['http://new']
    // What the types forbid, plain JavaScript hands over all the same.
    const unknown = { ...OWN, origins, orign: 'x' } as RelayOptions
    await expect(relay.reload(unknown)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    const stranger = { ...OWN, origins, key: counting(32, 5) }
    await expect(relay.reload(stranger)).rejects.toMatchObject({ code: 'INVALID_KEY' })
    expect(await refusal(relay.url, 'http://new')).toMatch(/403/)
    // A wrong one does not stand in the way of the next, and what was never taken is not kept.
    expect(await relay.reload()).toEqual({ changed: [], restart: [] })
    expect((await relay.reload({ ...OWN, origins })).changed).toEqual(['origins'])
    await expect(relay.reload()).resolves.toEqual({ changed: [], restart: [] })
    await linkAt(relay.url)
  })

  it('does one after the other', async () => {
    const relay = await relayWith()
    const all = [['http://a'], ['http://b'], ['http://c']].map((origins) =>
      relay.reload({ ...OWN, origins }),
    )
    expect((await Promise.all(all)).map(({ changed }) => changed)).toEqual(
      Array(3).fill(['origins']),
    )
    const page = new WebSocket(relay.url, 'sixcast.1', { origin: 'http://c' })
    await once(page, 'open')
    page.terminate()
  })
})
