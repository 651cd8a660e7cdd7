/** Waiting for subscribers before anything is published: who counts, and how the wait ends. */
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { topic } from '../../../bus/api/topic.ts'
import { acquainted, network, pair, values } from './company.ts'

const code = (expected: string, text: RegExp) =>
  expect.objectContaining({ code: expected, message: expect.stringMatching(text) })

describe('matched', () => {
  it('resolves when enough peers have subscribed, and they get what is published then', async () => {
    const join = network()
    const [a, b, c] = [await join(), await join(), await join()]
    await acquainted(a, b, c)
    const reached = vi.fn<(count: number) => void>()
    const waiting = a.matched('home/light', { count: 2 }).then(reached)
    const first = values(1, b.subscribe('home/light'))
    expect(await a.matched('home/light')).toBe(1)
    await turn()
    expect(reached).not.toHaveBeenCalled()
    const second = values(1, c.subscribe('home/*'))
    await waiting
    expect(reached).toHaveBeenCalledWith(2)
    a.publish('home/light', 'on')
    expect(await Promise.all([first, second])).toEqual([['on'], ['on']])
    expect(await a.close()).toEqual({ unconfirmed: [], incomplete: [] })
  })

  it('counts a peer once, and neither this one nor those who want other topics', async () => {
    const [a, b] = await pair()
    a.subscribe('door')
    b.subscribe('window')
    expect(await a.matched(topic('door'), { count: 0 })).toBe(0)
    b.subscribe('door')
    b.subscribe('**')
    expect(await a.matched('door')).toBe(1)
    expect(await a.matched('door', { count: 0 })).toBe(1)
  })

  it('counts no longer who has left', async () => {
    const [a, b] = await pair()
    b.subscribe('door')
    await a.matched('door')
    const left = new Promise<void>((done) => {
      void (async () => {
        for await (const { type } of a.presence.watch()) if (type === 'leave') done()
      })()
    })
    await b.close()
    await left
    expect(await a.matched('door', { count: 0 })).toBe(0)
  })

  it('gives up after the time, with a signal, and when the bus is closed', async () => {
    const [a, b] = await pair()
    b.subscribe('few')
    await a.matched('few')
    const late = code('TIMEOUT', /^1 of 2 subscribers of "few" have come within 1 ms: are they/)
    await expect(a.matched('few', { count: 2, timeout: 1 })).rejects.toEqual(late)
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(a.matched('few', { count: 2, signal })).rejects.toThrow('enough')
    const [cut] = await Promise.allSettled([a.matched('few', { count: 2 }), a.close()])
    expect(cut).toMatchObject({ reason: code('CLOSED', /before the subscribers came/) })
  })

  it('is known of reliable topics only', async () => {
    const [a] = await pair()
    a.publish('newest', 1, { delivery: 'latest' })
    const refused = code('INVALID_OPTION', /"newest" has another delivery mode/)
    await expect(a.matched('newest')).rejects.toEqual(refused)
    await expect(a.matched('new*')).rejects.toEqual(code('INVALID_TOPIC', /wildcard/))
  })
})
