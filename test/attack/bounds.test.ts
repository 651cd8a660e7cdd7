/** Tables, queues and waits that an attacker would fill: each has its bound. */
import { describe, expect } from 'vitest'
import { Writer } from '../../bus/core/wire/cursor.ts'
import { HeartbeatFlag } from '../../bus/core/wire/control.ts'
import { Flag } from '../../bus/core/wire/packet.ts'
import { writeFragmentPrefix } from '../../bus/core/wire/record.ts'
import { VARINT_MAX } from '../../bus/core/wire/varint.ts'
import { Attack, body, startedEntry } from '../unit/core/attacking.ts'
import { controlBytes } from '../unit/core/wire/any.ts'
import { attack } from './attack.ts'
import { memory } from './memory.ts'

describe('an outsider', () => {
  attack(
    'made-up instances',
    {
      by: 'outsider',
      holds: 'they make a peer say hello 20 times a second at most, however many there are',
    },
    () => {
      const world = new Attack()
      const before = world.target.sentPackets
      for (let i = 0; i < 1000; i++) {
        world.wait(10).send(world.stranger().control(new Uint8Array(0)))
      }
      const hellos = world.target.sentPackets - before
      expect(hellos).toBeLessThan(10 * (20 + 4))
      // The others share the hellos that are sent: up to 32 are asked by each.
      expect(world.count('askBudget')).toBeGreaterThan(200)
    },
  )

  attack(
    'badly signed hellos of an open realm',
    {
      by: 'outsider',
      holds: 'each counts as a hundred failures: the rest of the second is dropped unread',
    },
    () => {
      const world = new Attack({}, { open: true })
      const echoes = [world.target.challenge]
      for (let i = 0; i < 60; i++)
        world.send(world.stranger().hello({ echoes, badSignature: true }))
      expect([world.count('unverified'), world.count('helloBudget')]).toEqual([50, 10])
      expect(world.target.present.size).toBe(0)
    },
  )

  attack(
    'packets of strangers',
    { by: 'outsider', holds: 'each leaves the quarantine when its own second is over' },
    () => {
      const world = new Attack()
      const stranger = world.stranger()
      stranger.streams.set(1, { topic: 'plant/1/x', mode: 0, number: 0, index: 0 })
      const beacon = { type: 'beacon', intervalMs: 500, streamCount: 0 } as const
      world.send(stranger.control(controlBytes(beacon)))
      world.wait(900).send(stranger.control(controlBytes(beacon)))
      world.wait(400)
      expect(world.count('quarantineExpired')).toBe(1)
      world.wait(900)
      expect(world.count('quarantineExpired')).toBe(2)
    },
  )
})

describe('the quarantine', () => {
  attack(
    'of many small packets, and of few large ones',
    { by: 'outsider', holds: 'it holds 256 packets and 256 KiB, and the next one is dropped' },
    () => {
      for (const size of [16, 1190]) {
        const world = new Attack()
        for (let i = 0; i < 1000; i++) {
          world.send(world.stranger().control(new Uint8Array(size)))
          const { packets, size: held } = world.target.peer.held
          expect([packets <= 256, held <= 256 * 1024]).toEqual([true, true])
        }
        expect(world.count('quarantineFull')).toBeGreaterThan(700)
      }
    },
  )
})

describe('a member', () => {
  attack(
    'control for somebody else',
    { by: 'member', holds: 'it moves nobody but the instance that it names' },
    () => {
      const world = new Attack()
      const member = world.member()
      world.wait(3000)
      const before = world.target.sentPackets
      const target = 1n
      const entry = { stream: 1, ask: 1, from: 1, ageMs: 9000, back: 0, attempt: 3 }
      const records = [
        controlBytes({ type: 'want', target, first: 1, count: 9 }),
        controlBytes({ type: 'attach', target, entries: [entry] }),
        controlBytes({ type: 'cursor', target, entries: [{ stream: 1, next: 9, lost: 0 }] }),
      ]
      for (const record of records) world.send(member.control(record))
      expect(world.target.sentPackets).toBe(before)
    },
  )

  attack(
    'ranges as large as can be',
    { by: 'member', holds: 'they cost neither memory nor time' },
    () => {
      const world = new Attack()
      const member = world.member()
      world.announce(member, ['plant/1/x', 'plant/2/x']).wait(200)
      const target = world.target.peer.instance
      const entries = [1, 2].map((stream) =>
        startedEntry(stream, { head: VARINT_MAX, behind: VARINT_MAX }),
      )
      const far = [{ stream: 1, head: VARINT_MAX, index: VARINT_MAX, receivers: VARINT_MAX }]
      const flags = HeartbeatFlag.final
      const before = memory()
      for (let i = 0; i < 1000; i++) {
        world.send(
          member.control(controlBytes({ type: 'want', target, first: 0, count: VARINT_MAX })),
        )
        world.send(member.control(controlBytes({ type: 'started', asker: target, entries })))
        const heartbeat = { type: 'heartbeat', flags, grttUs: VARINT_MAX, entries: far } as const
        world.send(member.control(controlBytes(heartbeat)))
        world.send(member.data(2, 1 + i * 2 ** 30, { flags: 0, body: body(VARINT_MAX - 1000 + i) }))
        world.wait(1)
      }
      world.wait(1000)
      expect(memory() - before).toBeLessThan(1024 * 1024)
    },
  )

  attack(
    'twenty thousand identities',
    {
      by: 'member',
      holds: '1,024 are remembered, and the others are no hindrance once those have left',
    },
    () => {
      const world = new Attack()
      for (let i = 0; i < 2000; i++) world.member()
      const before = memory()
      for (let i = 0; i < 18_000; i++) world.member()
      expect([world.target.present.size, world.count('peersFull')]).toEqual([1024, 18_976])
      expect(memory() - before).toBeLessThan(8 * 1024 * 1024)
      // The names that it never let in are no hindrance once the others have left.
      world.wait(10_000)
      expect(world.target.present.size).toBe(0)
      world.member()
      expect(world.target.present.size).toBe(1)
    },
  )

  attack(
    'endless streams',
    { by: 'member', holds: 'as many are remembered as the limits say, of one and of all' },
    () => {
      const world = new Attack({ streams: 20, bindings: 50 })
      const topics = Array.from({ length: 30 }, (_, i) => `plant/${i}/x`)
      const members = [world.member(), world.member(), world.member()] as const
      world.announce(members[0], topics)
      expect(world.count('streamsFull')).toBe(10)
      world.announce(members[1], topics).announce(members[2], topics)
      expect(world.count('streamsFull')).toBe(10 + 10 + 20)
      world.send(members[0].hello({ flags: 1 })).announce(world.member(), topics)
      expect(world.count('streamsFull')).toBe(40 + 10)
    },
  )

  attack(
    'endless streams of many processes with one identity',
    { by: 'member', holds: 'as many are remembered as of one member, and room is left for others' },
    () => {
      const world = new Attack({ memberBindings: 40 })
      const topics = Array.from({ length: 30 }, (_, i) => `plant/${i}/x`)
      const first = world.member()
      world.announce(first, topics)
      expect(world.count('streamsFull')).toBe(0)
      const second = world.member(first.sender.identity)
      world.announce(second, topics)
      expect(world.count('streamsFull')).toBe(20)
      world.announce(world.member(), topics)
      expect(world.count('streamsFull')).toBe(20)
      // Who goes leaves its place.
      world.send(first.hello({ flags: 1 })).announce(world.member(first.sender.identity), topics)
      expect(world.count('streamsFull')).toBe(20)
    },
  )

  attack(
    'messages that are never finished',
    { by: 'member', holds: 'fragments take what the limit allows, whatever they announce' },
    () => {
      const world = new Attack({ assemblySize: 256 * 1024, messageSize: 64 * 1024 })
      const member = world.member()
      const topics = Array.from({ length: 200 }, (_, i) => `plant/${i}/x`)
      world.announce(member, topics, 1)
      const before = memory()
      for (let at = 0; at < 20; at++) {
        for (let stream = 1; stream <= topics.length; stream++) {
          const writer = new Writer(1100)
          const place = { index: 0, sentAt: 0, totalSize: 60_000, offset: at * 1000 }
          writeFragmentPrefix(writer, place)
          const packet = { flags: Flag.fragment, body: writer.put(new Uint8Array(1000)).written }
          world.send(member.data(stream, at + 1, packet))
        }
      }
      expect(world.count('assemblyFull')).toBeGreaterThan(100)
      expect(memory() - before).toBeLessThan(1024 * 1024)
    },
  )

  attack(
    'packet number 0',
    { by: 'member', holds: 'no stream waits for it, and none keeps packets for it' },
    () => {
      const world = new Attack()
      const member = world.member()
      world.announce(member, ['plant/1/x']).wait(100)
      const asker = world.target.peer.instance
      const entries = [startedEntry(1, { start: 0 })]
      for (let i = 0; i < 300; i++) {
        world.send(member.control(controlBytes({ type: 'started', asker, entries })))
        world.send(member.data(1, 10 + i, { flags: 0, body: body(i) })).wait(100)
      }
      expect(world.target.delivered).toBeGreaterThan(0)
    },
  )
})
