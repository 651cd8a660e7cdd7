/** Attacks on relays by their backbone: by whoever can write to it, and by whoever runs it. */
import { describe, expect } from 'vitest'
import type { TrunkRecord } from '../../relay/trunk-wire.ts'
import { counting } from '../unit/core/crypto.ts'
import { group } from '../unit/relay/carrying.ts'
import { End, type Letter, metAt, settle } from '../unit/relay/backbone/ring.ts'
import { attack } from './attack.ts'

const RECORD: TrunkRecord = { type: 'group', hops: 1, group: group(1), datagram: counting(60) }

const CHALLENGE = 2

/** What a relay says that is met, and where. */
function said(by: End): Letter {
  by.circle.say(0n, RECORD)
  return by.written.splice(0)[0]!
}

describe('the backbone of relays', () => {
  attack(
    'by junk on all of its subjects',
    { by: 'outsider', holds: 'it is counted and dropped, and so much of it is not even looked at' },
    () => {
      const [a, b] = [new End(1n), new End(2n)]
      metAt(0, [a, b])
      const whole = said(a)
      const subjects = [...b.circle.subjects, b.circle.subjectOf(group(1))]
      for (let i = 0; i < 10_000; i++) {
        const message = whole.message.slice()
        message[i % message.length]! ^= 1 + (i % 255)
        // In the name of a relay that is there, of others, and too short to be one.
        b.hear(0, { subject: subjects[i % 3]!, message: message.subarray(0, 30 + (i % 200)) })
      }
      expect(b.records).toEqual([])
      expect([...b.met]).toEqual([1n])
      expect(b.written).toEqual([])
      const { backboneForged, otherEpoch, backboneReplayed } = b.counters.snapshot()
      expect(backboneForged + otherEpoch + backboneReplayed).toBe(10_000)
      // And a second later all is as before.
      b.hear(1000, said(a))
      expect(b.records).toHaveLength(1)
    },
  )

  attack(
    'by what a relay has said, again and on another subject',
    { by: 'on path', holds: 'each message counts once, and where it was said' },
    () => {
      const [a, b] = [new End(1n), new End(2n)]
      metAt(0, [a, b])
      const letter = said(a)
      const moved = { ...letter, subject: b.circle.subjectOf(group(2)) }
      b.hear(0, moved)
      expect([b.records.length, b.count('backboneForged')]).toEqual([0, 1])
      for (let i = 0; i < 10; i++) b.hear(0, letter)
      expect([b.records.length, b.count('backboneReplayed')]).toEqual([1, 9])
    },
  )

  attack(
    'by all that was said by relays which are gone',
    { by: 'on path', holds: 'who cannot answer is not met, and nothing of it counts' },
    () => {
      const [a, b] = [new End(1n), new End(2n)]
      const recorded = [...metAt(0, [a, b]), said(a), said(b)]
      const late = new End(3n)
      late.circle.up(0)
      late.written.splice(0)
      for (const letter of [...recorded, ...recorded]) late.hear(0, letter)
      expect([[...late.met], late.records]).toEqual([[], []])
      expect(late.count('backboneStrangers')).toBe(4)
      // It has asked each of them once, and answers that were given to others prove nothing.
      expect(late.written.filter(({ message }) => message[1] === CHALLENGE)).toHaveLength(2)
      for (const letter of recorded) late.hear(10, letter)
      expect([...late.met]).toEqual([])
    },
  )

  attack(
    'by challenges that are said again without end',
    { by: 'on path', holds: 'so many a second are answered, to the relay that asked alone' },
    () => {
      const [a, b] = [new End(1n), new End(2n)]
      const challenge = metAt(0, [a, b]).find(({ subject, message }) => {
        return subject === b.circle.subjects[1] && message[1] === CHALLENGE
      })!
      const fresh = new End(2n)
      fresh.circle.up(0)
      fresh.written.splice(0)
      for (let i = 0; i < 5000; i++) fresh.hear(0, challenge)
      const subjects = new Set(fresh.written.map(({ subject }) => subject))
      expect([...subjects]).toEqual([a.circle.subjects[1]])
      // Each answer, and one challenge of its own.
      expect(fresh.written.length).toBe(257)
    },
  )

  attack(
    'by a relay with another key',
    { by: 'outsider', holds: 'it is never met, and neither is who calls itself as another does' },
    () => {
      const [a, b] = [new End(1n), new End(2n)]
      const thief = new End(9n, { root: counting(32, 99) })
      const posing = new End(1n, { root: counting(32, 99) })
      metAt(0, [a, b])
      thief.circle.up(0)
      posing.circle.up(0)
      for (const { message } of [...thief.written, ...posing.written]) {
        for (const subject of b.circle.subjects) b.hear(0, { subject, message })
      }
      settle(0, [a, b])
      expect([...b.met]).toEqual([1n])
      // The numbers of who poses as another are below those of the other, and count for nothing.
      expect([b.count('backboneForged'), b.count('backboneReplayed')]).toEqual([2, 2])
    },
  )
})
