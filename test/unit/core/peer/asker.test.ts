/** How a subscriber asks: the records that it sends, to whom, and what those of others change. */
import { describe, expect, it } from 'vitest'
import type { ControlRecord } from '../../../../bus/core/wire/control.ts'
import { type Nak, NakFlag } from '../../../../bus/core/wire/nak.ts'
import type { Member } from '../../../fuzz/member.ts'
import { Answering } from '../answering.ts'
import { body, startedEntry } from '../attacking.ts'
import { numbersOf, question } from '../stream/asking.ts'

/** A publisher at place 1, whose stream the peer under test has begun to receive. */
class Asking extends Answering {
  readonly publisher: Member
  readonly self: bigint

  /** The peer attaches and hears where it starts `rttMs` later. */
  constructor({ receivers = 1, rttMs = 20 } = {}) {
    super({ attached: 0, streams: 0 })
    this.self = this.attack.target.peer.instance
    this.publisher = this.member(1)
    this.attack.announce(this.publisher, ['plant/1/x'])
    while (!this.records.some(({ record }) => record.type === 'attach')) this.wait(1)
    this.wait(rttMs)
    const entries = [startedEntry(1)]
    this.send(1, { type: 'started', asker: this.self, entries })
    const entry = { stream: 1, head: 0, index: 0, receivers }
    this.send(1, { type: 'heartbeat', flags: 0, grttUs: 20_000, entries: [entry] })
  }

  /** Packets of the publisher's come, one message each. */
  take(...numbers: readonly number[]): this {
    for (const number of numbers) {
      this.attack.send(this.publisher.data(1, number, { flags: 0, body: body(number - 1) }))
    }
    return this
  }

  /** Place 2 has a question for packets, of this stream or another one. */
  overhear(numbers: readonly number[], other: Partial<Nak> = {}): this {
    const target = this.publisher.sender.instance
    const about = { type: 'nak', target, flags: 0, rttUs: 0, missed: 0, all: 0, stream: 1 } as const
    return this.send(2, { ...about, ...question(...numbers), ...other })
  }

  get naks(): { readonly to: string; readonly nak: Nak }[] {
    const isNak = (record: ControlRecord): record is Nak => record.type === 'nak'
    return this.records.flatMap(({ to, record }) => (isNak(record) ? [{ to, nak: record }] : []))
  }

  /** `2 4 to 1` is a question for packets 2 and 4. */
  get asked(): string[] {
    return this.naks.map(({ to, nak }) => `${numbersOf(nak).join(' ')} to ${to}`)
  }
}

describe('a subscriber that misses packets', () => {
  it('asks their publisher, who answers it alone when nobody else is there', () => {
    const world = new Asking().take(1, 3, 5).wait(5)
    expect(world.asked).toEqual(['2 4 to 1'])
    const target = world.publisher.sender.instance
    expect(world.naks[0]!.nak).toMatchObject({ target, stream: 1, flags: NakFlag.solo })
    expect(world.count('naksSent')).toBe(1)
  })

  it('lets the group hear it where there are others, and the publisher, who may not', () => {
    const world = new Asking({ receivers: 5 }).take(1, 3).wait(80)
    expect(world.asked).toEqual(['2 to 1', '2 to group'])
    const { parity, copy } = NakFlag
    expect(world.naks.map(({ nak }) => nak.flags)).toEqual([parity, parity | copy])
    expect(world.count('naksSent')).toBe(1)
  })

  it('tells its round trip, which its attaching has shown', () => {
    const world = new Asking({ rttMs: 20 }).take(1, 3).wait(5)
    const { rttUs } = world.naks[0]!.nak
    expect(rttUs).toBeGreaterThanOrEqual(20_000)
    expect(rttUs).toBeLessThanOrEqual(21_000)
  })

  it('asks by way of the control group when nothing has come of its questions', () => {
    const world = new Asking().take(1, 3).wait(1000)
    expect(world.asked.slice(0, 2)).toEqual(['2 to 1', '2 to 1'])
    const toAll = world.naks.filter(({ to }) => to === 'all')
    // The answer is for all as well: unicast may be what does not come through.
    expect(toAll[0]?.nak.flags).toBe(0)
    expect(toAll.length).toBeLessThan(world.naks.length / 2)
  })

  it('asks no more when they have come', () => {
    const world = new Asking().take(1, 3).wait(5).take(2).wait(1000)
    expect([world.asked, world.attack.target.delivered]).toEqual([['2 to 1'], 3])
  })

  it('asks no more when the publisher says that it has them no longer', () => {
    const world = new Asking().take(1, 5).wait(5)
    world.send(1, { type: 'oldest', stream: 1, first: 4, index: 3 })
    expect(world.count('messagesLost')).toBe(2)
    world.wait(200)
    expect(world.asked.slice(0, 2)).toEqual(['2 3 4 to 1', '4 to 1'])
    world.send(1, { type: 'oldest', stream: 1, first: 6, index: 5 })
    expect([world.attack.target.delivered, world.count('messagesLost')]).toEqual([2, 3])
    expect(world.count('lostHistory')).toBe(3)
  })

  it('asks nobody once the publisher has gone', () => {
    const world = new Asking().take(1, 3).wait(5)
    world.attack.send(world.publisher.hello({ flags: 1 }))
    world.wait(2000)
    expect([world.naks.length, world.count('lostPublisherGone')]).toEqual([1, 1])
  })
})

describe('a subscriber that hears another one ask', () => {
  it('waits for the answer to that', () => {
    const world = new Asking({ receivers: 5 }).take(1, 3).overhear([2]).wait(80)
    expect([world.asked, world.count('naksSuppressed')]).toEqual([[], 1])
    world.take(2).wait(2000)
    expect(world.asked).toEqual([])
  })

  it('asks itself when no answer comes', () => {
    const world = new Asking({ receivers: 5 }).take(1, 3).overhear([2]).wait(200)
    expect(world.asked.slice(0, 2)).toEqual(['2 to 1', '2 to group'])
  })

  it.each([
    ['for other packets', [4], {}],
    ['about another stream', [2], { stream: 2 }],
    ['another publisher', [2], { target: 1n }],
  ])('%s, asks all the same', (_, numbers, other) => {
    const world = new Asking({ receivers: 5 }).take(1, 3).overhear(numbers, other).wait(80)
    expect(world.asked).toEqual(['2 to 1', '2 to group'])
  })

  it('alone, whose answer it will not hear, asks all the same', () => {
    const world = new Asking({ receivers: 5 }).take(1, 3)
    world.overhear([2], { flags: NakFlag.solo }).wait(80)
    expect(world.asked).toEqual(['2 to 1', '2 to group'])
  })
})

describe('a subscriber that hears heartbeats and no packets', () => {
  it('renews its membership of the group, every two seconds at most', () => {
    const world = new Asking().take(1)
    const before = world.count('rejoins')
    for (let head = 10; world.now < 4000; head++) {
      const entries = [{ stream: 1, head, index: head, receivers: 1 }]
      world.send(1, { type: 'heartbeat', flags: 0, grttUs: 20_000, entries }).wait(100)
    }
    expect(world.count('rejoins') - before).toBe(2)
  })
})

describe('a subscriber that all at once hears nothing of a lively stream', () => {
  it('renews its membership of the group after a moment, a few times', () => {
    const world = new Asking().take(1)
    const before = world.count('rejoins')
    const renewed: number[] = []
    const from = world.now
    while (world.now < from + 12_000) {
      const count = world.wait(50).count('rejoins') - before
      if (count > renewed.length) renewed.push(world.now - from)
    }
    expect(renewed).toHaveLength(3)
    expect(renewed[0]).toBeGreaterThanOrEqual(1500)
    expect(renewed[0]).toBeLessThanOrEqual(1800)
  })

  it('leaves it alone while heartbeats come as they do in a pause', () => {
    const world = new Asking().take(1)
    const before = world.count('rejoins')
    for (let ms = 40; ms < 30_000; ms *= 2) {
      world.wait(ms)
      const entries = [{ stream: 1, head: 1, index: 1, receivers: 1 }]
      world.send(1, { type: 'heartbeat', flags: 0, grttUs: 20_000, entries })
    }
    expect(world.count('rejoins') - before).toBe(0)
  })

  it('leaves it alone when the process itself stood still', () => {
    const world = new Asking().take(1)
    const before = world.count('rejoins')
    world.standStill(3000).wait(500)
    expect(world.count('rejoins') - before).toBe(0)
  })
})
