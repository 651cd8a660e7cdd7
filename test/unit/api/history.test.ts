/** What was there before a subscription, over the memory network and within one bus. */
import { describe, expect, expectTypeOf, it } from 'vitest'
import type { Gap, History, Live, Message, Subscription } from '../../../bus/api/options.ts'
import { acquainted, event, first, network, pair, values } from './company.ts'

/** Values of messages, and gaps as text, until a message is the one that is looked for. */
async function upTo(last: unknown, items: Subscription<Message | Gap>): Promise<unknown[]> {
  const found: unknown[] = []
  for await (const item of items) {
    if (item.type === 'gap') found.push(`gap ${item.from}-${item.to} ${item.cause}`)
    else found.push(item.value)
    if (item.type === 'message' && item.value === last) break
  }
  return found
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i)

/** And with what a subscription then begins, of messages 0 to 9. */
const histories: readonly (readonly [History | undefined, number])[] = [
  [undefined, 10],
  [0, 10],
  ['last', 9],
  [3, 7],
  ['all', 0],
  [50, 0],
  [{ since: 60_000 }, 0],
]

describe('the live mark', () => {
  it('comes once, behind everything that was there, from several publishers and the own bus', async () => {
    const join = network()
    const [a, b, c] = [await join(), await join(), await join()]
    await acquainted(a, b, c)
    for (const bus of [a, b, c]) {
      for (const i of range(0, 4)) bus.publish('log', i)
      await bus.flush()
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
    const found: unknown[] = []
    for await (const item of c.subscribe('log', { history: 3, live: true })) {
      if (item.type === 'live') a.publish('log', 5)
      found.push(item.type === 'live' ? 'live' : item.value)
      if (found.length === 11) break
    }
    const old = found.slice(0, 9).map(Number)
    expect(old.toSorted((x, y) => x - y)).toEqual([2, 2, 2, 3, 3, 3, 4, 4, 4])
    expect(found.slice(9)).toEqual(['live', 5])
    expectTypeOf(c.subscribe('log', { live: true, gaps: true })).toEqualTypeOf<
      Subscription<Message<unknown, 'log'> | Gap | Live>
    >()
  })

  it('comes where nothing matches, where nothing is asked for, and where nobody is', async () => {
    const [a, b] = await pair()
    a.publish('log', 0)
    await a.flush()
    const alone = await network({})()
    const marks = [
      b.subscribe('nothing/**', { history: 'all', live: true }),
      b.subscribe('log', { live: true }),
      alone.subscribe('log', { history: 'last', live: true }),
    ].map((subscription) => first(1, subscription))
    expect(await Promise.all(marks)).toEqual(Array(3).fill([{ type: 'live' }]))
  })

  it('stands behind the gap of a publisher that has gone', async () => {
    const [a, b] = await pair({ limits: { historyAge: 1 } })
    for (const i of range(0, 4)) a.publish('log', i)
    await a.flush()
    await new Promise((resolve) => setTimeout(resolve, 600))
    const items = b.subscribe('log', { history: 2, gaps: true, live: true })
    setTimeout(() => void a.close({ linger: 0 }), 50)
    expect(await first(2, items)).toMatchObject([
      { type: 'gap', from: 3, to: 4, cause: 'history' },
      { type: 'live' },
    ])
  })
})

describe('history', () => {
  it.each(['of another bus', 'of the same bus'])(
    '%s comes first, to each subscription as it has asked for it, then what is new, once',
    async (whose) => {
      const [a, b] = await pair()
      const reader = whose === 'of the same bus' ? a : b
      for (const i of range(0, 9)) a.publish('log/app', i)
      await a.flush()
      const early = histories.map(([history]) => {
        return upTo(12, reader.subscribe('log/*', { ...(history && { history }), gaps: true }))
      })
      await new Promise((resolve) => setTimeout(resolve, 50))
      a.publish('log/app', 10)
      await a.flush()
      // The stream is being received: these must be given what the others have had.
      const late = upTo(12, reader.subscribe('log/app', { history: 4, gaps: true }))
      await new Promise((resolve) => setTimeout(resolve, 50))
      for (const i of [11, 12]) a.publish('log/app', i)
      const expected = histories.map(([, from]) => range(from, 12))
      expect(await Promise.all(early)).toEqual(expected)
      expect(await late).toEqual(range(7, 12))
    },
  )

  it('reports what was asked for and is not kept, and nothing that was not', async () => {
    const [a, b] = await pair({ limits: { historyAge: 1 } })
    for (const i of range(0, 9)) a.publish('log', i, { retain: 3 })
    await a.flush()
    // Each message in a packet of its own would be better still; here they share one.
    for (const i of range(10, 19)) a.publish('log', i)
    await a.flush()
    await new Promise((resolve) => setTimeout(resolve, 600))
    const lost = event(b, 'gap')
    const items = b.subscribe('log', { history: 15, gaps: true })
    const modest = b.subscribe('log', { history: 2, gaps: true })
    const all = a.subscribe('log', { history: 'all', gaps: true })
    setTimeout(() => a.publish('log', 20), 100)
    expect(await upTo(20, items)).toEqual(['gap 5-9 history', ...range(10, 20)])
    expect(await upTo(20, modest)).toEqual([18, 19, 20])
    expect(await upTo(20, all)).toEqual(['gap 0-9 history', ...range(10, 20)])
    expect(await lost).toMatchObject({ topic: 'log', from: 5, to: 9, cause: 'history' })
  })

  it('holds large messages, and such as have not left yet', async () => {
    const [a, b] = await pair()
    const large = 'x'.repeat(200_000)
    for (const value of ['first', large, 'between', large, 'last']) a.publish('log', value)
    const own = values(4, a.subscribe('log', { history: 4 }))
    expect(await own).toEqual([large, 'between', large, 'last'])
    await a.flush()
    const others = values(2, b.subscribe('log', { history: 2 }))
    expect(await others).toEqual([large, 'last'])
  })

  it('is kept an hour for the last values of each topic', async () => {
    const [a, b] = await pair({ limits: { historyAge: 1 } })
    for (const topic of ['state/a', 'state/b']) {
      for (const i of range(1, 5)) a.publish(topic, i, { retain: 1 })
    }
    await a.flush()
    await new Promise((resolve) => setTimeout(resolve, 600))
    const found = await first(2, b.subscribe('state/*', { history: 'last' }))
    expect(found.map(({ topic, value }) => `${topic} ${String(value)}`).toSorted()).toEqual([
      'state/a 5',
      'state/b 5',
    ])
  })

  it('is nothing on topics that are not reliable', async () => {
    const [a, b] = await pair()
    for (const delivery of ['best-effort', 'latest'] as const) {
      a.publish(delivery, 'old', { delivery })
      await a.flush()
      await new Promise((resolve) => setTimeout(resolve, 50))
      const found = values(1, b.subscribe(delivery, { history: 'all' }))
      await new Promise((resolve) => setTimeout(resolve, 50))
      a.publish(delivery, 'new', { delivery })
      expect(await found).toEqual(['new'])
    }
  })
})
