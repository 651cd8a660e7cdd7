/** A subscription that wants history: what it asks for, what it is given, when it is live. */
import { beforeEach, describe, expect, it } from 'vitest'
import type { Past } from '../../../../bus/core/peer/subscribing/attacher.ts'
import { parsePattern } from '../../../../bus/core/topic/pattern.ts'
import type { AttachEntry, StartedEntry } from '../../../../bus/core/wire/attach.ts'
import type { Member } from '../../../fuzz/member.ts'
import { Answering } from '../answering.ts'
import { body } from '../attacking.ts'

const LATE = 77

/** A publisher whose stream others have from packet 1 on, each message in a packet of its own. */
class Publisher extends Answering {
  readonly publisher: Member
  readonly #told: string[] = []

  /** `begun`: the others have been told where the stream begins, and have its first packets. */
  constructor({ begun = true } = {}) {
    super({ attached: 0, streams: 0 })
    const { target } = this.attack
    target.notice = (output) => {
      if (output.type === 'live') this.#told.push(`live ${output.subscription}`)
      if (output.type !== 'deliver' && output.type !== 'gap') return
      const what = output.type === 'deliver' ? output.index : `${output.from}-${output.to} lost`
      this.#told.push(`${what} for ${output.subscriptions.join('+')}`)
    }
    this.publisher = this.member(1)
    this.announce().wait(30)
    if (begun) this.start(this.attaches[0]!, { start: 1, head: 0 }).take(1, 2, 3)
    // Long enough to have met everybody who is there.
    this.wait(200).told()
  }

  /** Announces the stream: it is older than every subscription. */
  announce(): this {
    const { publisher } = this
    const entry = { ...publisher.entry(1, 'exact/topic', 0), ageMs: this.now + 1000 }
    publisher.streams.set(1, { topic: 'exact/topic', mode: 0, number: 0, index: 0 })
    this.attack.send(publisher.control(publisher.bindings([entry])))
    return this
  }

  /** What the program was told since the last call. */
  told(): string[] {
    return this.#told.splice(0)
  }

  get attaches(): AttachEntry[] {
    return this.records.flatMap(({ record }) => (record.type === 'attach' ? record.entries : []))
  }

  subscribe(history: Past): this {
    const parsed = parsePattern('exact/*')
    if (!parsed.ok) throw new Error(parsed.fault)
    const { target } = this.attack
    target.peer.subscribe(this.now, LATE, parsed.pattern, { history, live: true })
    target.drain(this.now)
    return this.wait(100)
  }

  /** Answers a question; packet n holds message n - 1. */
  start({ ask }: AttachEntry, { start, head, wanted = start - 1 }: Begin): this {
    const place = { start, wanted, index: start - 1, head, behind: head }
    const entry: StartedEntry = { stream: 1, ask, ...place, receivers: 1 }
    const asker = this.attack.target.peer.instance
    return this.send(1, { type: 'started', asker, entries: [entry] })
  }

  take(...numbers: readonly number[]): this {
    for (const number of numbers) {
      this.attack.send(this.publisher.data(1, number, { flags: 0, body: body(number - 1) }))
    }
    return this
  }
}

interface Begin {
  readonly start: number
  readonly head: number
  readonly wanted?: number
}

describe('a subscription with history', () => {
  let world: Publisher
  let last: () => AttachEntry

  beforeEach(() => {
    world = new Publisher().subscribe({ ageMs: 0, back: 5 })
    last = () => world.attaches.at(-1)!
  })

  it('asks for itself, by count and age, beside the others', () => {
    expect(last()).toMatchObject({ from: 0, back: 5 })
    expect(last().ageMs).toBeLessThan(100)
    expect(last().ask).not.toBe(world.attaches[0]!.ask)
  })

  it('is given what was there, alone, and then what all are given', () => {
    world.start(last(), { start: 2, head: 3 }).take(2)
    expect(world.told()).toEqual([`1 for ${LATE}`])
    world.take(4)
    expect(world.told()).toEqual(['3 for 2'])
    world.take(3)
    expect(world.told()).toEqual([`2 for ${LATE}`, `3 for ${LATE}`, `live ${LATE}`])
    world.take(5)
    expect(world.told()).toEqual([`4 for 2+${LATE}`])
    expect(world.attack.target.peer.metrics.get('duplicate')).toBe(0)
  })

  it('is told what it asked for that is gone, and the others are not', () => {
    world.start(last(), { start: 3, head: 3, wanted: 0 })
    expect(world.told()).toEqual([`0-1 lost for ${LATE}`])
    world.take(3)
    expect(world.told()).toEqual([`2 for ${LATE}`, `live ${LATE}`])
  })

  it('is not moved by an answer to another question, nor by a second one to its own', () => {
    world.start(world.attaches[0]!, { start: 1, head: 3 })
    world.start({ ...last(), ask: 9999 }, { start: 1, head: 3 })
    expect(world.take(1, 2, 3).told()).toEqual([])
    world.start(last(), { start: 3, head: 3 }).start(last(), { start: 1, head: 3, wanted: 0 })
    expect(world.take(1, 2, 3).told()).toEqual([`2 for ${LATE}`, `live ${LATE}`])
  })

  it('asks the publisher alone for what the others have had, until it comes', () => {
    world.start(last(), { start: 1, head: 3 }).wait(200)
    const naks = world.records.filter(({ record }) => record.type === 'nak')
    expect(naks.length).toBeGreaterThan(1)
    expect(naks.map(({ to }) => to)).toEqual(naks.map(() => expect.stringMatching(/^1|all$/)))
    expect(naks[0]).toMatchObject({ to: '1', record: { first: 1, flags: 1 } })
    world.take(1, 2, 3)
    expect(world.told().at(-1)).toBe(`live ${LATE}`)
  })

  it('is not waited for when it has ended', () => {
    world.attack.target.peer.unsubscribe(world.now, LATE)
    world.start(last(), { start: 1, head: 3 }).take(1, 2, 3, 4)
    expect(world.told()).toEqual(['3 for 2'])
  })

  it('goes on asking a publisher that says nothing, ever more rarely, and is live all the same', () => {
    const before = world.attaches.length
    world.wait(29_000)
    expect(world.told()).toEqual([])
    world.wait(2000)
    expect(world.told()).toEqual([`live ${LATE}`])
    expect(world.count('liveEarly')).toBe(1)
    world.wait(60_000)
    expect(world.attaches.length - before).toBeLessThan(20)
    world.start(last(), { start: 3, head: 3 }).wait(1)
    world.start(last(), { start: 3, head: 3 }).take(3)
    expect(world.told()).toEqual([`2 for ${LATE}`])
  })

  it('asks once more after a late answer, and begins with the earlier of both', () => {
    const first = last()
    world.wait(1000)
    const before = world.attaches.length
    // Somebody has held the first question back until message 2 was there.
    world.start(first, { start: 3, head: 3 }).wait(1)
    expect(world.attaches.length).toBe(before + 1)
    expect(last()).toMatchObject({ from: 0, back: 5 })
    expect(last().ageMs).toBeGreaterThan(1000)
    world.start(last(), { start: 2, head: 3 }).take(2, 3)
    expect(world.told()).toEqual([`1 for ${LATE}`, `2 for ${LATE}`, `live ${LATE}`])
  })

  it('does not begin later because the answer to its second question says so', () => {
    const first = last()
    world.wait(1000).start(first, { start: 2, head: 3 }).wait(1)
    world.start(last(), { start: 3, head: 3 }).take(2, 3)
    expect(world.told()).toEqual([`1 for ${LATE}`, `2 for ${LATE}`, `live ${LATE}`])
  })

  it('takes late answers where all of them are, as those of a publisher far away', () => {
    const first = last()
    world.wait(150).start(first, { start: 2, head: 3 }).wait(1)
    const second = last()
    world.wait(150).start(second, { start: 2, head: 3 }).take(2)
    expect(world.told()).toEqual([`1 for ${LATE}`])
  })

  it('has what was missing told when its publisher goes, before it is live', () => {
    world.start(last(), { start: 1, head: 3 }).take(1)
    world.attack.send(world.publisher.hello({ flags: 1 }))
    expect(world.told()).toEqual([`0 for ${LATE}`, `1-2 lost for ${LATE}`, `live ${LATE}`])
  })
})

describe('a stream that is left and found again', () => {
  /** Leaves as one that was out of reach, and is back as itself. */
  const away = (world: Publisher): AttachEntry[] => {
    const { attack, publisher } = world
    attack.wait(8000)
    expect(attack.target.present.size).toBe(0)
    attack.send(publisher.hello({ echoes: [attack.target.challenge] })).wait(100)
    attack.send(publisher.hello({ echoes: [attack.target.challenge] }))
    expect(attack.target.present.size).toBe(1)
    const before = world.attaches.length
    // The main receiver first.
    const asked = world.announce().wait(30).attaches.slice(before)
    return asked.toSorted((a, b) => a.back - b.back)
  }

  it('goes on where it was left for who has had its history, and begins for who has not', () => {
    const world = new Publisher().subscribe({ ageMs: 0, back: 5 })
    world.start(world.attaches.at(-1)!, { start: 1, head: 3 }).take(1, 2, 3, 4).told()
    const [main, ...others] = away(world)
    expect([main!.from, others]).toEqual([5, []])
    world.told()
    world.start(main!, { start: 5, head: 4 })
    expect(world.take(1, 2, 3, 4, 5).told()).toEqual([`4 for 2+${LATE}`])
  })

  it('is asked for again by who had not begun, beside those who had', () => {
    const world = new Publisher().subscribe({ ageMs: 0, back: 5 }).take(4)
    world.told()
    const [main, replay] = away(world)
    expect([main, replay]).toMatchObject([
      { from: 5, back: 0 },
      { from: 0, back: 5 },
    ])
    world.start(main!, { start: 5, head: 4 }).start(replay!, { start: 2, head: 4 })
    expect(
      world
        .take(2, 3, 4, 5)
        .told()
        .filter((word) => !word.startsWith('live')),
    ).toEqual([`1 for ${LATE}`, `2 for ${LATE}`, `3 for ${LATE}`, `4 for 2+${LATE}`])
  })

  it('begins for others where they ask, and goes on for who has had its history', () => {
    const world = new Publisher({ begun: false }).subscribe({ ageMs: 0, back: 5 })
    const mine = world.attaches.findLast(({ back }) => back === 5)!
    expect(world.start(mine, { start: 1, head: 2 }).take(1, 2).told()).toContain(`1 for ${LATE}`)
    const [main, replay] = away(world)
    expect([main, replay]).toMatchObject([{ from: 0, back: 0 }, { from: 3 }])
    world.told()
    world.start(main!, { start: 2, head: 2 }).start(replay!, { start: 3, head: 2 })
    expect(world.take(1, 2, 3).told()).toEqual(['1 for 2', `2 for 2+${LATE}`])
  })
})

describe('too many subscriptions with history', () => {
  it('begin without it, and are counted', () => {
    const world = new Publisher()
    const { target } = world.attack
    expect(target.limits.replays).toBe(65_536)
    const few = new Answering({ attached: 0, streams: 0, limits: { replays: 1 } })
    few.attack.announce(few.member(1), ['exact/topic', 'exact/other']).wait(100)
    const parsed = parsePattern('exact/*')
    if (!parsed.ok) throw new Error(parsed.fault)
    const history = { ageMs: 0, back: 1 }
    few.attack.target.peer.subscribe(few.now, LATE, parsed.pattern, { history })
    expect(few.count('replaysFull')).toBe(1)
  })
})
