/** The bytes that wait in all queues of a bus together. */
import { describe, expect, it } from 'vitest'
import type { Overflow } from '../../../bus/api/options.ts'
import { MESSAGE_SIZE, MessageQueue } from '../../../bus/api/queue.ts'
import { drain, message, type Item } from './items.ts'

describe('the bytes that several queues share', () => {
  const kib = 1024
  const two = (
    overflow: Overflow,
  ): [MessageQueue<Item>, MessageQueue<Item>, { used: number; max: number }] => {
    const budget = { used: 0, max: 4 * (kib + MESSAGE_SIZE) }
    const options = { limit: 16, overflow, budget, gaps: true, onDrop: () => undefined }
    return [new MessageQueue<Item>(options), new MessageQueue<Item>(options), budget]
  }

  it('make a queue drop its own oldest messages when they are used up', async () => {
    const [one, other] = two('drop-oldest')
    for (let i = 0; i < 3; i++) one.push(message('a', i), kib)
    for (let i = 0; i < 3; i++) other.push(message('b', i), kib)
    expect([one.dropped, other.dropped]).toEqual([0, 2])
    one.close()
    other.close()
    expect(await drain(one)).toEqual(['a0', 'a1', 'a2'])
    expect(await drain(other)).toEqual(['-b0..1', 'b2'])
  })

  it('always let a queue hold one message, however large', async () => {
    const [one, other] = two('drop-newest')
    for (let i = 0; i < 4; i++) one.push(message('a', i), kib)
    other.push(message('b', 0), 100 * kib)
    other.push(message('b', 1), 1)
    other.close()
    expect(await drain(other)).toEqual(['b0', '-b1'])
  })

  it('end a queue that shall fail, and say which bound it was', async () => {
    const [one, other] = two('fail')
    for (let i = 0; i < 3; i++) one.push(message('a', i), kib)
    for (let i = 0; i < 2; i++) other.push(message('b', i), kib)
    const items = other[Symbol.asyncIterator]()
    await items.next()
    await items.next()
    await expect(items.next()).rejects.toThrow(/limits\.queueSize/)
  })

  it.each(['drop-oldest', 'drop-newest', 'latest', 'fail'] as const)(
    'are given back when messages are taken, dropped, replaced or forgotten (%s)',
    async (overflow) => {
      const [one, other, budget] = two(overflow)
      for (let i = 0; i < 9; i++) one.push(message('a', i), kib)
      for (let i = 0; i < 3; i++) other.push(message('b', i), 2 * kib)
      other.cancel()
      one.close()
      await drain(one).catch(() => undefined)
      expect(budget.used).toBe(0)
    },
  )

  it('are given back when a queue is closed of which nobody takes what waits', async () => {
    const [one, other, budget] = two('drop-newest')
    for (let i = 0; i < 4; i++) one.push(message('a', i), kib)
    one.close()
    expect(budget.used).toBe(0)
    for (let i = 0; i < 4; i++) other.push(message('b', i), kib)
    expect(other.dropped).toBe(0)
    // It may still be taken, and counts no more.
    expect(await drain(one)).toEqual(['a0', 'a1', 'a2', 'a3'])
    expect(budget.used).toBe(budget.max)
  })
})
