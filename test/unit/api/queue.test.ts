/** The bounded queue: order, overflow, gaps in their places, both kinds of consumer, every end. */
import { describe, expect, it, vi } from 'vitest'
import type { BusError } from '../../../bus/api/errors.ts'
import type { Gap, Overflow } from '../../../bus/api/options.ts'
import { GAPS_MAX, MessageQueue, type QueueOptions } from '../../../bus/api/queue.ts'
import { collect, drain, message, networkGap, shown, turn, type Item } from './items.ts'

describe('the live mark', () => {
  const places: readonly (readonly [Overflow, boolean, string[]])[] = [
    ['drop-oldest', true, ['-a0..2', 'live', 'a3', 'a4']],
    ['drop-oldest', false, ['live', 'a3', 'a4']],
    ['drop-newest', true, ['a0', 'a1', 'live', '-a2..4']],
    ['latest', true, ['-a0..3', 'a4', 'live']],
  ]
  it.each(places)('keeps its place with %s, gaps %s', async (overflow, gaps, expected) => {
    const queue = open({ limit: 2, overflow, gaps })
    for (const i of [0, 1]) queue.push(message('a', i), 0)
    queue.live()
    for (const i of [2, 3, 4]) queue.push(message('a', i), 0)
    queue.close()
    expect(await drain(queue)).toEqual(expected)
  })

  it('is given at once to whoever waits', async () => {
    const queue = open({})
    const next = queue[Symbol.asyncIterator]().next()
    queue.live()
    expect(await next).toEqual({ done: false, value: { type: 'live' } })
  })

  it('stands behind the gaps and messages before it, and before those that follow', async () => {
    const queue = open({ gaps: true })
    queue.mark(networkGap('a', 0, 1))
    queue.live()
    queue.push(message('a', 2), 0)
    queue.mark(networkGap('b', 0, 1))
    queue.close()
    expect(await drain(queue)).toEqual(['~a0..1', 'live', 'a2', '~b0..1'])
  })
})

describe('iteration', () => {
  it('gives what waits in order, then what comes', async () => {
    const queue = open({})
    queue.push(message('a', 0), 0)
    queue.push(message('a', 1), 0)
    const items = queue[Symbol.asyncIterator]()
    const taken = Promise.all([items.next(), items.next(), items.next(), items.next()])
    queue.push(message('a', 2), 0)
    queue.push(message('b', 0), 0)
    expect((await taken).map(({ value }) => shown(value!))).toEqual(['a0', 'a1', 'a2', 'b0'])
    expect(queue.queued).toBe(0)
  })

  it('ends after what waits when it is closed', async () => {
    const queue = open({})
    queue.push(message('a', 0), 0)
    queue.close()
    queue.push(message('a', 1), 0)
    queue.mark(networkGap('a', 2, 3))
    expect(queue.closed).toBe(true)
    expect(await drain(queue)).toEqual(['a0'])
  })

  it('rejects after what waits when it is closed with a reason, once', async () => {
    const queue = open({})
    queue.push(message('a', 0), 0)
    queue.close(new Error('gone'))
    queue.close(new Error('second'))
    const items = queue[Symbol.asyncIterator]()
    expect(await items.next()).toMatchObject({ done: false })
    await expect(items.next()).rejects.toThrow('gone')
    expect(await items.next()).toEqual({ done: true, value: undefined })
  })

  it('ends those who wait when it is closed', async () => {
    const queue = open({})
    const items = queue[Symbol.asyncIterator]()
    const waiting = [items.next(), items.next()]
    queue.close()
    expect(await Promise.all(waiting)).toEqual(Array(2).fill({ done: true, value: undefined }))
  })

  it('closes and forgets what waits when the consumer breaks off', async () => {
    const onStop = vi.fn<() => void>()
    const queue = open({ onStop })
    for (let i = 0; i < 3; i++) queue.push(message('a', i), 0)
    // oxlint-disable-next-line no-unreachable-loop -- breaking off is what is tested
    for await (const item of queue) {
      expect(shown(item)).toBe('a0')
      break
    }
    expect([queue.closed, queue.queued, queue.dropped]).toEqual([true, 0, 0])
    await turn()
    expect(onStop).toHaveBeenCalledTimes(1)
  })

  it('forgets what waits when it is cancelled', async () => {
    const queue = open({ gaps: true })
    queue.push(message('a', 0), 0)
    queue.mark(networkGap('a', 1, 1))
    queue.cancel(new Error('aborted'))
    await expect(drain(queue)).rejects.toThrow('aborted')
  })

  it('has one consumer', async () => {
    const queue = open({})
    queue[Symbol.asyncIterator]()
    expect(() => queue[Symbol.asyncIterator]()).toThrow(/subscribe again/)
    await expect(queue.consume(vi.fn(), vi.fn())).rejects.toThrow(TypeError)
  })
})

describe('consume', () => {
  it('awaits each promise of the handler before the next item', async () => {
    const queue = open({})
    const log: string[] = []
    const done = queue.consume(async (item) => {
      log.push(`+${shown(item)}`)
      await turn()
      log.push(`-${shown(item)}`)
    }, vi.fn())
    for (let i = 0; i < 3; i++) queue.push(message('a', i), 0)
    queue.close()
    await done
    expect(log).toEqual(['+a0', '-a0', '+a1', '-a1', '+a2', '-a2'])
  })

  it('reports what the handler throws or rejects with, and goes on', async () => {
    const queue = open({})
    const errors: unknown[] = []
    const seen: string[] = []
    const done = queue.consume(
      (item) => {
        seen.push(shown(item))
        if (shown(item) === 'a0') throw new Error('thrown')
        return shown(item) === 'a1' ? Promise.reject(new Error('rejected')) : undefined
      },
      (error) => errors.push((error as Error).message),
    )
    for (let i = 0; i < 3; i++) queue.push(message('a', i), 0)
    queue.close()
    await done
    expect(seen).toEqual(['a0', 'a1', 'a2'])
    expect(errors).toEqual(['thrown', 'rejected'])
  })

  it('works off a burst without a promise for each message', async () => {
    const queue = open({ limit: 1000 })
    for (let i = 0; i < 1000; i++) queue.push(message('a', i), 0)
    let seen = 0
    void queue.consume(() => void seen++, vi.fn())
    // All of them in the call itself: not one turn of the microtask queue has passed.
    expect(seen).toBe(1000)
    queue.push(message('a', 1000), 0)
    await turn()
    expect(seen).toBe(1001)
  })

  it('ends as an iterator does', async () => {
    const queue = open({})
    const done = queue.consume(vi.fn(), vi.fn())
    queue.close(new Error('gone'))
    await expect(done).rejects.toThrow('gone')
  })
})

describe('overflow', () => {
  it.each<[Overflow, string[]]>([
    ['drop-oldest', ['-a0..2', 'a3', 'a4']],
    ['drop-newest', ['a0', 'a1', '-a2..4']],
    ['latest', ['-a0..3', 'a4']],
  ])('%s leaves a gap where the messages were', async (overflow, expected) => {
    const onDrop = vi.fn<(gaps: readonly Gap[]) => void>()
    const queue = open({ limit: 2, overflow, onDrop, gaps: true })
    for (let i = 0; i < 5; i++) queue.push(message('a', i), 0)
    expect(onDrop).not.toHaveBeenCalled()
    queue.close()
    expect(await drain(queue)).toEqual(expected)
    const gap = expected.find((item) => item.startsWith('-'))
    expect(onDrop.mock.calls.map(([gaps]) => gaps.map(shown))).toEqual([[gap]])
  })

  it('counts at the bound and one past it', () => {
    const queue = open({ limit: 3 })
    for (let i = 0; i < 3; i++) queue.push(message('a', i), 0)
    expect([queue.queued, queue.dropped]).toEqual([3, 0])
    queue.push(message('a', 3), 0)
    expect([queue.queued, queue.dropped]).toEqual([3, 1])
  })

  it('fail gives what waits and the gap, then rejects with OVERFLOW', async () => {
    const [onDrop, onStop] = [vi.fn<(gaps: readonly Gap[]) => void>(), vi.fn<() => void>()]
    const queue = open({ limit: 2, overflow: 'fail', onDrop, onStop, gaps: true })
    for (let i = 0; i < 5; i++) queue.push(message('a', i), 0)
    expect([queue.closed, queue.queued, queue.dropped]).toEqual([true, 2, 1])
    expect(onStop).not.toHaveBeenCalled()
    const items = queue[Symbol.asyncIterator]()
    const taken = [await items.next(), await items.next(), await items.next()]
    expect(taken.map(({ value }) => shown(value!))).toEqual(['a0', 'a1', '-a2'])
    const failure: unknown = await items.next().catch((error: unknown) => error)
    expect((failure as BusError).code).toBe('OVERFLOW')
    expect((failure as BusError).message).toMatch(/queue of 2 messages is full/)
    expect(onDrop).toHaveBeenCalledTimes(1)
    expect(onStop).toHaveBeenCalledTimes(1)
  })

  it('latest keeps the place of a message when a newer one takes it', async () => {
    const queue = open({ limit: 3, overflow: 'latest' })
    for (const [topic, i] of [
      ['a', 0],
      ['b', 0],
      ['a', 1],
      ['c', 0],
      ['b', 1],
    ] as const) {
      queue.push(message(topic, i), 0)
    }
    queue.close()
    expect(await drain(queue)).toEqual(['a1', 'b1', 'c0'])
    expect(queue.dropped).toBe(2)
  })

  it('latest drops the oldest when too many topics wait', async () => {
    const queue = open({ limit: 2, overflow: 'latest', gaps: true })
    for (const topic of ['a', 'b', 'c']) queue.push(message(topic, 0), 0)
    queue.push(message('a', 1), 0)
    queue.close()
    expect(await drain(queue)).toEqual(['-a0', '-b0', 'c0', 'a1'])
  })

  it('reports drops with delivered messages between them apart', async () => {
    const onDrop = vi.fn<(gaps: readonly Gap[]) => void>()
    const queue = open({ limit: 1, overflow: 'drop-newest', onDrop })
    const items = queue[Symbol.asyncIterator]()
    queue.push(message('a', 0), 0)
    queue.push(message('a', 1), 0)
    void items.next()
    queue.push(message('a', 2), 0)
    queue.push(message('a', 3), 0)
    await turn()
    expect(onDrop.mock.calls.map(([gaps]) => gaps.map(shown))).toEqual([['-a1', '-a3']])
  })
})

describe('gaps', () => {
  it('come in order between the messages', async () => {
    const queue = open({ gaps: true })
    queue.push(message('a', 0), 0)
    queue.mark(networkGap('a', 1, 3))
    queue.push(message('a', 4), 0)
    queue.mark(networkGap('a', 5, 5))
    queue.close()
    expect(await drain(queue)).toEqual(['a0', '~a1..3', 'a4', '~a5'])
  })

  it('reach a consumer that waits', async () => {
    const queue = open({ gaps: true })
    const next = queue[Symbol.asyncIterator]().next()
    queue.mark(networkGap('a', 0, 1))
    expect(shown((await next).value!)).toBe('~a0..1')
  })

  it('are left out when nobody asked for them', async () => {
    const queue = open({ limit: 1 })
    queue.push(message('a', 0), 0)
    queue.mark(networkGap('a', 1, 1))
    queue.push(message('a', 2), 0)
    queue.close()
    expect(await drain(queue)).toEqual(['a2'])
  })

  it('merge as the messages between them are dropped', async () => {
    const queue = open({ limit: 1, gaps: true })
    for (let i = 0; i < 1000; i++) {
      queue.push(message(i % 2 ? 'a' : 'b', 2 * i), 0)
      queue.mark(networkGap(i % 2 ? 'a' : 'b', 2 * i + 1, 2 * i + 1))
    }
    queue.close()
    const items = await collect(queue)
    expect(items).toHaveLength(6)
    expect(items.map((item) => (item.type === 'gap' ? item.count : 1))).toContain(500)
  })

  it('of a topic stay when its message is dropped for another topic', async () => {
    const queue = open({ limit: 1, overflow: 'latest', gaps: true })
    queue.push(message('a', 0), 0)
    queue.mark(networkGap('a', 1, 2))
    queue.push(message('b', 0), 0)
    queue.close()
    expect(await drain(queue)).toEqual(['-a0', '~a1..2', 'b0'])
  })

  it('end the queue when too many wait, and are told first', async () => {
    const queue = open({ gaps: true })
    queue.push(message('a', 0), 0)
    for (let i = 0; i < GAPS_MAX; i++) queue.mark(networkGap(`t${i}`, 0, 0))
    queue.mark(networkGap('t0', 1, 1))
    expect(queue.closed).toBe(false)
    queue.mark(networkGap('a', 1, 1))
    expect(queue.closed).toBe(true)
    let count = 0
    const reading = (async (): Promise<void> => {
      for await (const item of queue) count += item.type === 'gap' ? item.count : 1
    })()
    await expect(reading).rejects.toMatchObject({ code: 'OVERFLOW', message: /65536 gaps/ })
    expect(count).toBe(GAPS_MAX + 3)
  })

  it('make room again as they are read', async () => {
    const queue = open({ limit: 1, gaps: true })
    const items = queue[Symbol.asyncIterator]()
    for (let i = 0; i < GAPS_MAX + 10; i++) {
      queue.push(message(`t${i}`, 0), 0)
      queue.mark(networkGap(`t${i}`, 1, 1))
      for (let rest = i === 0 ? 2 : 3; rest > 0; rest--) void items.next()
    }
    expect(queue.closed).toBe(false)
  })

  it('move in front of the newer message that takes a slot', async () => {
    const queue = open({ overflow: 'latest', gaps: true })
    queue.push(message('a', 0), 0)
    queue.push(message('b', 0), 0)
    queue.mark(networkGap('a', 1, 2))
    queue.push(message('a', 3), 0)
    queue.mark(networkGap('a', 4, 4))
    queue.close()
    expect(await drain(queue)).toEqual(['-a0', '~a1..2', 'a3', '~a4', 'b0'])
  })
})

function open(options: Partial<QueueOptions>): MessageQueue<Item> {
  return new MessageQueue({
    limit: 16,
    budget: { used: 0, max: Infinity },
    overflow: 'drop-oldest',
    gaps: false,
    onDrop: () => undefined,
    ...options,
  })
}
