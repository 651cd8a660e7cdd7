/** Floods from within: a member sends what opens, so that each packet reaches what it is for. */
import { describe, expect } from 'vitest'
import { Writer } from '../../bus/core/wire/cursor.ts'
import { NakFlag } from '../../bus/core/wire/nak.ts'
import { Flag } from '../../bus/core/wire/packet.ts'
import { writeFragmentPrefix } from '../../bus/core/wire/record.ts'
import type { Member } from '../fuzz/member.ts'
import { Attack, body, startedEntry } from '../unit/core/attacking.ts'
import { controlBytes } from '../unit/core/wire/any.ts'
import { attack } from './attack.ts'
import { memory } from './memory.ts'

const COUNT = 2000

/** A peer that publishes, a member whose stream it follows, and one that floods. */
class Trouble extends Attack {
  readonly honest: Member
  readonly flooder: Member
  /** Signatures that the peer has had verified. */
  verified = 0
  #number = 0

  constructor() {
    super()
    this.target.notice = ({ type }) => void (type === 'verify' && (this.verified += 1))
    this.honest = this.member()
    this.flooder = this.member()
    this.announce(this.honest, ['plant/honest/x']).wait(50)
    const asker = this.target.peer.instance
    const entries = [startedEntry(1)]
    this.send(this.honest.control(controlBytes({ type: 'started', asker, entries })))
    this.publish(100)
  }

  /** The peer's own messages, which others ask for. */
  publish(count: number): void {
    const { target } = this
    const message = { topic: 'own/x', segments: ['own', 'x'], codec: 0, urgent: false } as const
    for (let i = 0; i < count; i++) {
      const payload = new Uint8Array(500)
      target.peer.publish(this.now, { ...message, payload, delivery: 'reliable' })
      target.peer.turnEnds(this.now)
      target.drain(this.now)
    }
    this.wait(200)
  }

  /** Whether a message of the honest one is delivered as soon as it has come. */
  hearsTheOther(): boolean {
    this.#number += 1
    const { delivered } = this.target
    this.send(this.honest.data(1, this.#number, { flags: 0, body: body(this.#number - 1) }))
    return this.target.delivered === delivered + 1
  }
}

/** What a member may send thousands of: each with the packet of this number. */
const KINDS: Readonly<Record<string, (world: Trouble, i: number) => Uint8Array>> = {
  questions: ({ flooder, target }, i) => {
    const about = { flags: i % 2 ? NakFlag.solo : 0, rttUs: 0, missed: 0, all: 0 }
    const missing = new Uint8Array(8).fill(0xff)
    const to = { type: 'nak', target: target.peer.instance, stream: 1, first: 1 } as const
    return flooder.control(controlBytes({ ...to, ...about, missing }))
  },
  attachments: ({ flooder, target }, i) => {
    const entries = [{ stream: 1, ask: i + 1, from: 0, ageMs: 9000, back: 0, attempt: i % 8 }]
    return flooder.control(controlBytes({ type: 'attach', target: target.peer.instance, entries }))
  },
  announcements: ({ flooder }, i) =>
    flooder.control(flooder.bindings([flooder.entry(i + 1, `plant/${i}/x`, 0)])),
  'announcements again': ({ flooder }) =>
    flooder.control(flooder.bindings([flooder.entry(1, 'plant/0/x', 0)])),
  fragments: ({ flooder }, i) => {
    const writer = new Writer(1100)
    writeFragmentPrefix(writer, { index: i, sentAt: 0, totalSize: 60_000, offset: 0 })
    const packet = { flags: Flag.fragment, body: writer.put(new Uint8Array(1000)).written }
    return flooder.data(1 + (i % 1000), 1 + Math.floor(i / 1000), packet)
  },
  hellos: ({ flooder, target }) => flooder.hello({ echoes: [target.challenge] }),
  newcomers: (world) => world.stranger().hello({ echoes: [world.target.challenge] }),
}

describe('a member that floods', () => {
  attack(
    'and the time and memory it takes',
    {
      by: 'member',
      holds: 'no kind of packet costs more than 2 ms and 8 KiB, and the others are heard meanwhile',
    },
    () => {
      const world = new Trouble()
      for (const [name, make] of Object.entries(KINDS)) {
        const packets = Array.from({ length: COUNT }, (_, i) => make(world, i))
        const before = memory()
        // Of this process alone: what else the machine does is no cost of a packet.
        const start = process.cpuUsage()
        for (const packet of packets) world.send(packet, 7)
        const heard = world.hearsTheOther()
        // What follows from them counts as well.
        world.wait(1000)
        const { user, system } = process.cpuUsage(start)
        const cheap = (user + system) / COUNT < 2000
        expect({ name, cheap, heard }).toEqual({ name, cheap: true, heard: true })
        expect({ name, small: (memory() - before) / COUNT < 8192 }).toEqual({ name, small: true })
        world.send(world.honest.hello({ echoes: [world.target.challenge] }))
      }
    },
  )

  attack(
    'with announcements, and the signatures that it has verified',
    {
      by: 'member',
      holds: 'a page costs one verification, and one that says nothing new costs none',
    },
    () => {
      const world = new Trouble()
      const [first, again] = [KINDS['announcements']!, KINDS['announcements again']!]
      const before = world.verified
      for (let i = 0; i < 500; i++) world.send(first(world, i))
      expect(world.verified - before).toBe(500)
      for (let i = 0; i < 500; i++) world.send(again(world, i))
      expect(world.verified - before).toBe(500)
      // Nor is one verified that has been sent before.
      const page = first(world, 500)
      for (let i = 0; i < 500; i++) world.send(page)
      expect(world.verified - before).toBe(501)
    },
  )
})
