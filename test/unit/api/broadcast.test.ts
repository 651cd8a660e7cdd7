/** Events for many iterators: everybody gets them, nobody is waited for, everything ends. */
import { describe, expect, it } from 'vitest'
import { Broadcast } from '../../../bus/api/broadcast.ts'

interface Event {
  readonly n: number
}

describe('Broadcast', () => {
  it('gives every event to every iterator, from its call on', async () => {
    const broadcast = new Broadcast<Event>()
    broadcast.emit({ n: 0 })
    const first = broadcast.iterate()
    broadcast.emit({ n: 1 })
    const second = broadcast.iterate()
    broadcast.emit({ n: 2 })
    broadcast.close()
    expect(await collect(first)).toEqual([1, 2])
    expect(await collect(second)).toEqual([2])
    expect(broadcast.dropped).toBe(0)
  })

  it('wakes the iterators that wait', async () => {
    const broadcast = new Broadcast<Event>()
    const [a, b] = [broadcast.iterate(), broadcast.iterate()]
    const waiting = Promise.all([a.next(), a.next(), b.next()])
    for (const n of [1, 2]) broadcast.emit({ n })
    const results = await waiting
    expect(results.map(({ value }) => value?.n)).toEqual([1, 2, 1])
  })

  it('drops the oldest events of an iterator that is behind, and counts them', async () => {
    const broadcast = new Broadcast<Event>(3)
    const slow = broadcast.iterate()
    for (let n = 0; n < 3; n++) broadcast.emit({ n })
    expect(broadcast.dropped).toBe(0)
    for (let n = 3; n < 10; n++) broadcast.emit({ n })
    broadcast.close()
    expect(await collect(slow)).toEqual([7, 8, 9])
    expect(broadcast.dropped).toBe(7)
  })

  it('keeps nothing for an iterator that broke off', async () => {
    const broadcast = new Broadcast<Event>()
    const events = broadcast.iterate()
    broadcast.emit({ n: 1 })
    broadcast.emit({ n: 2 })
    // oxlint-disable-next-line no-unreachable-loop -- breaking off is what is tested
    for await (const { n } of events) {
      expect(n).toBe(1)
      break
    }
    expect(broadcast.listeners).toBe(0)
    expect(await events.next()).toEqual({ done: true, value: undefined })
  })

  it('ends the iterators that wait when it closes, and later ones at once', async () => {
    const broadcast = new Broadcast<Event>()
    const waiting = broadcast.iterate().next()
    broadcast.close()
    broadcast.emit({ n: 1 })
    expect(await waiting).toEqual({ done: true, value: undefined })
    expect(await collect(broadcast.iterate())).toEqual([])
    expect(broadcast.listeners).toBe(0)
  })

  it('rejects with the reason of the signal, and lets go of it', async () => {
    const broadcast = new Broadcast<Event>()
    const abort = new AbortController()
    const waiting = broadcast.iterate({ signal: abort.signal }).next()
    const behind = broadcast.iterate({ signal: abort.signal })
    const free = broadcast.iterate()
    abort.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    broadcast.emit({ n: 1 })
    await expect(behind.next()).rejects.toThrow('enough')
    expect(await behind.next()).toEqual({ done: true, value: undefined })
    expect(await free.next()).toEqual({ done: false, value: { n: 1 } })
    expect(broadcast.listeners).toBe(1)
  })

  it('rejects at once when the signal has aborted before', async () => {
    const broadcast = new Broadcast<Event>()
    const signal = AbortSignal.abort(new Error('too late'))
    await expect(broadcast.iterate({ signal }).next()).rejects.toThrow('too late')
    expect(broadcast.listeners).toBe(0)
  })

  it('leaves no listener on a signal that outlives it', async () => {
    const listened = new Set<unknown>()
    const { signal } = new AbortController()
    signal.addEventListener = (_: string, listener: unknown) => void listened.add(listener)
    signal.removeEventListener = (_: string, listener: unknown) => void listened.delete(listener)
    const broadcast = new Broadcast<Event>()
    await broadcast.iterate({ signal }).return?.()
    const open = broadcast.iterate({ signal })
    expect(listened.size).toBe(1)
    broadcast.close()
    expect(listened.size).toBe(0)
    expect(await collect(open)).toEqual([])
  })
})

async function collect(events: AsyncIterable<Event>): Promise<number[]> {
  const numbers: number[] = []
  for await (const { n } of events) numbers.push(n)
  return numbers
}
