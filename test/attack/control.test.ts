/** Control records of a member that lie about everything: what they move, and what they cost. */
import { inspect } from 'node:util'
import { describe, expect } from 'vitest'
import type { ControlRecord } from '../../bus/core/wire/control.ts'
import { NAK_SPAN } from '../../bus/core/wire/nak.ts'
import { VARINT_MAX } from '../../bus/core/wire/varint.ts'
import type { Member } from '../fuzz/member.ts'
import { Attack, body, startedEntry } from '../unit/core/attacking.ts'
import { controlBytes, rawControl } from '../unit/core/wire/any.ts'
import { attack } from './attack.ts'
import { memory } from './memory.ts'

const ABSURD = [0, 1, 8192, 2 ** 31, 2 ** 32, VARINT_MAX - 64, VARINT_MAX]
const ONES = new Uint8Array(NAK_SPAN / 8).fill(0xff)

/** A peer that follows an honest member's stream while a villain, also a member, speaks. */
class Siege {
  readonly world: Attack = new Attack()
  readonly honest: Member = this.world.member()
  readonly villain: Member = this.world.member()
  #number = 0

  constructor() {
    this.world.announce(this.honest, ['plant/1/x']).announce(this.villain, ['plant/2/x'])
    this.world.wait(20)
    this.begin(this.honest).begin(this.villain)
  }

  /** Whichever of the first questions was for it. */
  begin(member: Member): this {
    const asker = this.world.target.peer.instance
    const entries = [1, 2].map((ask) => startedEntry(1, { ask }))
    return this.say(member, { type: 'started', asker, entries })
  }

  say(member: Member, record: ControlRecord): this {
    this.world.send(member.control(controlBytes(record)))
    return this
  }

  /** The honest member's next message; whether it was delivered. */
  message(): boolean {
    const before = this.world.target.delivered
    this.#number += 1
    const packet = { flags: 0, body: body(this.#number - 1) }
    this.world.send(this.honest.data(1, this.#number, packet))
    return this.world.target.delivered === before + 1
  }

  /** Sends records of a villain, each followed by an honest message that must come. */
  endure(records: Iterable<ControlRecord>): { bytes: number; ms: number; count: number } {
    let [heap, start, count] = [memory(), performance.now(), 0]
    for (const record of records) {
      this.say(this.villain, record)
      if (!this.message()) throw new Error(`held up by ${inspect(record)}`)
      this.world.wait(1)
      // What the first hundred bring along is the engine's own.
      if (++count === 100) [heap, start] = [memory(), performance.now()]
    }
    this.world.wait(1000)
    return { bytes: memory() - heap, ms: performance.now() - start, count }
  }
}

/** Every pair of absurd numbers. */
function* pairs(): Generator<readonly [number, number]> {
  for (const a of ABSURD) for (const b of ABSURD) yield [a, b]
}

const MB = 1024 * 1024

describe('a member that lies in control records', () => {
  attack(
    'absurd heartbeats',
    { by: 'member', holds: 'no head, index or round trip costs memory or holds up others' },
    () => {
      const siege = new Siege()
      const entries = (head: number, index: number) =>
        [1, 2, 2 ** 32].map((stream) => ({ stream, head, index, receivers: head }))
      const records = [...pairs(), ...pairs(), ...pairs()].map(([a, b], i): ControlRecord => ({
        type: 'heartbeat',
        flags: i % 4,
        grttUs: b,
        entries: entries(a, b),
      }))
      const { bytes, ms } = siege.endure(records)
      expect(bytes).toBeLessThan(MB)
      expect(ms).toBeLessThan(3000)
    },
  )

  attack(
    'absurd starts',
    { by: 'member', holds: "where a stream begins is that stream's own affair" },
    () => {
      const siege = new Siege()
      const asker = siege.world.target.peer.instance
      const records = [...pairs(), ...pairs()].map(([a, b]): ControlRecord => ({
        type: 'started',
        asker,
        entries: [1, 2, 3].map((stream) => {
          return {
            stream,
            ask: stream,
            start: a,
            wanted: a,
            index: b,
            head: b,
            behind: a,
            receivers: a,
          }
        }),
      }))
      expect(siege.endure(records).bytes).toBeLessThan(MB)
    },
  )

  attack(
    'absurd ends of history',
    { by: 'member', holds: 'one gap tells of any range: nothing is walked number by number' },
    () => {
      const siege = new Siege()
      const records = [...pairs(), ...pairs()].map(([a, b]): ControlRecord => ({
        type: 'oldest',
        stream: 1 + (a % 3),
        first: a,
        index: b,
      }))
      const { bytes, ms } = siege.endure(records)
      expect(bytes).toBeLessThan(MB)
      expect(ms).toBeLessThan(3000)
    },
  )

  attack(
    'absurd cursors and attachments',
    {
      by: 'member',
      holds: 'they speak for their sender alone, and begin nothing that is not there',
    },
    () => {
      const siege = new Siege()
      const target = siege.world.target.peer.instance
      const records = [...pairs(), ...pairs()].flatMap(([a, b]): ControlRecord[] => [
        { type: 'cursor', target, entries: [{ stream: a, next: b, lost: b }] },
        {
          type: 'attach',
          target,
          entries: [{ stream: a, ask: b, from: b, ageMs: b, back: b, attempt: a }],
        },
      ])
      expect(siege.endure(records).bytes).toBeLessThan(MB)
    },
  )

  attack(
    'questions with every bit set',
    {
      by: 'member',
      holds: 'a bitmap names 4,096 packets at most, and what was never sent is none',
    },
    () => {
      const siege = new Siege()
      const target = siege.world.target.peer.instance
      const about = { type: 'nak', target, flags: 0, missed: 0, stream: 1 } as const
      const records = [...pairs(), ...pairs()].map(([a, b]): ControlRecord => ({
        ...about,
        rttUs: b,
        all: a,
        first: Math.max(1, a),
        missing: ONES,
      }))
      const { bytesSent } = siege.world.target.peer.metrics.snapshot()
      expect(siege.endure(records).bytes).toBeLessThan(MB)
      // Its own beacons and questions went on meanwhile.
      const after = siege.world.target.peer.metrics.snapshot().bytesSent
      expect(after - bytesSent).toBeLessThan(20_000)
    },
  )

  attack(
    'a bitmap that is too long',
    { by: 'member', holds: 'it is malformed, and so is what stands behind it' },
    () => {
      const { world, villain } = new Siege()
      const before = world.count('malformed')
      const head = controlBytes({
        type: 'nak',
        target: world.target.peer.instance,
        flags: 0,
        rttUs: 0,
        missed: 0,
        all: 0,
        stream: 1,
        first: 1,
        missing: new Uint8Array(0),
      })
      const whole = new Uint8Array([...head.subarray(2 + Number(head[1]! >= 64)), ...ONES, 1])
      world.send(villain.control(rawControl(8, whole)))
      expect([world.count('malformed') - before, world.count('naksReceived')]).toEqual([1, 0])
    },
  )

  attack(
    'absurd wishes and beacons',
    { by: 'member', holds: 'counts are compared, never counted up to; answers have their pace' },
    () => {
      const siege = new Siege()
      const target = siege.world.target.peer.instance
      const records = [...pairs(), ...pairs()].flatMap(([a, b]): ControlRecord[] => [
        { type: 'want', target, first: a, count: b },
        { type: 'beacon', intervalMs: Math.max(500, a), streamCount: b },
      ])
      const { bytes, ms } = siege.endure(records)
      expect(bytes).toBeLessThan(MB)
      expect(ms).toBeLessThan(3000)
    },
  )

  attack(
    'a life that never expires',
    {
      by: 'member',
      holds: 'a stated interval counts as a minute at most: silence ends after three',
    },
    () => {
      const world = new Attack()
      const member = world.stranger()
      const intervalMs = VARINT_MAX
      world.send(member.hello({ echoes: [world.target.challenge], intervalMs }))
      expect(world.target.present.size).toBe(1)
      world.wait(179_000)
      expect(world.target.present.size).toBe(1)
      world.wait(2000)
      expect(world.target.present.size).toBe(0)
    },
  )

  attack(
    'lists longer than their record',
    {
      by: 'member',
      holds: 'a count is held against the bytes that are there before anything grows',
    },
    () => {
      const { world, villain } = new Siege()
      const before = [memory(), world.count('malformed')] as const
      for (let i = 0; i < 300; i++) {
        // A count of 2^48 - 1 and nothing behind it, in every type that has a list.
        const target = new Uint8Array(8)
        new DataView(target.buffer).setBigUint64(0, world.target.peer.instance)
        const count = [0xc0, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]
        for (const type of [4, 5, 7]) {
          world.send(villain.control(rawControl(type, Uint8Array.from([...target, ...count]))))
        }
        world.send(villain.control(rawControl(6, Uint8Array.from([0, 0, ...count]))))
        world.send(villain.control(rawControl(3, Uint8Array.from([...count, ...ONES]))))
      }
      expect(world.count('malformed') - before[1]).toBe(1500)
      expect(memory() - before[0]).toBeLessThan(MB)
    },
  )

  attack(
    'records of unknown types',
    { by: 'member', holds: 'they are skipped, whatever they hold, and those behind them count' },
    () => {
      const { world, villain } = new Siege()
      const before = world.count('malformed')
      const known = controlBytes({ type: 'beacon', intervalMs: 500, streamCount: 1 })
      for (let type = 64; type < 256; type++) {
        const unknown = rawControl(type, new Uint8Array(type))
        world.send(villain.control(Uint8Array.from([...unknown, ...known])))
      }
      expect(world.count('malformed')).toBe(before)
    },
  )
})
