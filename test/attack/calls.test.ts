/** Attacks on a relay by those who call it: slowly, without end, from everywhere, or with what others have said. */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { describe, expect, vi } from 'vitest'
import type { Gap, Message } from '../../bus/index.ts'
import { Groups } from '../../bus/core/path/group.ts'
import { LINK_PROTOCOL, writeGroups } from '../../bus/core/wire/link.ts'
import { TRUNK_PROTOCOL } from '../../relay/trunk-wire.ts'
import { HEAD, ThinPeer } from '../unit/relay/thin-link.ts'
import { busAt, key, open, realm, relayWith, WAIT } from '../unit/relay/world.ts'
import { attack } from './attack.ts'
import { Beside } from './beside.ts'
import { memory } from './memory.ts'
import { dial, Op, RawLink, type RawOptions } from './raw-link.ts'

const peer: ThinPeer = new ThinPeer({ name: realm, root: key })

async function linked(url: string, options: RawOptions = {}): Promise<RawLink> {
  const link = await RawLink.open(url, options)
  open.push(link)
  return link
}

describe('a call of a relay', () => {
  attack(
    'whose head comes byte by byte, or stops half way',
    { by: 'outsider', holds: 'it ends when a proof would be late, others go on' },
    async () => {
      const relay = await relayWith({ limits: { handshakeTime: 1000 } })
      const beside = await Beside.at(relay.url)
      const head = Buffer.from(HEAD.join('\r\n'))
      const slow = Array.from({ length: 20 }, () => dial(relay.url))
      const ends = slow.map(closed)
      let at = 0
      const dripping = setInterval(() => {
        // Every other one has said all but its end, and waits.
        for (const [i, socket] of slow.entries()) {
          if (i % 2 === 0) socket.write(head.subarray(at % head.length, (at % head.length) + 1))
          else if (at === 0) socket.write(head)
        }
        at += 1
      }, 100)
      await beside.goesOn()
      await Promise.all(ends)
      clearInterval(dripping)
      await beside.goesOn()
      expect(relay.stats()).toMatchObject({ links: 2, linksOpened: 2 })
    },
  )

  attack(
    'that is upgraded and then silent, or speaks of everything but a proof',
    { by: 'outsider', holds: 'it ends with 4408 in time, and its place is free' },
    async () => {
      const limits = { handshakeTime: 1000, linksPerAddress: 12 }
      const relay = await relayWith({ limits })
      const beside = await Beside.at(relay.url)
      for (let round = 0; round < 2; round++) {
        const silent = await Promise.all(Array.from({ length: 10 }, () => linked(relay.url)))
        const pinging = setInterval(() => silent[0]!.frame(Op.ping).frame(Op.binary), 100)
        await beside.goesOn()
        expect(await Promise.all(silent.map((link) => link.ended()))).toEqual(
          Array<number>(10).fill(4408),
        )
        clearInterval(pinging)
        await vi.waitFor(() => expect(relay.stats().links).toBe(2), WAIT)
      }
      expect(relay.stats().handshakeLate).toBe(20)
    },
  )

  attack(
    'by twelve hundred connections of one address that say nothing',
    { by: 'outsider', holds: 'they get no more than their share, others are let in' },
    async () => {
      const relay = await relayWith({ listen: '127.0.0.1:0', limits: { handshakeTime: 20_000 } })
      const beside = await Beside.at(relay.url)
      const mute: Socket[] = []
      while (mute.length < 1200) {
        const some = Array.from({ length: 100 }, () => dial(relay.url, { from: '127.0.0.2' }))
        await Promise.all(some.map((socket) => once(socket, 'connect')))
        mute.push(...some)
      }
      const { addressFull } = await vi.waitFor(() => {
        const stats = relay.stats()
        expect(stats.addressFull).toBeGreaterThanOrEqual(1200 - 256 - 100)
        return stats
      }, WAIT)
      expect(addressFull).toBe(1200 - 256 - 100)
      await beside.goesOn()
      await linked(relay.url, { peer, from: '127.0.0.3' })
      expect(relay.stats()).toMatchObject({ links: 3, linksFull: 0 })
      for (const socket of mute) socket.destroy()
    },
  )

  attack(
    'by a thousand calls of one address',
    { by: 'member', holds: 'linksPerAddress of them are answered, others are let in' },
    async () => {
      const relay = await relayWith({ listen: '127.0.0.1:0' })
      const beside = await Beside.at(relay.url)
      const calls: RawLink[] = []
      while (calls.length < 1000) {
        const some = Array.from({ length: 50 }, () =>
          linked(relay.url, { peer, from: '127.0.0.2' }),
        )
        calls.push(...(await Promise.all(some)))
      }
      const answers = ['101', '429'].map(
        (status) => calls.filter(({ head }) => head.startsWith(`HTTP/1.1 ${status}`)).length,
      )
      expect(answers).toEqual([256, 744])
      await beside.goesOn()
      await linked(relay.url, { peer, from: '127.0.0.3' })
      expect(relay.stats()).toMatchObject({ links: 2 + 256 + 1, addressFull: 744 })
      for (const { socket } of calls) socket.destroy()
      await vi.waitFor(() => expect(relay.stats().links).toBe(3), WAIT)
      await linked(relay.url, { peer, from: '127.0.0.2' })
    },
  )

  attack(
    'by a page of somewhere else, in the browser of a member',
    { by: 'outsider', holds: 'no origin that is nearly right is let in, for links and trunks' },
    async () => {
      const relay = await relayWith({ origins: ['https://ok.example'] })
      const near = [
        '',
        'null',
        'https://OK.example',
        'https://ok.example.evil',
        'http://ok.example',
      ]
      const more = ['https://ok.example:444', 'https://ok.example/', 'https://ok.example, x', '*']
      for (const protocol of [LINK_PROTOCOL, TRUNK_PROTOCOL]) {
        for (const origin of [...near, ...more]) {
          const link = await linked(relay.url, { peer, protocol, headers: [`Origin: ${origin}`] })
          expect([origin, link.head.slice(9, 12)]).toEqual([origin, '403'])
        }
        const two = ['Origin: https://ok.example', 'Origin: https://evil.example']
        const link = await linked(relay.url, { peer, protocol, headers: two })
        expect(link.head.slice(9, 12)).toBe('403')
      }
      // Browsers alone send an origin, and always do.
      for (const headers of [[], ['Origin: https://ok.example']]) {
        expect((await linked(relay.url, { peer, headers })).head.slice(9, 12)).toBe('101')
      }
      expect(relay.stats()).toMatchObject({ originRefused: 20, linksOpened: 2 })
    },
  )

  attack(
    'with the recorded proof of a member',
    { by: 'on path', holds: 'it answers another challenge, and the link ends with 4401' },
    async () => {
      const relay = await relayWith()
      const beside = await Beside.at(relay.url)
      const first = await linked(relay.url)
      const recorded = peer.answer(first.nonce!)
      first.frame(Op.binary, recorded)
      await vi.waitFor(() => expect(relay.stats().links).toBe(3), WAIT)
      const again = await Promise.all(Array.from({ length: 20 }, () => linked(relay.url)))
      for (const link of again) link.frame(Op.binary, recorded)
      expect(await Promise.all(again.map((link) => link.ended()))).toEqual(
        Array<number>(20).fill(4401),
      )
      expect(new Set(again.map(({ nonce }) => String(nonce))).size).toBe(20)
      // On its own link it counts once, too.
      first.frame(Op.binary, recorded)
      expect(await first.ended()).toBe(4400)
      await beside.goesOn()
      expect(relay.stats()).toMatchObject({ proofRefused: 20, links: 2 })
    },
  )

  attack(
    'by who wants everything and never reads',
    { by: 'member', holds: 'others get all of ten megabytes, little waits, and it is ended' },
    async () => {
      const limits = { bufferSize: 300_000, stuckTime: 1500, idleTime: 6000 }
      const relay = await relayWith({ limits })
      const [publisher, reader] = [await busAt(relay.url), await busAt(relay.url)]
      const got = reader.subscribe<Uint8Array>('bulk', { gaps: true, queue: 5000 })
      await publisher.matched('bulk', { timeout: 8000 })
      const groups = new Groups('host', 0, (label) => peer.keys.groupBytes(label))
      const stuck = await Promise.all(Array.from({ length: 5 }, () => linked(relay.url, { peer })))
      for (const link of stuck) {
        link.frame(Op.binary, writeGroups('join', [groups.of(peer.keys.tagOf('bulk'))])[0]!)
      }
      // Whoever has spoken before has been heard by the time that these have met.
      await (await Beside.at(relay.url)).goesOn()
      for (const link of stuck) link.socket.pause()
      const before = memory()
      for (let i = 0; i < 1000; i++) publisher.publish('bulk', new Uint8Array(10_000).fill(i))
      await comes(got, 1000)
      // What waits in the system's buffers is not of this process.
      expect(memory() - before).toBeLessThan(KEPT_MAX)
      // Stuck where those are full by now, else idle: it says nothing either.
      const ended = (): number => relay.stats().stuck + relay.stats().idle
      await vi.waitFor(() => expect(ended()).toBe(5), { timeout: 25_000 })
      await (await Beside.at(relay.url)).goesOn()
    },
  )
})

/** So many messages come, all of them and in order. */
async function comes(
  messages: AsyncIterable<Message<Uint8Array> | Gap>,
  count: number,
): Promise<void> {
  let number = 0
  for await (const item of messages) {
    expect(item.type === 'gap' ? item : item.value[0]).toBe(number & 255)
    if (++number === count) break
  }
}

function closed(socket: Socket): Promise<unknown> {
  socket.on('error', () => undefined).resume()
  return new Promise((resolve) => socket.once('close', resolve))
}

/** The publisher's history, the reader's, and a buffer and a session for each link. */
const KEPT_MAX = 80_000_000
