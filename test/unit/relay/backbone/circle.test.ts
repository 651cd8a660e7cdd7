/** Relays that meet on a backbone: who is met, who is heard, and who is lost. */
import { describe, expect, it } from 'vitest'
import { readBackboneMessage, writeBackboneMessage } from '../../../../relay/backbone/message.ts'
import type { TrunkRecord } from '../../../../relay/trunk-wire.ts'
import { counting } from '../../core/crypto.ts'
import { group } from '../carrying.ts'
import { End, metAt, settle } from './ring.ts'

const GROUP = group(1)
const RECORD: TrunkRecord = { type: 'group', hops: 1, group: GROUP, datagram: counting(60) }

describe('relays on a backbone', () => {
  it('meet each other, whoever is there first', () => {
    const ends = [new End(1n), new End(2n), new End(3n)]
    metAt(0, ends)
    const all = [1n, 2n, 3n]
    expect(ends.map(({ met }) => met)).toEqual(
      all.map((id) => new Set(all.filter((other) => other !== id))),
    )
    expect(ends.map((end) => end.count('backboneMet'))).toEqual([2, 2, 2])
  })

  it('hear what the others say to all, to them, and to a group', () => {
    const [a, b] = [new End(1n), new End(2n)]
    metAt(0, [a, b])
    const ask: TrunkRecord = { type: 'ask', all: true, instances: [] }
    const one: TrunkRecord = { type: 'instance', hops: 2, instance: 9n, datagram: counting(30) }
    a.circle.say(0n, ask)
    a.circle.say(2n, one)
    a.circle.say(0n, RECORD)
    const written = a.written.splice(0)
    expect(written.map(({ subject }) => subject)).toEqual([
      ...a.circle.subjects.slice(0, 1),
      ...b.circle.subjects.slice(1),
      b.circle.subjectOf(GROUP),
    ])
    for (const letter of written) b.hear(0, letter)
    expect(b.records).toEqual([ask, one, RECORD].map((record) => ({ relay: 1n, record })))
  })

  it('say nothing for others while nobody is met', () => {
    const end = new End(1n)
    end.circle.up(0)
    end.written.splice(0)
    end.circle.say(0n, RECORD)
    expect(end.written).toEqual([])
  })

  it('pass over what only trunks carry', () => {
    const [a, b] = [new End(1n), new End(2n)]
    metAt(0, [a, b])
    a.circle.say(0n, { type: 'prune', instances: [5n] })
    settle(0, [a, b])
    expect([b.records, b.count('backboneForged')]).toEqual([[], 0])
  })

  it('lose who has been silent for ten seconds, and meet it again', () => {
    const [a, b] = [new End(1n), new End(2n)]
    metAt(0, [a, b])
    a.circle.tick(10_000)
    expect([...a.met]).toEqual([2n])
    a.circle.tick(10_001)
    expect([...a.met]).toEqual([])
    b.circle.tick(10_001)
    settle(10_001, [a, b])
    expect([[...a.met], [...b.met]]).toEqual([[2n], [1n]])
  })

  it('say every second that they are there', () => {
    const [a, b] = [new End(1n), new End(2n)]
    metAt(0, [a, b])
    for (let now = 100; now <= 20_000; now += 100) {
      for (const { circle } of [a, b]) circle.tick(now)
      expect(settle(now, [a, b]).length).toBeLessThanOrEqual(2)
    }
    expect([[...a.met], [...b.met]]).toEqual([[2n], [1n]])
  })

  it('lose all when it goes down, and who says goodbye at once', () => {
    const ends = [new End(1n), new End(2n), new End(3n)]
    metAt(0, ends)
    ends[0]!.circle.down()
    expect([...ends[0]!.met]).toEqual([])
    ends[1]!.circle.leave()
    settle(0, ends)
    expect([...ends[2]!.met]).toEqual([1n])
  })

  it('meet as many as they may, and count the others', () => {
    const ends = [new End(1n, { limits: { backboneRelays: 2 } }), new End(2n), new End(3n)]
    metAt(0, ends)
    expect([[...ends[0]!.met].length, ends[0]!.count('backboneFull')]).toEqual([2, 0])
    const fourth = new End(4n)
    fourth.circle.up(0)
    settle(0, [...ends, fourth])
    expect([...ends[0]!.met].length).toBe(2)
    expect(ends[0]!.count('backboneFull')).toBeGreaterThan(0)
    expect(fourth.met).toEqual(new Set([1n, 2n, 3n]))
  })

  it('of other realms and scopes have no subject in common', () => {
    const ends = [new End(1n), new End(2n, { root: counting(32, 7) }), new End(3n, { scope: 5 })]
    const subjects = ends.flatMap(({ circle }) => [...circle.subjects, circle.subjectOf(GROUP)])
    // The group is the same at each scope of one realm, and no group of another scope is asked for.
    expect(new Set(subjects).size).toBe(8)
    for (const subject of subjects) expect(subject).toMatch(/^sixcast(\.[0-9a-f]+){2}$/)
  })

  it('answer only so many in a second', () => {
    const [a, b] = [new End(1n), new End(2n)]
    metAt(0, [a, b])
    for (let i = 0; i < 1000; i++) {
      b.circle.down()
      b.circle.up(0)
      const [letter] = b.written.splice(0)
      a.hear(0, letter!)
    }
    expect(a.written.length).toBeLessThanOrEqual(256)
    b.circle.up(1000)
    a.written.splice(0)
    a.hear(1000, b.written.splice(0)[0]!)
    expect(a.written.length).toBe(1)
  })
})

describe('a message of a backbone', () => {
  const mac = counting(32, 9)
  const about = { epoch: 3, relay: 7n, number: 2 ** 40 + 1 }

  it.each([
    ['here', 1],
    ['challenge', 16],
    ['answer', 16],
    ['records', 70],
    ['bye', 0],
  ] as const)('%s is read as it was written, and of its size alone', (kind, size) => {
    const covered = writeBackboneMessage({ ...about, kind, body: counting(size) })
    const bytes = new Uint8Array([...covered, ...mac])
    expect(readBackboneMessage(bytes)).toEqual({
      ...about,
      kind,
      body: counting(size),
      covered,
      mac,
    })
    const other = writeBackboneMessage({ ...about, kind, body: counting(size + 1) })
    const read = readBackboneMessage(new Uint8Array([...other, ...mac]))
    expect(read !== undefined).toBe(kind === 'records')
  })

  it('is none when it is too short, too long, of another version or kind', () => {
    const covered = writeBackboneMessage({
      ...about,
      kind: 'records',
      body: new Uint8Array(65_536),
    })
    const longest = new Uint8Array([...covered, ...mac])
    expect(readBackboneMessage(longest)).toBeDefined()
    const wrong = [
      new Uint8Array([...longest, 0]),
      longest.subarray(0, 49),
      Uint8Array.of(2, ...longest.subarray(1)),
      Uint8Array.of(1, 9, ...longest.subarray(2)),
    ]
    expect(wrong.map(readBackboneMessage)).toEqual([undefined, undefined, undefined, undefined])
  })
})
