/** Relays that call each other over loopback: who is accepted, what passes, and what they notice. */
import { describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import type { RelayOptions } from '../../../relay/index.ts'
import { Groups } from '../../../bus/core/path/group.ts'
import { RealmKeys } from '../../../bus/core/seal/keys.ts'
import { writeMulticast } from '../../../bus/core/wire/link.ts'
import { BODY_OFFSET } from '../../../bus/core/wire/packet.ts'
import { Trunks } from '../../../relay/trunks.ts'
import { writeTrunkPing, writeTrunkRecord } from '../../../relay/trunk-wire.ts'
import { counting, crypto } from '../core/crypto.ts'
import { FakeLog } from './fake-log.ts'
import { TrunkPeer, type HailOptions } from './trunk-peer.ts'
import { busAt, key, linkAt, open, realm, relayWith, WAIT } from './world.ts'

/** A group of the scope `host`. */
const GROUP = 'ff11:1:2:3:4:5:8000:1'
const REALM = { name: realm, root: key }

describe('relays without a network', () => {
  it('join their links by a chain of trunks, there and back', async () => {
    const far = await relayWith()
    const middle = await relayWith({ links: far.url })
    const near = await relayWith({ links: [middle.url] })
    await trunksOf([near, 1], [middle, 2], [far, 1])
    const [a, b] = [await busAt(near.url), await busAt(far.url)]
    const messages = b.subscribe('x/*', { gaps: true })
    await a.matched('x/y', { timeout: 8000 })
    for (let i = 0; i < 500; i++) a.publish('x/y', i)
    const values: unknown[] = []
    for await (const item of messages) {
      values.push(item.type === 'gap' ? item : item.value)
      if (values.length === 500) break
    }
    expect(values).toEqual(Array.from({ length: 500 }, (_, i) => i))
    // Confirmations come back by unicast.
    expect(await a.close({ linger: 5000 })).toMatchObject({ unconfirmed: [] })
    await vi.waitFor(() => expect(b.presence.size).toBe(0), WAIT)
    expect(middle.stats()).toMatchObject({ links: 0, trunks: 2, copies: 0, hopsSpent: 0 })
    expect(middle.stats().unicastCrossed).toBeGreaterThan(0)
    expect(middle.stats().datagramsFar).toBeGreaterThan(0)
  })

  it('call again when one of them starts anew, and lose nothing', async () => {
    const first = await relayWith()
    const { port } = new URL(first.url)
    const near = await relayWith({ links: [first.url] })
    await trunksOf([near, 1])
    const [a, b] = [await busAt(near.url), await busAt(first.url)]
    const messages = b.subscribe('x', { gaps: true })
    await a.matched('x', { timeout: 8000 })
    await first.close()
    await vi.waitFor(() => expect(near.stats().trunks).toBe(0), WAIT)
    a.publish('x', 'while nobody is there')
    await relayWith({ listen: `[::1]:${port}` })
    for await (const item of messages) {
      expect(item).toMatchObject({ type: 'message', value: 'while nobody is there' })
      break
    }
    expect(near.stats()).toMatchObject({ trunksOpened: 2, trunksClosed: 1 })
  })
})

describe('a relay that has reached', () => {
  it('itself, says so', async () => {
    const log = new FakeLog()
    const { createServer } = await import('node:http')
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '::1', resolve))
    const { port } = server.address() as { port: number }
    const relay = await relayWith({ listen: server, links: `ws://[::1]:${port}`, log })
    await vi.waitFor(() => expect(relay.stats().trunkSelf).toBe(1), WAIT)
    expect(log.warnings).toEqual([
      [{ at: `ws://[::1]:${port}`, reason: 'this relay has called itself' }, 'no trunk'],
    ])
    expect(relay.stats().trunks).toBe(0)
    await relay.close()
    await new Promise((resolve) => server.close(resolve))
  })

  it('one relay by two addresses, says so and keeps one trunk', async () => {
    const log = new FakeLog()
    const far = await relayWith()
    const links = [far.url, `${far.url}/again`]
    const near = await relayWith({ links, log })
    await vi.waitFor(() => expect(near.stats().trunkDouble).toBe(1), WAIT)
    await trunksOf([near, 1], [far, 1])
    const [, words] = log.warnings[0]!
    expect(words).toBe('no trunk')
    expect(log.warnings[0]![0]).toMatchObject({ reason: 'these relays have a trunk already' })
  })

  it('one that has called it, has one trunk with it, however their calls cross', async () => {
    const { createServer } = await import('node:http')
    for (let round = 0; round < 3; round++) {
      const servers = [createServer(), createServer()] as const
      const urls: string[] = []
      for (const server of servers) {
        await new Promise<void>((resolve) => server.listen(0, '::1', resolve))
        urls.push(`ws://[::1]:${(server.address() as { port: number }).port}`)
      }
      const pair = await Promise.all([
        relayWith({ listen: servers[0], links: urls[1]! }),
        relayWith({ listen: servers[1], links: urls[0]! }),
      ])
      await trunksOf([pair[0], 1], [pair[1], 1])
      await vi.waitFor(() => {
        const doubles = pair.map((relay) => relay.stats().trunkDouble)
        expect(doubles[0]! + doubles[1]!).toBeGreaterThan(0)
      }, WAIT)
      await trunksOf([pair[0], 1], [pair[1], 1])
      for (const relay of pair) await relay.close()
      for (const server of servers) await new Promise((resolve) => server.close(resolve))
    }
  })
})

describe('a trunk is refused', () => {
  it.each([
    ['with another key', { key: counting(32, 5) }, 'proofRefused', /another one/],
    ['of another realm', { realm: 'home' }, 'realmRefused', /serves another realm/],
    ['of another scope', { scope: 'link' }, 'scopeRefused', /serves another scope/],
  ] as const)('%s, and told of once', async (...[, options, counter, reason]) => {
    const log = new FakeLog()
    const far = await relayWith()
    const near = await relayWith({ ...options, links: far.url, log })
    await vi.waitFor(() => expect(far.stats()[counter]).toBe(1), WAIT)
    await vi.waitFor(() => expect(log.warnings.length).toBe(1), WAIT)
    expect(log.warnings[0]![0]['reason']).toMatch(reason)
    expect([far.stats().trunks, near.stats().trunks]).toEqual([0, 0])
  })

  it('beyond as many as the relay may have, of which its own calls are none', async () => {
    const far = await relayWith()
    const relay = await relayWith({ links: far.url, limits: { trunks: 1 } })
    await trunksOf([relay, 1])
    await peerAt(relay.url, { relay: 5n })
    await expect(peerAt(relay.url, { relay: 6n })).rejects.toThrow('4430')
    expect(relay.stats()).toMatchObject({ trunks: 2, trunksFull: 1 })
  })

  it('beyond half of them from one address', async () => {
    const relay = await relayWith({ listen: ':0', limits: { trunks: 4 } })
    const [near, other] = ['[::1]', '127.0.0.1'].map((at) => relay.url.replace('[::]', at))
    for (const one of [5n, 6n]) await peerAt(near!, { relay: one })
    await expect(peerAt(near!, { relay: 7n })).rejects.toThrow('4430')
    await peerAt(other!, { relay: 7n })
    expect(relay.stats()).toMatchObject({ trunks: 3, trunksFull: 1 })
  })

  it('that says much before it has proved anything', async () => {
    const relay = await relayWith()
    const socket = new WebSocket(relay.url, 'sixcast-relay.1')
    await new Promise((resolve) => socket.on('open', resolve))
    const ended = new Promise((resolve) => socket.on('close', resolve))
    for (let at = 0; at < 4096 / writeTrunkPing().length; at++) socket.send(writeTrunkPing())
    socket.send(writeTrunkPing())
    expect(await ended).toBe(4400)
  })

  it('that proves nothing in time', async () => {
    const relay = await relayWith({ limits: { handshakeTime: 100 } })
    const socket = new WebSocket(relay.url, 'sixcast-relay.1')
    const code = await new Promise((resolve) => socket.on('close', resolve))
    expect(code).toBe(4408)
    expect(relay.stats()).toMatchObject({ handshakeLate: 1 })
  })

  it.each([
    [{ links: 'http://x' }, /"links" is "http:\/\/x": a ws:\/\/ or wss:\/\/ address/],
    [{ links: [] }, /"links"/],
    [{ limits: { trunkBufferSize: 0 } }, /"limits.trunkBufferSize" is 0/],
  ] as const)('by an address that is none: %j', async (options, reason) => {
    const refused = relayWith(options as RelayOptions)
    await expect(refused).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    await expect(refused).rejects.toThrow(reason)
  })
})

it('a relay that is given up before it has opened calls nobody', async () => {
  // Nothing of a relay is asked for.
  const trunks = new Trunks(['ws://[::1]:1'], {} as ConstructorParameters<typeof Trunks>[1])
  await trunks.close()
  trunks.open()
  expect([...trunks]).toEqual([])
})

describe('an open trunk', () => {
  it('ends when what comes is no message, and what comes too early ends it at once', async () => {
    const relay = await relayWith()
    const peer = await peerAt(relay.url)
    peer.socket.send(Uint8Array.of(7, 3, 0))
    expect(await peer.ended).toBe(4400)
    const socket = new WebSocket(relay.url, 'sixcast-relay.1')
    await new Promise((resolve) => socket.on('open', resolve))
    socket.send(writeTrunkRecord({ type: 'ask', all: true, instances: [] }))
    expect(await new Promise((resolve) => socket.on('close', resolve))).toBe(4400)
    expect(relay.stats()).toMatchObject({ trunks: 0, malformed: 2 })
  })

  it('is given up when the other end has said nothing for three of its intervals', async () => {
    const relay = await relayWith()
    const peer = await peerAt(relay.url, { intervalMs: 200 })
    expect(await peer.ended).toBe(4409)
    await vi.waitFor(() => expect(relay.stats()).toMatchObject({ trunks: 0, idle: 1 }), WAIT)
  }, 15_000)

  it('is replaced by a new one that the same relay asks for, once it answers no more', async () => {
    const relay = await relayWith()
    const old = await peerAt(relay.url)
    old.socket.pause()
    await peerAt(relay.url)
    old.socket.resume()
    expect(await old.ended).toBe(4411)
    expect(relay.stats()).toMatchObject({ trunks: 1, trunksOpened: 2, trunkDouble: 1 })
  })

  it('stays while it answers, whoever says to be the same relay', async () => {
    const relay = await relayWith()
    const old = await peerAt(relay.url)
    const others = [1, 2, 3].map(() => expect(peerAt(relay.url)).rejects.toThrow('4411'))
    await Promise.all(others)
    expect(relay.stats()).toMatchObject({ trunks: 1, trunksOpened: 1, trunkDouble: 3 })
    expect(old.socket.readyState).toBe(WebSocket.OPEN)
  })

  it('answers as well when it was called', async () => {
    const relay = await relayWith()
    const peer = await peerAt(relay.url)
    const answered = new Promise((resolve) => peer.socket.on('pong', resolve))
    peer.socket.ping()
    await answered
  })

  it('drops datagrams that find no room, and is ended by one that does not read', async () => {
    const relay = await relayWith({ limits: { trunkBufferSize: 500_000, stuckTime: 500 } })
    const peer = await peerAt(relay.url, { intervalMs: 60_000 })
    const link = await linkAt(relay.url)
    peer.socket.pause()
    const datagram = link.packet(30_000)
    // What goes there crosses whatever anybody wants.
    const keys = new RealmKeys(crypto, REALM)
    const { control } = new Groups('host', 0, (label) => keys.groupBytes(label))
    let count = 0
    const flood = setInterval(() => {
      for (let i = 0; i < 20; i++) {
        // Each another packet: the same one would not cross more than 32 times.
        new DataView(datagram.buffer).setUint32(BODY_OFFSET, (count += 1))
        link.socket.send(writeMulticast(control, datagram)!)
      }
    }, 5)
    await vi.waitFor(() => expect(relay.stats().trunkBufferFull).toBeGreaterThan(0), WAIT)
    await vi.waitFor(() => expect(relay.stats()).toMatchObject({ trunks: 0, stuck: 1 }), WAIT)
    clearInterval(flood)
  }, 15_000)

  it('carries nothing that is not of this realm, or has crossed 16 trunks', async () => {
    const relay = await relayWith()
    const [peer, other] = [await peerAt(relay.url), await peerAt(relay.url, { relay: 9n })]
    const link = await linkAt(relay.url)
    const datagram = link.packet(100)
    peer.send({ type: 'group', hops: 1, group: GROUP, datagram: counting(50) })
    peer.send({ type: 'group', hops: 1, group: 'ff11:0:0:0:0:0:0:1', datagram })
    await vi.waitFor(() => expect(relay.stats().foreign).toBe(2), WAIT)
    peer.send({ type: 'group', hops: 17, group: GROUP, datagram })
    peer.send({ type: 'group', hops: 16, group: GROUP, datagram })
    await vi.waitFor(() => expect(relay.stats().hopsSpent).toBe(2), WAIT)
    peer.send({ type: 'group', hops: 15, group: GROUP, datagram })
    await vi.waitFor(() => expect(datagramsOf(other)).toMatchObject([{ hops: 16 }]), WAIT)
    peer.send({ type: 'instance', hops: 1, instance: 77n, datagram })
    await vi.waitFor(() => expect(relay.stats().unicastRefused).toBe(1), WAIT)
  })
})

async function peerAt(url: string, options: HailOptions = {}): Promise<TrunkPeer> {
  const peer = await TrunkPeer.open(url, REALM, options)
  open.push(peer)
  return peer
}

function datagramsOf(peer: TrunkPeer): object[] {
  return peer.records.filter(({ type }) => type === 'group')
}

async function trunksOf(
  ...counts: readonly (readonly [Awaited<ReturnType<typeof relayWith>>, number])[]
): Promise<void> {
  await vi.waitFor(() => {
    expect(counts.map(([relay]) => relay.stats().trunks)).toEqual(counts.map(([, n]) => n))
  }, WAIT)
}
