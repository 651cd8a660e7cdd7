/** Attacks on the trunks between relays: by who stands between them, and by who calls as one of them. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { describe, expect, vi } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import type { Relay } from '../../relay/index.ts'
import { TRUNK_PROTOCOL } from '../../relay/trunk-wire.ts'
import { TrunkPeer } from '../unit/relay/trunk-peer.ts'
import { key, open, realm, relayWith, WAIT } from '../unit/relay/world.ts'
import { attack } from './attack.ts'
import { Beside } from './beside.ts'
import { memory } from './memory.ts'

type Way = 'up' | 'down'
/** What becomes of a message on its way; none: it is dropped. */
type Change = (message: Uint8Array, way: Way) => readonly Uint8Array[]

/** Stands between two relays: whoever calls it is brought to the other one. */
class Between implements AsyncDisposable {
  readonly url: string
  /** Calls that have ended. */
  closed = 0
  readonly #server: WebSocketServer

  private constructor(server: WebSocketServer, to: string, change: Change) {
    this.#server = server
    this.url = `ws://[::1]:${(server.address() as AddressInfo).port}`
    server.on('connection', (caller) => {
      const called = new WebSocket(to, TRUNK_PROTOCOL)
      const early: Uint8Array[] = []
      caller.on('close', () => (this.closed += 1))
      const say = (message: Uint8Array): void => {
        if (called.readyState === WebSocket.OPEN) called.send(message)
        else early.push(message)
      }
      called.on('open', () => early.splice(0).forEach((message) => called.send(message)))
      caller.on('message', (bytes: Buffer) => change(bytes, 'up').forEach(say))
      called.on('message', (bytes: Buffer) => {
        for (const message of change(bytes, 'down')) caller.send(message)
      })
      for (const [one, other] of [
        [caller, called],
        [called, caller],
      ] as const) {
        one.on('error', () => undefined)
        one.on('close', () => other.terminate())
      }
    })
  }

  static async open(to: string, change: Change): Promise<Between> {
    const between = new Between(await serverOf(), to, change)
    open.push(between)
    return between
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#server.clients) client.terminate()
    await new Promise((done) => this.#server.close(done))
  }
}

async function serverOf(): Promise<WebSocketServer> {
  const handleProtocols = (): string => TRUNK_PROTOCOL
  const server = new WebSocketServer({ host: '::1', port: 0, handleProtocols })
  await once(server, 'listening')
  return server
}

/** A call that says what it likes; what it hears first is the challenge. */
async function called(url: string): Promise<{ socket: WebSocket; ended: Promise<number> }> {
  const socket = new WebSocket(url, TRUNK_PROTOCOL)
  socket.on('error', () => undefined)
  const ended = once(socket, 'close').then(([code]) => Number(code))
  await once(socket, 'message')
  return { socket, ended }
}

/** All that two relays say until they have a trunk. */
async function recording(): Promise<{ up: Uint8Array[]; down: Uint8Array[]; far: string }> {
  const said = { up: [] as Uint8Array[], down: [] as Uint8Array[] }
  const far = await relayWith()
  const between = await Between.open(far.url, (message, way) => {
    said[way].push(message.slice())
    return [message]
  })
  const near = await relayWith({ links: between.url })
  await vi.waitFor(() => expect([near.stats().trunks, far.stats().trunks]).toEqual([1, 1]), WAIT)
  await near.close()
  await between[Symbol.asyncDispose]()
  await vi.waitFor(() => expect(far.stats().trunks).toBe(0), WAIT)
  return { ...said, far: far.url }
}

describe('a trunk between two relays', () => {
  attack(
    'with what both have said before, to either of them',
    { by: 'on path', holds: 'another nonce is asked for: no trunk opens' },
    async () => {
      const { up, down, far } = await recording()
      for (let i = 0; i < 10; i++) {
        const { socket, ended } = await called(far)
        socket.send(up[0]!)
        expect(await ended).toBe(4401)
      }
      // The other way round: what was called says again what it has said.
      const server = await serverOf()
      let hails = 0
      server.on('connection', (caller) => {
        caller.send(down[0]!)
        caller.on('message', () => {
          hails += 1
          caller.send(down[1]!)
        })
      })
      const near = await relayWith({
        links: `ws://[::1]:${(server.address() as AddressInfo).port}`,
      })
      await vi.waitFor(() => expect(near.stats().proofRefused).toBeGreaterThan(0), WAIT)
      expect(hails).toBeGreaterThan(0)
      expect(near.stats()).toMatchObject({ trunks: 0, trunksOpened: 0 })
      await near.close()
      await new Promise((done) => server.close(done))
    },
  )

  attack(
    'by showing a relay its own words as those of another',
    { by: 'on path', holds: 'both roles and both ids are in what proves: no trunk opens' },
    async () => {
      const relay = await relayWith()
      // The relay calls what calls the relay: as it is, and with another id in the challenge.
      for (const lies of [false, true]) {
        const between = await Between.open(relay.url, (message, way) => {
          const changed = message.slice()
          const last = changed.length - 1
          if (lies && way === 'down' && changed[0] === 1) changed[last] = changed[last]! ^ 1
          return [changed]
        })
        const before = relay.stats()
        await relay.reload({ ...OWN, links: [between.url] })
        const refused = lies ? 'proofRefused' : 'trunkSelf'
        await vi.waitFor(
          () => expect(relay.stats()[refused]).toBeGreaterThan(before[refused]),
          WAIT,
        )
        await relay.reload(OWN)
        expect(relay.stats()).toMatchObject({ trunks: 0, trunksOpened: 0 })
      }
    },
  )

  attack(
    'with a bit turned in each byte of what proves, both ways',
    { by: 'on path', holds: 'no trunk opens; without that one does' },
    async () => {
      const limits = { handshakeTime: 500 }
      const far = await relayWith({ limits })
      const near = await relayWith({ limits })
      let bent: { way: Way; at: number } | undefined
      const sizes = { up: 0, down: 0 }
      const between = await Between.open(far.url, (message, way) => {
        const type = way === 'up' ? HAIL : ACCEPT
        if (message[0] !== type) return [message]
        // The record that proves: others may stand behind it in the same message.
        sizes[way] = 2 + message[1]!
        return [bent?.way === way ? turned(message, bent.at) : message]
      })
      const call = (name: string): Promise<unknown> => {
        return near.reload({ ...OWN, limits, links: [`${between.url}/${name}`] })
      }
      await call('honest')
      await vi.waitFor(() => expect([near, far].map(trunksOf)).toEqual([1, 1]), WAIT)
      const opened = near.stats().trunksOpened
      for (const way of ['up', 'down'] as const) {
        expect(sizes[way]).toBeGreaterThan(32)
        for (let at = 0; at < sizes[way]; at++) {
          bent = { way, at }
          const ended = between.closed
          await call(`${way}-${at}`)
          await vi.waitFor(() => expect(between.closed).toBeGreaterThan(ended), WAIT)
          expect(near.stats()).toMatchObject({ trunks: 0, trunksOpened: opened })
        }
      }
      bent = undefined
      await call('again')
      await vi.waitFor(() => expect(trunksOf(near)).toBe(1), WAIT)
    },
  )

  attack(
    'that asks for and refuses two million peers, and brings what is none of the realm',
    { by: 'member', holds: 'what it can make a relay keep is bounded, others go on' },
    async () => {
      const relay = await relayWith()
      const beside = await Beside.at(relay.url)
      const trunk = await TrunkPeer.open(relay.url, { name: realm, root: key })
      open.push(trunk)
      await beside.goesOn()
      const before = memory()
      for (let i = 0; i < 250; i++) {
        // As many as one message holds.
        const instances = Array.from({ length: 8000 }, (_, n) => BigInt(i * 8000 + n))
        const type = (['ask', 'prune', 'graft'] as const)[i % 3]!
        trunk.send(type === 'ask' ? { type, all: true, instances } : { type, instances })
        trunk.send({ type: 'group', hops: 255, group: GROUP, datagram: new Uint8Array(1000) })
        if (i % 50 === 0) await beside.goesOn()
      }
      await beside.goesOn()
      expect(memory() - before).toBeLessThan(KEPT_MAX)
      await vi.waitFor(() => expect(relay.stats().foreign).toBe(250), WAIT)
      expect(relay.stats()).toMatchObject({ trunks: 1, links: 2, datagramsFar: 0 })
    },
  )
})

function trunksOf(relay: Relay): number {
  return relay.stats().trunks
}

/** Another bit of each byte. */
function turned(message: Uint8Array, at: number): Uint8Array {
  const changed = message.slice()
  changed[at] = changed[at]! ^ (1 << (at & 7))
  return changed
}

/** What `relayWith` gives its relays, for `reload`. */
const OWN = { realm, key, listen: '[::1]:0', multicast: false }
/** Types of the records that prove. */
const HAIL = 2
const ACCEPT = 3
const GROUP = 'ff11:1:2:3:4:5:8000:1'
const KEPT_MAX = 24 * 1024 * 1024
