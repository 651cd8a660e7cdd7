/** Responders: how much they take, how they end, and what others see of questions. */
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { BusError } from '../../../bus/api/errors.ts'
import type { BusEvent } from '../../../bus/api/options.ts'
import { code, hanging, three } from './asking.ts'
import { first, pair, values } from './company.ts'

describe('a responder', () => {
  it('takes as many questions at once as it says, and is busy for others', async () => {
    const [asker, other] = await pair()
    const { begun, handler } = hanging()
    const responder = other.respond('job', handler, { concurrency: 1 })
    const stop = new AbortController()
    const asked = asker.request('job', null, { signal: stop.signal })
    asked.catch(() => undefined)
    await begun
    expect(responder.working).toBe(1)
    await expect(asker.request('job', null)).rejects.toEqual(
      code('BUSY', /at work as it takes: .*concurrency, or limits.answering/),
    )
    expect(other.stats().answeringFull).toBe(1)
    stop.abort()
    await expect.poll(() => responder.working).toBe(0)
  })

  it('shares the bound of its bus with the others', async () => {
    const [asker, other] = await pair({ limits: { answering: 1 } })
    const { begun, handler } = hanging()
    other.respond('job', handler)
    other.respond('other', () => 1)
    const asked = asker.request('job', null)
    asked.catch(() => undefined)
    await begun
    await expect(asker.request('other', null)).rejects.toEqual(code('BUSY'))
  })

  it('that is busy leaves the answer to another peer', async () => {
    const [asker, busy, idle] = await three()
    const { begun, handler } = hanging()
    busy.respond('job', handler, { concurrency: 1 })
    await asker.matched('job')
    const hold = asker.request('job', null, { to: busy.id })
    hold.catch(() => undefined)
    await begun
    idle.respond('job', async () => 'idle')
    await asker.matched('job', { count: 2 })
    expect((await asker.request('job', null)).value).toBe('idle')
  })

  it('answers what is at work before it is closed, and then nothing', async () => {
    const [asker, other] = await pair()
    let finish = (): void => undefined
    let begin = (): void => undefined
    const begun = new Promise<void>((resolve) => (begin = resolve))
    const gate = new Promise<void>((resolve) => (finish = resolve))
    const responder = other.respond('job', async () => {
      begin()
      await gate
      return 'done'
    })
    const asked = asker.request('job', null)
    await begun
    const closed = vi.fn<() => void>()
    const closing = responder.close().then(closed)
    await turn()
    expect(closed).not.toHaveBeenCalled()
    finish()
    expect((await asked).value).toBe('done')
    await closing
    await expect(asker.request('job', null)).rejects.toEqual(code('NO_RESPONDER'))
  })

  it('ends by its signal, at once, and tells who has asked', async () => {
    const [asker, other] = await pair()
    const stop = new AbortController()
    const { aborted, begun, handler } = hanging()
    other.respond('job', handler, { signal: stop.signal })
    const asked = asker.request('job', null)
    asked.catch(() => undefined)
    await begun
    stop.abort(new Error('maintenance'))
    expect(aborted).toEqual([new Error('maintenance')])
    await expect(asked).rejects.toEqual(code('ABANDONED', /closed before it had answered/))
  })

  it('that ends by its signal leaves the answer to another peer', async () => {
    const [asker, one, other] = await three()
    const stop = new AbortController()
    const hung = hanging()
    one.respond('job', hung.handler, { signal: stop.signal })
    let answer = (_value: string): void => undefined
    other.respond('job', () => new Promise<string>((resolve) => (answer = resolve)))
    await asker.matched('job', { count: 2 })
    const asked = asker.request('job', null)
    await hung.begun
    stop.abort()
    const { outcomes } = await asker.gather('job', null, { to: one.id }).report
    expect(outcomes).toMatchObject([{ type: 'none' }])
    answer('other')
    expect((await asked).value).toBe('other')
  })

  it('that throws what a bus says of itself means another one', async () => {
    const [asker, other] = await pair()
    other.respond('job', () => {
      throw new BusError('ABANDONED', 'the oven has left')
    })
    await expect(asker.request('job', null)).rejects.toEqual(code('REMOTE', /the oven/))
  })

  it('is the oldest of those of its bus that match', async () => {
    const [asker, other] = await pair()
    const older = other.respond('job/*', () => 'older')
    other.respond('job/one', () => 'younger')
    expect((await asker.request('job/one', null)).value).toBe('older')
    await older.close()
    expect((await asker.request('job/one', null)).value).toBe('younger')
  })

  it('is told when its asker has gone', async () => {
    const [asker, other] = await pair()
    const { aborted, begun, handler } = hanging()
    other.respond('job', handler)
    asker.request('job', null).catch(() => undefined)
    await begun
    await asker.close()
    await expect.poll(() => aborted.length).toBe(1)
    expect(aborted[0]).toEqual(code('ABANDONED'))
  })

  it('refuses what is no handler, no pattern, and options that it does not know', async () => {
    const [bus] = await pair()
    // @ts-expect-error -- plain JavaScript gives anything
    expect(() => bus.respond('a', 5)).toThrow(code('INVALID_OPTION', /is a number/))
    expect(() => bus.respond('a/**b', () => 1)).toThrow(code('INVALID_PATTERN'))
    // @ts-expect-error -- the same
    expect(() => bus.respond('a', () => 1, { group: 'x' })).toThrow(code('INVALID_OPTION'))
    const alone = { again: true }
    expect(() => bus.respond('a', () => 1, alone)).toThrow(code('INVALID_OPTION', /"share"/))
    const nameless = { share: '' }
    expect(() => bus.respond('a', () => 1, nameless)).toThrow(code('INVALID_OPTION', /group/))
  })
})

describe('plain subscriptions', () => {
  it('see questions as messages, and neither answers nor what calls questions off', async () => {
    const [asker, adder, monitor] = await three()
    const seen = monitor.subscribe('**')
    const own = asker.subscribe('**')
    const { begun, handler } = hanging()
    adder.respond('job', handler)
    adder.respond('math/add', () => 3)
    const stop = new AbortController()
    const asked = asker.request('job', 'go', { signal: stop.signal })
    asked.catch(() => undefined)
    await begun
    stop.abort()
    await asker.request('math/add', 'sum')
    asker.publish('job', 'news')
    expect(
      (await first(3, seen)).map(({ topic, value }) => `${topic} ${String(value)}`).toSorted(),
    ).toEqual(['job go', 'job news', 'math/add sum'])
    expect(await values(3, own)).toEqual(['go', 'sum', 'news'])
  })
})

describe('events', () => {
  it('tell of no question but those that are wrong', async () => {
    const [asker, other] = await pair()
    const told: BusEvent[] = []
    void (async () => {
      for await (const one of other.events()) told.push(one)
    })()
    other.respond('job', () => 1)
    await asker.request('job', null)
    await asker.request('job', null)
    expect(told.filter(({ type }) => type !== 'topic' && type !== 'peer')).toEqual([])
  })
})
