/** What a peer knows of the groups that one wants to which it sends copies: when in doubt, all. */
import { describe, expect, it } from 'vitest'
import type { Context } from '../../../../bus/core/peer/context.ts'
import { GroupsSaid } from '../../../../bus/core/peer/presence/groups-said.ts'

class Listener {
  readonly attached = new Set<string>()
  readonly counts = new Map<string, number>()
  readonly said: GroupsSaid
  #now = 0

  constructor(unicastGroups = 100) {
    const count = (name: string): void => {
      this.counts.set(name, (this.counts.get(name) ?? 0) + 1)
    }
    const attached = (_: bigint, group: string): boolean => this.attached.has(group)
    const limits = { unicastGroups }
    const context = { limits, metrics: { count }, attached } as unknown as Context // what is looked at
    this.said = new GroupsSaid(context, 1n)
  }

  hear(validMs: number, ...groups: readonly string[]): this {
    this.said.hear(this.#now, { type: 'interest', validMs, groups })
    return this
  }

  wait(ms: number): this {
    this.#now += ms
    this.said.judge(this.#now)
    return this
  }

  wants(...groups: readonly string[]): boolean[] {
    return groups.map((group) => this.said.wants(group))
  }
}

describe('a peer that gets copies', () => {
  it('wants everything as long as it has said nothing, and shortly after', () => {
    const listener = new Listener().wait(60_000)
    expect(listener.wants('a', 'b')).toEqual([true, true])
    expect(listener.hear(45_000, 'a').wait(1400).wants('a', 'b')).toEqual([true, true])
    expect(listener.wait(200).wants('a', 'b')).toEqual([true, false])
  })

  it('wants nothing when it has said just that', () => {
    expect(new Listener().hear(45_000).wait(1500).wants('a', 'b')).toEqual([false, false])
  })

  it('wants everything when it says nothing any more', () => {
    const listener = new Listener().hear(45_000, 'a').wait(44_000)
    expect(listener.wants('b')).toEqual([false])
    expect(listener.wait(1000).wants('b')).toEqual([true])
    listener.hear(45_000, 'a').wait(44_000).hear(45_000, 'a').wait(44_000)
    expect(listener.wants('a', 'b')).toEqual([true, false])
  })

  it('keeps what it has once said through refreshes that are lost in part', () => {
    const listener = new Listener().hear(45_000, 'a', 'b').wait(2000)
    for (let i = 0; i < 10; i++) listener.hear(45_000, 'a').wait(30_000)
    expect(listener.wants('a', 'b', 'c')).toEqual([true, true, false])
  })

  it('wants what it has attached to, said or not, until it says that it has left', () => {
    const listener = new Listener().hear(45_000).wait(2000)
    listener.attached.add('a')
    expect(listener.wants('a')).toEqual([true])
    expect(listener.hear(0, 'a').wants('a')).toEqual([false])
    expect(listener.hear(45_000, 'a').wants('a')).toEqual([true])
    listener.hear(0, 'a').said.shown('a')
    expect(listener.wants('a')).toEqual([true])
  })

  it('wants what it asks for, though it has no place among those who have attached', () => {
    const listener = new Listener().hear(45_000).wait(2000)
    listener.said.shown('a')
    expect(listener.wants('a', 'b')).toEqual([true, false])
  })

  it('wants what it has attached to after it has left, before it has said anything', () => {
    const listener = new Listener()
    listener.attached.add('a')
    listener.hear(0, 'a').said.shown('a')
    expect(listener.hear(45_000).wait(2000).wants('a')).toEqual([true])
  })

  it('wants everything again when what it has said does not count any more', () => {
    const listener = new Listener().hear(45_000, 'a').wait(2000)
    listener.said.clear()
    expect(listener.wait(1).wants('b')).toEqual([true])
  })

  it('gets everything when it wants more groups than the limit says', () => {
    const listener = new Listener(2).hear(45_000, 'a', 'b').hear(45_000, 'a').wait(2000)
    expect(listener.wants('a', 'c')).toEqual([true, false])
    expect(listener.counts.size).toBe(0)
    listener.hear(45_000, 'd').hear(45_000, 'e').wait(250)
    expect(listener.wants('a', 'c', 'd')).toEqual([true, true, true])
    expect([...listener.counts]).toEqual([['unicastGroupsFull', 1]])
  })

  it('takes no room for groups that it has left, but for those where it was attached', () => {
    const listener = new Listener(2).hear(45_000, 'a')
    for (let i = 0; i < 100; i++) listener.hear(45_000, `group ${i}`).hear(0, `group ${i}`)
    expect(listener.wait(2000).wants('a', 'group 1', 'c')).toEqual([true, false, false])
    expect(listener.counts.size).toBe(0)
  })
})
