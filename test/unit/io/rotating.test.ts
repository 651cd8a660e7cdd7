/** Keys that change by themselves: by time, by volume, and not when something is wrong. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Bus, Rotation } from '../../../bus/index.ts'
import { rotating } from '../../../bus/io/rotating.ts'

/** A bus that has seen so many bytes, and the pages that it has adopted. */
function busWith(seen: { bytes: number }): { bus: Bus; adopted: string[] } {
  const adopted: string[] = []
  const some = {
    stats: () => ({ bytesSent: seen.bytes, bytesReceived: seen.bytes }),
    adopt: (page: string) => void adopted.push(page),
  }
  return { bus: some as unknown as Bus, adopted } // nothing else of it is asked
}

const made = (epoch: number): Rotation => ({ epoch, key: `key ${epoch}`, page: `page ${epoch}` })

describe('rotating', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
  afterEach(() => void vi.useRealTimers())

  it('makes and adopts new keys each time that so long has passed', async () => {
    const { bus, adopted } = busWith({ bytes: 0 })
    let epoch = 0
    const all = rotating(bus, { next: () => made(++epoch), every: 5000 })
    for (const turn of [1, 2, 3]) {
      const coming = all.next()
      await vi.advanceTimersByTimeAsync(4999)
      expect(adopted.length).toBe(turn - 1)
      await vi.advanceTimersByTimeAsync(1)
      expect((await coming).value).toEqual(made(turn))
      expect(adopted.length).toBe(turn)
    }
    expect(adopted).toEqual(['page 1', 'page 2', 'page 3'])
  })

  it('does so when the bus has sent and received so much, counted anew each time', async () => {
    const seen = { bytes: 700 }
    const { bus, adopted } = busWith(seen)
    const all = rotating(bus, { next: async () => made(7), volume: 200 })
    for (const turn of [1, 2]) {
      const coming = all.next()
      seen.bytes += 99
      await vi.advanceTimersByTimeAsync(3_600_000)
      expect(adopted.length).toBe(turn - 1)
      seen.bytes += 1
      await vi.advanceTimersByTimeAsync(1000)
      expect((await coming).value).toEqual(made(7))
    }
  })

  it('ends by its signal, and by what next throws, without new keys', async () => {
    const { bus, adopted } = busWith({ bytes: 0 })
    const stop = new AbortController()
    const { signal } = stop
    const coming = rotating(bus, { next: () => made(1), every: 5000, signal }).next()
    await vi.advanceTimersByTimeAsync(10)
    stop.abort()
    expect(await coming).toEqual({ value: undefined, done: true })
    const next = (): never => {
      throw new Error('the register is gone')
    }
    const failing = rotating(bus, { next, every: 1000 })
      .next()
      .catch((error: unknown) => String(error))
    await vi.advanceTimersByTimeAsync(1000)
    expect(await failing).toContain('the register is gone')
    expect(adopted).toEqual([])
  })

  it('refuses to be told neither time nor volume, and other mistakes, at once', () => {
    const { bus } = busWith({ bytes: 0 })
    const next = (): Rotation => made(1)
    for (const [options, fault] of [
      [{ next }, /"every", so many ms, or "volume"/],
      [{ every: 5000 }, /needs "next"/],
      [{ next, every: 999 }, /"every" .* 999/],
      [{ next, volume: 0 }, /"volume" .* 0/],
      [{ next, often: 1 }, /often/],
    ] as const) {
      expect(() => rotating(bus, options as never)).toThrow(fault)
    }
  })
})
