/** How a publisher answers those who lack packets: to whom, how often, and how much of its rate. */
import { describe, expect, it } from 'vitest'
import { ENTRIES_MAX } from '../../../../bus/core/peer/control.ts'
import { VARINT_MAX } from '../../../../bus/core/wire/varint.ts'
import { Answering, range } from '../answering.ts'
import { controlBytes } from '../wire/any.ts'

describe('a question', () => {
  it('of one receiver alone is answered by unicast', () => {
    const world = new Answering().publish(5)
    world.log()
    expect(world.ask(2, [2, 4], { solo: true }).log()).toEqual(['2 to 2', '4 to 2'])
    expect([world.count('naksReceived'), world.count('repairsSent')]).toEqual([1, 2])
  })

  it('that the group has heard is answered to the group', () => {
    const world = new Answering().publish(5)
    world.log()
    expect(world.ask(2, [2, 4]).log()).toEqual(['2 to group', '4 to group'])
  })

  it('is no question where it is a copy for the group, which a publisher may hear as well', () => {
    const world = new Answering().publish(3)
    world.log()
    world.ask(1, [2], { copy: true }).wait(50)
    expect(world.log()).toEqual([])
    expect(world.ask(1, [2]).wait(50).log()).toEqual(['2 to group'])
  })

  it('is answered with the same bytes as at first', () => {
    const world = new Answering().publish(3)
    world.ask(1, [2], { solo: true }).wait(20).ask(1, [2])
    const [first, ...again] = world.data.filter(({ number }) => number === 2)
    expect(again.map(({ to, datagram }) => [to, datagram])).toEqual([
      ['1', first!.datagram],
      ['group', first!.datagram],
    ])
  })

  it('for what has not been sent yet is answered as far as it has', () => {
    const world = new Answering().publish(3)
    world.log()
    expect(world.ask(1, range(2, 4000)).log()).toEqual(['2 to group', '3 to group'])
    expect(world.ask(1, [4]).ask(1, [VARINT_MAX]).log()).toEqual([])
  })

  it('about a stream that does not exist, or is not reliable, is nothing', () => {
    const world = new Answering().publish(3)
    world.log()
    for (const stream of [0, 2, 2 ** 40]) world.ask(1, [1], { stream })
    expect([world.log(), world.count('naksReceived')]).toEqual([[], 0])
    const fast = new Answering({ delivery: 'best-effort' }).publish(3)
    fast.log()
    expect([fast.ask(1, [1]).log(), fast.count('naksReceived')]).toEqual([[], 0])
  })

  it('without a single packet is nothing', () => {
    const world = new Answering().publish(3)
    world.log()
    expect(world.ask(1, []).log()).toEqual([])
  })
})

describe('what has expired', () => {
  it('is not sent again: one record names all such packets', () => {
    const world = new Answering().publish(3).publish(3, { expiresMs: 50 }).publish(1)
    world.wait(100).log()
    expect(world.ask(1, range(2, 7)).log()).toEqual(['2 to group', '3 to group', '7 to group'])
    expect(world.records.at(-1)!.record).toEqual({
      type: 'expired',
      stream: 1,
      entries: [{ first: 4, count: 3 }],
    })
  })

  it('is told to the one who asked alone, and may be cut into several records', () => {
    const world = new Answering()
    for (let i = 0; i < 50; i++) world.publish(1, { expiresMs: 50 }).publish(1)
    world.wait(100).log()
    world.ask(2, range(1, 100), { solo: true })
    const { to, record } = world.records.at(-1)!
    expect([to, record.type === 'expired' && record.entries.length]).toEqual(['2', ENTRIES_MAX])
  })
})

describe('what has left the history', () => {
  it('is answered with the oldest packet that there is, and the others with themselves', () => {
    const world = new Answering({ limits: { historySize: 500 } }).publish(10)
    world.log()
    expect(world.ask(1, range(1, 10)).log()).toEqual([
      '8 to group',
      '9 to group',
      '10 to group',
      'oldest 8 to group',
    ])
    const told = world.records.at(-1)!.record
    expect(told).toEqual({ type: 'oldest', stream: 1, first: 8, index: 7 })
  })

  it('is told to whoever asked alone', () => {
    const world = new Answering({ limits: { historySize: 500 } }).publish(10)
    world.log()
    expect(world.ask(2, [3], { solo: true }).log()).toEqual(['oldest 8 to 2'])
  })

  it('may be everything: then the oldest is the next one', () => {
    const world = new Answering({ limits: { historyAge: 1000 } }).publish(4).wait(1500)
    world.log()
    expect(world.ask(1, [2, 3]).log()).toEqual(['oldest 5 to group'])
    expect(world.records.at(-1)!.record).toMatchObject({ first: 5, index: 4 })
  })

  it('is told to the same receivers once in a round trip', () => {
    const world = new Answering({ limits: { historySize: 500 } }).publish(10)
    world.log()
    for (let i = 0; i < 100; i++) world.ask(1, [3])
    expect(world.log()).toEqual(['oldest 8 to group'])
  })
})

describe('what has just been sent again', () => {
  it('to the group is not sent again before a round trip is over', () => {
    const world = new Answering().publish(3)
    world.log()
    world.ask(1, [2]).wait(9).ask(2, [2]).ask(1, [2])
    expect(world.log()).toEqual(['2 to group'])
    expect(world.wait(1).ask(2, [2]).log()).toEqual(['2 to group'])
  })

  it('waits for the longest round trip that a receiver has told', () => {
    const world = new Answering().publish(3)
    world.log()
    world.ask(1, [2], { rttUs: 60_000 }).ask(2, [3], { rttUs: 1000 })
    expect(world.log()).toEqual(['2 to group', '3 to group'])
    expect(world.wait(55).ask(2, [2]).log()).toEqual([])
    expect(world.wait(5).ask(2, [2]).log()).toEqual(['2 to group'])
  })

  it('waits for as long as a packet takes to leave at a low rate, and so do receivers', () => {
    const world = new Answering({ rate: 12_320 }).publish(3).wait(1000)
    world.log()
    world.ask(1, [2], { rttUs: 1000 })
    expect(world.log()).toEqual(['2 to group'])
    expect(world.heartbeat!.grttUs).toBe(100_000)
    expect(world.wait(95).ask(2, [2]).log()).toEqual([])
    expect(world.wait(10).ask(2, [2]).log()).toEqual(['2 to group'])
  })

  it('to one receiver is not sent to it again before a round trip is over', () => {
    const world = new Answering().publish(3)
    world.log()
    world.ask(1, [2], { solo: true }).wait(5).ask(1, [2], { solo: true })
    expect(world.log()).toEqual(['2 to 1'])
  })

  it('to one receiver is sent to another one that lacks it', () => {
    const world = new Answering().publish(3)
    world.log()
    world.ask(1, [2], { solo: true }).ask(2, [2], { solo: true })
    expect(world.log()).toEqual(['2 to 1', '2 to 2'])
  })
})

/** A publisher that has spent its burst: what is asked for now waits. */
function busy(attached = 2): Answering {
  const world = new Answering({ attached }).publish(120, { size: 1000 })
  world.log()
  return world
}

/** The next words about packet `number`. */
function about(world: Answering, number: number): string[] {
  return world.log().filter((word) => word.startsWith(`${number} `))
}

describe('a packet that waits to be sent again', () => {
  it('goes to the group, once, when a second receiver asks for it', () => {
    const world = busy().ask(1, [3], { solo: true }).ask(2, [3], { solo: true })
    expect(world.log()).toEqual([])
    expect(about(world.wait(500), 3)).toEqual(['3 to group'])
  })

  it('goes to the group when the group asks for it as well', () => {
    const world = busy().ask(1, [3], { solo: true }).ask(2, [3])
    expect(about(world.wait(500), 3)).toEqual(['3 to group'])
  })

  it('goes to the one that asked, however often it asks', () => {
    const world = busy().ask(1, [3], { solo: true }).ask(1, [3], { solo: true })
    expect(about(world.wait(500), 3)).toEqual(['3 to 1'])
  })

  it('is forgotten with the history', () => {
    const world = new Answering({ limits: { historySize: 50_000 } })
    world.publish(10).publish(80, { size: 1000 }).ask(1, [1, 89])
    expect(world.count('repairsSent')).toBe(0)
    world.log()
    world.publish(40, { size: 1000 }).wait(500)
    expect(world.log().filter((word) => word.startsWith('1 '))).toEqual([])
  })

  it('comes before new packets in three turns of four when the group lacks it', () => {
    const world = busy().ask(1, range(1, 10)).wait(500)
    // Three of four turns, and then there are no more.
    const numbers = world
      .log()
      .slice(0, 14)
      .map((word) => Number.parseInt(word, 10))
    expect(numbers.filter((number) => number <= 10)).toEqual(range(1, 10))
  })

  it('has one turn of four when one receiver of several lacks it, however small it is', () => {
    const world = busy().ask(1, range(1, 10), { solo: true }).wait(500)
    const words = world.log().slice(0, 28)
    expect(words.filter((word) => word.endsWith('to 1'))).toHaveLength(7)
  })

  it('is not one of more than the bound', () => {
    const world = new Answering({ attached: 8 })
    world.publish(20_000, { size: 1 }).wait(3000)
    for (let first = 1; first < 20_000; first += 4000) {
      world.ask(1, range(first, first + 3999), { solo: true })
    }
    const sent = world.count('repairsSent')
    expect(world.count('repairsFull')).toBe(20_000 - sent - 4096)
    world.wait(3000)
    expect(world.count('repairsSent')).toBe(sent + 4096)
  })
})

/** Bytes that leave for stream `stream` while `ask` asks every 10 ms, for four seconds. */
function flooded(world: Answering, stream: number, ask: () => void): number {
  const before = world.data.length
  for (const end = world.now + 4000; world.now < end; world.wait(10)) ask()
  const sent = world.data.slice(before).filter((one) => one.stream === stream)
  return sent.reduce((sum, { datagram }) => sum + datagram.length, 0)
}

/** What is asked for again and again: 2 MB. */
const much = range(1, 2000)
const RATE = 1_000_000
/** What a quarter of the rate gives in four seconds, with what it has saved in one. */
const QUARTER = RATE * 1.25

describe('the share of one asker', () => {
  it('is a quarter of the rate among several receivers', () => {
    const world = new Answering({ attached: 3 }).publish(2000, { size: 1000 }).wait(2500)
    const bytes = flooded(world, 1, () => world.ask(1, much))
    expect(bytes).toBeLessThanOrEqual(QUARTER)
    expect(bytes).toBeGreaterThan(QUARTER * 0.95)
    expect(world.count('repairBudget')).toBeGreaterThan(300)
  })

  it('leaves the share of another one alone', () => {
    const world = new Answering({ attached: 3 }).publish(2000, { size: 1000 }).wait(2500)
    const bytes = flooded(world, 1, () => world.ask(1, much).ask(2, range(1001, 2000)))
    expect(bytes).toBeLessThanOrEqual(2 * QUARTER)
    expect(bytes).toBeGreaterThan(2 * QUARTER * 0.95)
  })

  it('is the whole rate for the only receiver, and never more', () => {
    const world = new Answering({ attached: 1 }).publish(2000, { size: 1000 }).wait(2500)
    const bytes = flooded(world, 1, () => world.ask(1, much, { solo: true }))
    expect(bytes).toBeLessThanOrEqual(RATE * 4.1)
    expect(bytes).toBeGreaterThan(RATE * 3.9)
  })

  it('is not the whole rate for one that never attached, where another one did', () => {
    const world = new Answering({ attached: 1 }).publish(2000, { size: 1000 }).wait(2500)
    expect(flooded(world, 1, () => world.ask(2, much))).toBeLessThanOrEqual(QUARTER)
  })

  it('is not filled up by questions about another stream', () => {
    const world = new Answering({ attached: 1, streams: 2 }).attach(2, 2)
    world.publish(1).publish(2000, { size: 1000, stream: 2 }).wait(2500)
    const bytes = flooded(world, 2, () => world.ask(1, [1]).ask(1, much, { stream: 2 }))
    expect(bytes).toBeLessThanOrEqual(QUARTER)
  })

  it('holds a packet, however low the rate is', () => {
    const world = new Answering({ attached: 1, rate: 4000 }).publish(1, { size: 1000 }).wait(3000)
    world.log()
    expect(world.ask(1, [1], { solo: true }).wait(1000).log()).toEqual(['1 to 1'])
  })
})

describe('a heartbeat', () => {
  it('tells how many receivers there are and the longest round trip of them', () => {
    const world = new Answering({ attached: 3 }).publish(2).wait(100)
    expect(world.heartbeat).toMatchObject({ head: 2, index: 2, receivers: 3, grttUs: 10_000 })
    world.ask(1, [2], { rttUs: 30_000 }).ask(2, [1], { rttUs: 2000 }).publish(1).wait(100)
    expect(world.heartbeat).toMatchObject({ head: 3, receivers: 3, grttUs: 29_400 })
  })

  it('comes 40 ms after a packet, and 5 ms after one where some have lately been asked for', () => {
    const world = new Answering().publish(1).wait(200)
    const start = world.now
    world.publish(1)
    world.attack.target.advance(start + 39)
    expect(world.heartbeat?.head).toBe(1)
    world.attack.target.advance(start + 40)
    expect(world.heartbeat?.head).toBe(2)
    world.ask(1, [1]).publish(1)
    world.attack.target.advance(start + 45)
    expect(world.heartbeat?.head).toBe(3)
  })

  it('comes also while packets follow each other closely', () => {
    const world = new Answering()
    for (let i = 0; i < 1000; i++) world.publish(1).wait(1)
    // Who never hears of the others does not leave room for them to ask.
    expect(world.heartbeat).toBeDefined()
  })
})

describe('where a receiver begins', () => {
  it('counts from when its question came, however long that waited for its hello', () => {
    const world = new Answering().publish(2).wait(100)
    const { attack } = world
    const target = attack.target.peer.instance
    const asker = attack.stranger()
    // The first makes the publisher ask it, by a challenge.
    attack.send(asker.hello(), 3).wait(200)
    const hello = asker.hello({ echoes: [attack.target.challenge] })
    const entries = [{ stream: 1, ask: 1, from: 0, ageMs: 0, back: 0, attempt: 0 }]
    attack.send(asker.control(controlBytes({ type: 'attach', target, entries })), 3)
    world.wait(100).publish(1).wait(100)
    attack.send(hello, 3).wait(20)
    const answers = world.records.flatMap(({ record }) =>
      record.type === 'started' && record.asker === asker.sender.instance ? record.entries : [],
    )
    expect(answers).toMatchObject([{ start: 3, index: 2, head: 3 }])
  })
})
