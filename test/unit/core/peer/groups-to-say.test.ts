/** What a peer says, to one that sends it copies, of the groups that it wants. */
import { describe, expect, it } from 'vitest'
import type { Context, Remote } from '../../../../bus/core/peer/context.ts'
import type { ControlOut } from '../../../../bus/core/peer/control.ts'
import { GroupsToSay } from '../../../../bus/core/peer/presence/groups-to-say.ts'
import type { ControlRecord } from '../../../../bus/core/wire/control.ts'

const HERE = { address: '2001:db8::1', port: 2000 }

class Speaker {
  readonly members = new Set(['control'])
  /** Streams of the other one that were left, and their groups. */
  readonly detached = new Map<number, number>()
  readonly bindings = new Map<number, { group: string }>()
  readonly said: { at: number; validMs: number; groups: readonly string[] }[] = []
  readonly groups: GroupsToSay
  next = 0
  #now = 0

  constructor() {
    const context = {
      controlGroup: 'control',
      members: this.members,
      isMember: (group: string) => this.members.has(group),
      roster: { size: 1 },
      unit: () => 0.5,
    } as unknown as Context // what is looked at
    const add = (_: unknown, record: ControlRecord): void => {
      if (record.type !== 'interest') return
      const { validMs, groups } = record
      this.said.push({ at: this.#now, validMs, groups })
    }
    const control = { add } as unknown as ControlOut // the same
    const { detached, bindings } = this
    const remote = { detached, bindings } as unknown as Remote // the same
    this.groups = new GroupsToSay(context, control, remote)
  }

  join(...groups: readonly string[]): this {
    for (const group of groups) this.members.add(group)
    for (const group of groups) this.groups.changed(group)
    return this
  }

  leave(group: string): this {
    this.members.delete(group)
    this.groups.changed(group)
    return this
  }

  /** What is said in so many ms. */
  for(ms: number): { at: number; validMs: number; groups: readonly string[] }[] {
    const until = this.#now + ms
    this.next = Math.min(this.next, this.#now)
    while (this.next <= until) {
      this.#now = this.next
      this.next = this.groups.step(this.#now, HERE)
      if (this.next <= this.#now) throw new Error('it never rests')
    }
    this.#now = until
    return this.said.splice(0)
  }
}

describe('the groups that a peer says it wants', () => {
  it('are said three times, and again with each refresh', () => {
    const speaker = new Speaker().join('a', 'b')
    const said = speaker.for(2000)
    expect(said.map(({ at }) => at)).toEqual([0, 400, 800])
    for (const { groups } of said) expect(groups.toSorted()).toEqual(['a', 'b'])
    const later = speaker.for(60_000)
    expect(later.map(({ at }) => Math.round(at / 10_000))).toEqual([1, 2, 3, 4, 5, 6])
    // Whoever has missed two refreshes still has them.
    for (const { validMs } of [...said, ...later]) expect(validMs).toBe(45_000)
  })

  it('are none where nothing is wanted, and that is said, too', () => {
    const said = new Speaker().for(1000)
    expect(said.map(({ groups }) => groups)).toEqual([[], [], []])
    expect(said[0]!.validMs).toBeGreaterThan(0)
  })

  it('are told of at once when one is joined or left, and twice more', () => {
    const speaker = new Speaker().join('a')
    speaker.for(2000)
    const joined = speaker.join('b').for(2000)
    expect(joined.map(({ groups }) => groups)).toEqual([['b'], ['b'], ['b']])
    expect(joined[0]!.at).toBe(2000)
    const left = speaker.leave('a').for(2000)
    const withdrawn = left.filter(({ validMs }) => validMs === 0)
    expect(withdrawn.map(({ groups }) => groups)).toEqual([['a'], ['a'], ['a']])
    expect(left.every(({ validMs, groups }) => validMs === 0 || groups.length === 0)).toBe(true)
  })

  it('are said as they are by then when one is joined and left again', () => {
    const speaker = new Speaker()
    speaker.for(2000)
    const said = speaker.join('a').leave('a').join('b').leave('b').join('b').for(10)
    expect(said.map(({ validMs, groups }) => [validMs > 0, groups])).toEqual([
      [true, ['b']],
      [false, ['a']],
    ])
  })

  it('end with what was left of the streams of that one, as often as all is said', () => {
    const speaker = new Speaker().join('a', 'b')
    for (const [stream, group] of ['a', 'gone'].entries()) {
      speaker.detached.set(stream, 0)
      speaker.bindings.set(stream, { group })
    }
    const said = speaker.for(900)
    const withdrawn = said.filter(({ validMs }) => validMs === 0)
    expect(withdrawn.map(({ groups }) => groups)).toEqual([['gone'], ['gone'], ['gone']])
  })

  it('leave a packet at a time when they are many, each as often as any', () => {
    const speaker = new Speaker()
    speaker.join(...Array.from({ length: 1000 }, (_, at) => `group ${at}`))
    const said = speaker.for(5000)
    expect(Math.max(...said.map(({ groups }) => groups.length))).toBe(64)
    const times = said.map(({ at }) => at)
    expect(times.every((at, i) => i === 0 || at - times[i - 1]! >= 20)).toBe(true)
    const counts = new Map<string, number>()
    for (const group of said.flatMap(({ groups }) => groups))
      counts.set(group, (counts.get(group) ?? 0) + 1)
    expect([counts.size, Math.min(...counts.values())]).toEqual([1000, 3])
  })

  it('are said from the beginning to one that knows nothing of them any more', () => {
    const speaker = new Speaker().join('a')
    speaker.for(5000)
    speaker.groups.reset()
    expect(speaker.for(2000).map(({ groups }) => groups)).toEqual([['a'], ['a'], ['a']])
  })
})
