/** Messages that expire, from a publisher to a program that is too slow for them. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Gap } from '../../../bus/api/options.ts'
import { MessageQueue } from '../../../bus/api/queue.ts'
import { acquainted, network, values } from './company.ts'
import { drain, type Item, message } from './items.ts'

describe('a queue', () => {
  it('hands out what has not expired, and gaps in the place of what has', async () => {
    let now = 0
    const reports: Gap[] = []
    const queue = new MessageQueue<Item>({
      limit: 10,
      budget: { used: 0, max: 1e6 },
      overflow: 'drop-oldest',
      gaps: true,
      now: () => now,
      onDrop: (gaps) => reports.push(...gaps),
    })
    queue.push(message('a', 0), 0, 10)
    queue.push(message('a', 1), 0, 11)
    queue.push(message('a', 2), 0)
    queue.push(message('a', 3), 0, 30)
    now = 20
    queue.close()
    expect(await drain(queue)).toEqual(['~a0..1', 'a2', 'a3'])
    expect(reports.map(({ from, to, cause }) => [from, to, cause])).toEqual([[0, 1, 'expired']])
    expect(queue.dropped).toBe(0)
  })
})

describe('a bus', () => {
  it('neither sends nor repairs nor delivers what has expired, and reports it', async () => {
    let deaf = false
    const join = network({ lose: ({ to }) => deaf && to.port === 2 })
    const [a, b] = [await join(), await join()]
    await acquainted(a, b)
    const items = b.subscribe('brief', { gaps: true })[Symbol.asyncIterator]()
    a.publish('brief', 0)
    await items.next()
    deaf = true
    a.publish('brief', 1, { expires: 20 })
    a.publish('brief', 2)
    await a.flush()
    await sleep(40)
    deaf = false
    a.publish('brief', 3)
    const seen = [await items.next(), await items.next(), await items.next()]
    expect(seen.map(({ value }) => (value.type === 'gap' ? value.cause : value.value))).toEqual([
      'expired',
      2,
      3,
    ])
    expect(await a.close()).toEqual({ unconfirmed: [], incomplete: [] })
    expect(b.stats()).toMatchObject({ messagesExpired: 1, messagesLost: 0 })
  })

  it('counts what expires in a queue as expired, and not as dropped by a full one', async () => {
    const join = network()
    const [a, b] = [await join(), await join()]
    await acquainted(a, b)
    const waiting = b.subscribe('brief', { gaps: true })
    const heard = values(1, b.subscribe('brief'))
    a.publish('brief', 'late', { expires: 200 })
    await heard
    await sleep(250)
    const gap = await waiting[Symbol.asyncIterator]().next()
    expect(gap.value).toMatchObject({ type: 'gap', cause: 'expired', count: 1 })
    await sleep(0)
    expect(b.stats()).toMatchObject({ messagesExpired: 1, lostOverflow: 0, messagesLost: 0 })
  })

  it('sends the newest value though one before it has expired unsent', async () => {
    const join = network()
    const [a, b] = [await join(), await join()]
    const values = b.subscribe('state')[Symbol.asyncIterator]()
    // In its first moments a bus waits for receivers to find it: here the first value expires.
    a.publish('state', 'old', { delivery: 'latest', expires: 10 })
    await sleep(2)
    a.publish('state', 'new', { delivery: 'latest' })
    expect((await values.next()).value).toMatchObject({ value: 'new' })
    await a.flush()
  })

  it('gives up nothing that is there before its time', async () => {
    const join = network()
    const [a, b] = [await join(), await join()]
    await acquainted(a, b)
    const items = b.subscribe('long')[Symbol.asyncIterator]()
    a.publish('long', 'x', { expires: 60_000 })
    expect((await items.next()).value.value).toBe('x')
  })
})
