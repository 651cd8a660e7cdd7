/** Shared topics as programs see them: what is refused, what is told, and what a bus does at its end. */
import { describe, expect, it } from 'vitest'
import type { BusEvent, Message } from '../../../bus/index.ts'
import { simulate } from '../../../bus/testing/simulation.ts'

/** What one bus tells of a kind. */
function told<T extends BusEvent['type']>(
  events: AsyncIterable<BusEvent>,
  type: T,
): Extract<BusEvent, { type: T }>[] {
  const found: Extract<BusEvent, { type: T }>[] = []
  void (async () => {
    for await (const event of events) {
      // Its type says which of them it is.
      if (event.type === type) found.push(event as Extract<BusEvent, { type: T }>)
    }
  })()
  return found
}

describe('options of shares', () => {
  it('are refused where they make no sense', async () => {
    await using net = simulate()
    const bus = await net.connect()
    const refused = [
      () => bus.subscribe('a', { share: '' }),
      () => bus.subscribe('a', { share: 'x'.repeat(256) }),
      () => bus.subscribe('a', { share: 'g', history: 'all' }),
      () => bus.subscribe('a', { again: false }),
      () => bus.publish('a', 1, { shared: true, delivery: 'latest' }),
    ]
    for (const call of refused) expect(call).toThrow(/share|again/)
    bus.publish('b', 1)
    expect(() => bus.publish('b', 1, { shared: true })).toThrow(/shared/)
    bus.publish('c', 1, { shared: true })
    expect(() => bus.publish('c', 1, { shared: false })).toThrow(/shared/)
    bus.publish('c', 1)
  })
})

describe('a subscription that shares', () => {
  it('is told of a topic that is not shared, by others and by its own bus', async () => {
    await using net = simulate()
    const [worker, office] = [await net.connect(), await net.connect()]
    const withheld = told(worker.events(), 'withheld')
    const got: unknown[] = []
    worker.subscribe('jobs', ({ value }) => void got.push(value), { share: 'g' })
    await net.run(1000)
    office.publish('jobs', 1)
    worker.publish('jobs', 2)
    await net.run(1000)
    expect(withheld.map(({ reason, topic }) => [reason, topic])).toContainEqual(['share', 'jobs'])
    expect([worker.stats().notShared, got]).toEqual([2, []])
  })

  it('shares with those of its own bus and of the publisher, each a member', async () => {
    await using net = simulate()
    const [office, worker] = [await net.connect(), await net.connect()]
    const got: number[][] = [[], [], [], []]
    const buses = [office, office, worker, worker]
    for (const [place, bus] of buses.entries()) {
      bus.subscribe<number>('jobs', ({ value }) => void got[place]!.push(value), { share: 'g' })
    }
    await net.run(1000)
    // Who is elsewhere asks for a seat when it knows of the topic.
    office.publish('jobs', 0, { shared: true })
    await net.run(1000)
    for (let n = 1; n < 80; n++) office.publish('jobs', n, { shared: true })
    await net.run(3000)
    const all = Array.from({ length: 80 }, (_, n) => n)
    expect(got.flat().toSorted((a, b) => a - b)).toEqual(all)
    for (const part of got) expect(part.length).toBeGreaterThan(0)
    for (const part of got) expect(part).toEqual(part.toSorted((a, b) => a - b))
  })

  it('gives what it has not done to another when it is closed, and that one is told so', async () => {
    await using net = simulate()
    const [office, slow, next] = [await net.connect(), await net.connect(), await net.connect()]
    const begun: number[] = []
    const work = slow.subscribe<number>(
      'jobs',
      async ({ value }) => {
        begun.push(value)
        await net.sleep(100)
      },
      { share: 'g' },
    )
    await net.run(1000)
    for (let n = 0; n < 20; n++) office.publish('jobs', n, { shared: true })
    await net.run(250)
    const got: Message<number>[] = []
    next.subscribe<number>('jobs', (message) => void got.push(message), { share: 'g' })
    await net.run(50)
    await net.until(work.close())
    await net.run(2000)
    const done = got.map(({ value }) => value)
    const all = [...begun, ...done].toSorted((a, b) => a - b)
    expect(all).toEqual(Array.from({ length: 20 }, (_, n) => n))
    expect(got.every(({ again, sequence, value }) => again === true && sequence === value)).toBe(
      true,
    )
    expect(office.stats().sharesAgain).toBeGreaterThanOrEqual(done.length)
  })

  it('is given nothing twice that it does not want again, and the publisher counts it', async () => {
    await using net = simulate()
    const [office, slow] = [await net.connect(), await net.connect()]
    const lost = told(office.events(), 'share-lost')
    const options = { share: 'g', again: false } as const
    slow.subscribe('jobs', () => net.sleep(1e6), options)
    await net.run(1000)
    for (let n = 0; n < 5; n++) office.publish('jobs', n, { shared: true })
    await net.run(500)
    net.crash(slow)
    await net.run(10_000)
    const counted = lost.map(({ topic, count, cause }) => [topic, count, cause])
    expect(counted).toEqual([['jobs', 5, 'member-gone']])
    expect(office.stats().sharesLost).toBe(5)
  })

  it('leaves the last message of an iterator undone that breaks off', async () => {
    await using net = simulate()
    const [office, worker, next] = [await net.connect(), await net.connect(), await net.connect()]
    const jobs = worker.subscribe<number>('jobs', { share: 'g' })
    const taken: number[] = []
    const taking = (async () => {
      for await (const { value } of jobs) if (taken.push(value) === 2) break
    })()
    await net.run(1000)
    for (let n = 0; n < 4; n++) office.publish('jobs', n, { shared: true })
    await net.until(taking)
    const got: number[] = []
    next.subscribe<number>('jobs', ({ value }) => void got.push(value), { share: 'g' })
    await net.run(2000)
    expect([taken, got]).toEqual([
      [0, 1],
      [1, 2, 3],
    ])
  })
})

it('a close says how many messages nobody has got', async () => {
  await using net = simulate()
  const [office, worker] = [await net.connect(), await net.connect()]
  worker.subscribe('jobs', () => net.sleep(3000), { share: 'g' })
  await net.run(1000)
  office.publish('jobs', 0, { shared: true })
  await net.run(500)
  for (let n = 1; n < 300; n++) office.publish('jobs', n, { shared: true })
  await net.run(500)
  const report = await net.until(office.close({ linger: 200 }))
  expect(report).toMatchObject({ waiting: 300 - 256 })
})
