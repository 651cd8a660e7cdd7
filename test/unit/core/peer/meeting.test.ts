/** Who is here is asked before a publisher goes: what is asked and answered, when, and of whom. */
import { describe, expect, it } from 'vitest'
import type { Confirmation } from '../../../../bus/core/output.ts'
import type { ControlRecord } from '../../../../bus/core/wire/control.ts'
import { Answering } from '../answering.ts'
import { startedEntry } from '../attacking.ts'

/** A peer that is asked: the publisher, at place 1, has announced a stream that it wants. */
class Asked extends Answering {
  readonly self: bigint

  constructor() {
    super({ attached: 0, streams: 0 })
    this.self = this.attack.target.peer.instance
    this.attack.announce(this.member(1), ['plant/1/x'])
    this.wait(50)
  }

  meet(streams = 1, attempt = 0, targets = [this.self]): this {
    return this.send(1, { type: 'meet', streams, attempt, targets })
  }

  started(): this {
    return this.send(1, { type: 'started', asker: this.self, entries: [startedEntry(1)] })
  }

  /** The numbers of its questions from where on it gets the stream. */
  get attached(): number[] {
    return this.records.flatMap(({ record }) =>
      record.type === 'attach' ? record.entries.map(({ ask }) => ask) : [],
    )
  }

  get answers(): string[] {
    return wordsOf(this, 'met', (record) => `${record.streams}`)
  }
}

/** A peer that closes 200 ms after it has opened a stream; what it sends and how it ends. */
class Leaver extends Answering {
  closed: Confirmation | undefined

  constructor(attached = 0) {
    super({ attached })
    this.attack.target.notice = (output) => {
      if (output.type === 'closed') this.closed = output
    }
  }

  close(lingerMs = 2000): this {
    const { target } = this.attack
    target.peer.close(this.now, lingerMs)
    target.drain(this.now)
    return this
  }

  met(place: number, streams = 1): this {
    return this.send(place, { type: 'met', target: this.attack.target.peer.instance, streams })
  }

  get questions(): string[] {
    return wordsOf(this, 'meet', ({ targets }) => {
      return targets.map((instance) => this.placeOf(instance)).join(' ')
    })
  }

  placeOf(instance: bigint): number {
    return [1, 2, 3].find((place) => this.member(place).sender.instance === instance) ?? 0
  }
}

function wordsOf<T extends ControlRecord['type']>(
  { records }: Answering,
  type: T,
  word: (record: Extract<ControlRecord, { type: T }>) => string,
): string[] {
  const is = (record: ControlRecord): record is Extract<ControlRecord, { type: T }> =>
    record.type === type
  return records.flatMap(({ to, record }) => (is(record) ? [`${word(record)} to ${to}`] : []))
}

describe('who is asked whether it has met a publisher', () => {
  it('says so once it is attached to what it wants, and not before', () => {
    const world = new Asked().meet().wait(40)
    expect(world.answers).toEqual([])
    expect(world.started().wait(30).answers).toEqual(['1 to 1'])
  })

  it('says so once it knows as many streams as there are', () => {
    const world = new Asked().started().meet(2).wait(100)
    expect(world.answers).toEqual([])
    const asked = world.records.some(({ record }) => record.type === 'want' && record.first === 2)
    expect(asked).toBe(true)
  })

  it('attaches soon to what it has long attached to in vain, and to which it does so rarely by now', () => {
    const world = new Asked().wait(30_000)
    const before = world.attached.length
    world.meet().wait(50)
    const [ask, ...others] = world.attached.slice(before)
    expect(others).toEqual([])
    const entries = [startedEntry(1, { ask: ask! })]
    world.send(1, { type: 'started', asker: world.self, entries })
    expect(world.wait(30).answers).toEqual(['1 to 1'])
  })

  it('answers once, however often it is asked in a moment', () => {
    const world = new Asked().started()
    for (let i = 0; i < 100; i++) world.meet()
    expect(world.wait(50).answers).toEqual(['1 to 1'])
  })

  it('answers when everybody is asked, and is silent when others are', () => {
    expect(new Asked().started().meet(1, 0, []).wait(50).answers).toEqual(['1 to 1'])
    expect(new Asked().started().meet(1, 0, [5n]).wait(50).answers).toEqual([])
  })

  it('answers the fourth question for everybody to hear, in case unicast does not pass', () => {
    expect(new Asked().started().meet(1, 3).wait(50).answers).toEqual(['1 to all'])
  })
})

describe('a publisher that closes', () => {
  it('asks those who have said nothing, until they have', () => {
    const world = new Leaver()
    world.member(1)
    world.member(2)
    world.close().wait(20).met(1).wait(200)
    expect(world.questions[0]).toBe('1 2 to all')
    expect(world.questions.at(-1)).toBe('2 to all')
    expect(world.closed).toBeUndefined()
    expect(world.met(2).wait(100).closed).toMatchObject({ unconfirmed: [] })
  })

  it('names who does not answer, after the linger time', () => {
    const world = new Leaver()
    const { instance } = world.member(1).sender
    expect(world.close(500).wait(400).closed).toBeUndefined()
    expect(world.wait(300).closed).toMatchObject({ unconfirmed: [{ instance }] })
  })

  it('takes no answer for streams that it has not opened', () => {
    const world = new Leaver()
    world.met(1, 1000)
    world.attack.target.peer.offer(world.now, {
      topic: 'another/one',
      segments: ['another', 'one'],
      delivery: 'reliable',
    })
    expect(world.close().wait(100).questions).not.toEqual([])
  })

  it('asks nobody whom it and its streams have been known to for long', () => {
    const world = new Leaver()
    world.member(1)
    world.wait(6000).close().wait(200)
    expect(world.questions).toEqual([])
    expect(world.closed).toMatchObject({ unconfirmed: [] })
  })

  it('asks in a large realm for as long as silence takes there to tell that somebody is gone', () => {
    const world = new Leaver()
    world.member(1)
    world.wait(7000).send(1, { type: 'beacon', intervalMs: 3000, streamCount: 0 })
    world.close().attack.wait(100)
    expect(world.questions[0]).toBe('1 to all')
    expect(world.closed).toBeUndefined()
  })

  it('asks who has said nothing since then: in a large realm it may be gone, and not be missed yet', () => {
    const world = new Leaver()
    world.send(1, { type: 'beacon', intervalMs: 10_000, streamCount: 0 })
    world.attack.wait(20_000)
    world.close().attack.wait(100)
    expect(world.questions[0]).toBe('1 to all')
    expect(world.closed).toBeUndefined()
  })

  it('asks nobody when it does not wait', () => {
    const world = new Leaver()
    world.member(1)
    expect(world.close(0).wait(10).closed).toMatchObject({ unconfirmed: [] })
    expect(world.questions).toEqual([])
  })
})
