/** Shared topics: what a member of the realm can do to a group, and to those who share with it. */
import { describe, expect } from 'vitest'
import { Sealer } from '../../bus/core/seal/sealer.ts'
import { MEMBER_SEATS_MAX } from '../../bus/core/stream/shares.ts'
import { parseTopic, parsePattern } from '../../bus/core/topic/pattern.ts'
import { readControl } from '../../bus/core/wire/control.ts'
import { Writer } from '../../bus/core/wire/cursor.ts'
import { bodyOf, Kind, readHeader } from '../../bus/core/wire/packet.ts'
import { readRecords, writePrefix, writeRecord } from '../../bus/core/wire/record.ts'
import {
  GROUPS_MAX,
  type Chosen,
  type SeatEntry,
  type ShareEntry,
  ShareFlag,
  writeChosen,
} from '../../bus/core/wire/share.ts'
import type { Member } from '../fuzz/member.ts'
import { Attack, startedEntry } from '../unit/core/attacking.ts'
import { crypto } from '../unit/core/crypto.ts'
import { controlBytes } from '../unit/core/wire/any.ts'
import { attack } from './attack.ts'

const GROUP = 77n

/** A peer that publishes a shared topic, and members that say what they like of seats. */
class Market extends Attack {
  /** What it has answered, and for whom its messages were. */
  readonly told: SeatEntry[] = []
  readonly chosen: (readonly Chosen[])[] = []

  constructor() {
    super()
    const { target } = this
    const [sealer, own] = [new Sealer(crypto, this.keys, 0n), () => target.sender!]
    target.watch = (_to, datagram) => {
      const { kind } = readHeader(datagram)
      if (!target.sender || (kind !== Kind.control && kind !== Kind.data)) return
      const key =
        kind === Kind.data ? this.keys.dataKeyOf(own(), 'own/x') : this.keys.controlKeyOf(own())
      const opened = sealer.open(datagram, key)
      if (!opened) return
      if (kind === Kind.data) {
        for (const one of readRecords(opened)?.records ?? []) this.chosen.push(one.chosen ?? [])
        return
      }
      readControl(opened, (record) => {
        if (record.type === 'seat') this.told.push(...record.entries)
      })
    }
    this.wait(500).publish(1)
  }

  publish(count: number): void {
    const { target } = this
    const parsed = parseTopic('own/x')
    if (!parsed.ok) throw new Error(parsed.fault)
    const about = { topic: 'own/x', segments: parsed.segments, codec: 0, urgent: false } as const
    for (let i = 0; i < count; i++) {
      const message = { ...about, payload: new Uint8Array(9), delivery: 'reliable', shared: true }
      target.peer.publish(this.now, { ...message, delivery: 'reliable' })
      target.peer.turnEnds(this.now)
      target.drain(this.now)
    }
    this.wait(20)
  }

  /** What it says to a `share`. */
  share(member: Member, entries: readonly Partial<ShareEntry>[]): readonly SeatEntry[] {
    this.told.length = 0
    const target = this.target.peer.instance
    const entry = { stream: 1, group: GROUP, member: 1, flags: ShareFlag.again, ageMs: 0, seat: 0 }
    const whole = entries.map((one) => ({ ...entry, done: 0, ...one }))
    for (let i = 0; i < whole.length; i += 18) {
      const page = whole.slice(i, i + 18)
      this.send(member.control(controlBytes({ type: 'share', target, entries: page })))
    }
    this.wait(20)
    return [...this.told]
  }

  /** A seat that is confirmed. */
  sit(member: Member, id = 1): number {
    const [told] = this.share(member, [{ member: id }])
    this.share(member, [{ member: id, seat: told!.seat }])
    return told!.seat
  }

  /** Whom the next messages are for, in the group. */
  next(count: number): number[] {
    this.chosen.length = 0
    this.publish(count)
    return this.chosen.map((all) => all[0]?.seat ?? 0)
  }
}

describe('a seat of a group', () => {
  attack(
    'asked for ten thousand times by one member',
    { by: 'member', holds: 'it has 64 of them, the rest is counted, and others get seats' },
    () => {
      const world = new Market()
      const [hog, honest] = [world.member(), world.member()]
      const ids = Array.from({ length: 10_000 }, (_, i) => ({ member: i + 1 }))
      const seats = world.share(hog, ids).filter(({ seat }) => seat > 0)
      expect(seats).toHaveLength(MEMBER_SEATS_MAX)
      expect(world.count('seatsFull')).toBe(10_000 - MEMBER_SEATS_MAX)
      expect(world.sit(honest)).toBeGreaterThan(0)
    },
  )

  attack(
    'kept by a member that does nothing',
    { by: 'member', holds: 'after five seconds it gets nothing more, and who works gets all' },
    () => {
      const world = new Market()
      const [hog, honest] = [world.member(), world.member()]
      for (let id = 1; id <= 8; id++) world.sit(hog, id)
      const seat = world.sit(honest)
      const before = world.next(90)
      expect(new Set(before).size).toBe(9)
      const beacon = controlBytes({ type: 'beacon', intervalMs: 500, streamCount: 0 })
      for (let second = 0; second < 6; second++) {
        for (const one of [hog, honest]) world.send(one.control(beacon))
        world.wait(900)
      }
      for (let round = 0; round < 5; round++) {
        world.share(honest, [{ seat, done: 100_000 }])
        expect(new Set(world.next(40))).toEqual(new Set([seat]))
      }
      // And what it kept is done by another when it is gone.
      world.share(honest, [{ seat, done: 100_000 }])
      world.chosen.length = 0
      world.send(hog.hello({ flags: 1 })).wait(100)
      expect(world.chosen.length).toBeGreaterThanOrEqual(70)
      expect(new Set(world.chosen.map(([place]) => place?.seat))).toEqual(new Set([seat]))
    },
  )

  attack(
    'confirmed, and given up, in the name of another member',
    { by: 'member', holds: 'it counts for the seats of its sender alone' },
    () => {
      const world = new Market()
      const [liar, honest] = [world.member(), world.member()]
      const seat = world.sit(honest)
      expect(world.next(3)).toEqual([seat, seat, seat])
      world.share(liar, [{ seat, done: 100_000 }])
      world.share(liar, [{ seat, flags: ShareFlag.leaves }])
      expect(world.next(1)).toEqual([seat])
      const [again] = world.share(honest, [{ seat, done: 1 }])
      expect(again).toMatchObject({ seat, heard: 2 })
    },
  )

  attack(
    'in groups without number',
    { by: 'member', holds: 'a stream has sixteen, and one more is refused and counted' },
    () => {
      const world = new Market()
      const hog = world.member()
      const groups = Array.from({ length: 500 }, (_, i) => ({ group: BigInt(i) }))
      const seats = world.share(hog, groups).filter(({ seat }) => seat > 0)
      expect(seats).toHaveLength(GROUPS_MAX)
      expect(world.count('seatsFull')).toBe(500 - GROUPS_MAX)
    },
  )

  attack(
    'asked for to make a publisher keep what it publishes',
    { by: 'member', holds: 'copies stay below their bound' },
    () => {
      const world = new Market()
      const hog = world.member()
      world.sit(hog)
      for (let round = 0; round < 20; round++) world.publish(200)
      const { sharesSize } = world.target.peer.held
      expect(sharesSize).toBeGreaterThan(0)
      expect(sharesSize).toBeLessThanOrEqual(world.target.limits.shareSize)
    },
  )

  attack(
    'given by somebody who is not the publisher',
    { by: 'member', holds: 'it is nothing: only its publisher gives a seat and what is for it' },
    () => {
      const world = new Market()
      const [publisher, liar] = [world.member(), world.member()]
      const parsed = parsePattern('work/jobs')
      if (!parsed.ok) throw new Error(parsed.fault)
      const sharing = { group: 'workers', again: true }
      const { peer, drain } = {
        peer: world.target.peer,
        drain: () => world.target.drain(world.now),
      }
      peer.subscribe(world.now, 9000, parsed.pattern, { sharing })
      drain()
      world.announce(publisher, ['work/jobs'], SHARED).wait(100)
      const started = { type: 'started', asker: peer.instance, entries: [startedEntry(1)] } as const
      world.send(publisher.control(controlBytes(started)))
      const entry = { stream: 1, group: world.keys.shareOf('workers'), member: 9000 }
      const seat = { type: 'seat', asker: peer.instance } as const
      const entries = [{ ...entry, number: 1, seat: 5, heard: 1 }]
      world.send(liar.control(controlBytes({ ...seat, entries })))
      const before = world.target.delivered
      const work = (number: number, place: number): void => {
        const writer = new Writer(60)
        writePrefix(writer, number - 1, 1)
        writeRecord(writer, 0, Uint8Array.of(1), {
          chosen: writeChosen([{ number: 1, seat: place }]),
        })
        world.send(publisher.data(1, number, { flags: 0, body: writer.written }))
      }
      work(1, 5)
      expect(world.target.delivered).toBe(before)
      world.send(
        publisher.control(
          controlBytes({ ...seat, entries: [{ ...entry, number: 1, seat: 6, heard: 0 }] }),
        ),
      )
      work(2, 5)
      work(3, 6)
      expect(world.target.delivered).toBe(before + 1)
      expect(bodyOf(world.target.sent).length).toBeGreaterThan(0)
    },
  )
})

/** The mode of a binding whose stream is shared. */
const SHARED = 64
