/** Gatherings: the answers of many, and an outcome for each of them. */
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { BusError } from '../../../bus/api/errors.ts'
import type { PeerId } from '../../../bus/api/options.ts'
import type { Outcome } from '../../../bus/api/request-options.ts'
import { simulate } from '../../../bus/testing/simulation.ts'
import { all, code, hanging, three } from './asking.ts'
import { first, pair } from './company.ts'

describe('a gathering', () => {
  it('gives the answers of all, and ends when everybody has an outcome', async () => {
    const [asker, one, other] = await three()
    one.respond('load', () => 1)
    other.respond('load', () => 2)
    const { replies, end, typesById } = await all(asker, 'load')
    expect(new Set(replies.map(({ value }) => value))).toEqual(new Set([1, 2]))
    expect(end).toBe('complete')
    expect(typesById).toEqual(
      new Map([
        [one.id, 'answered'],
        [other.id, 'answered'],
      ]),
    )
  })

  it('is not ended by the error of one, nor by who listens and does not answer', async () => {
    const [asker, one, other] = await three()
    one.respond('load', () => {
      throw new BusError('NO_SENSOR', 'none')
    })
    other.subscribe('load')
    asker.respond('load', () => 0)
    const { replies, end, outcomes } = await all(asker, 'load')
    expect([replies.map(({ from }) => from), end]).toEqual([[asker.id], 'complete'])
    const byId = new Map<PeerId, Outcome>(outcomes.map((outcome) => [outcome.from, outcome]))
    expect(byId.get(one.id)).toMatchObject({ type: 'error', error: code('NO_SENSOR') })
    expect(byId.get(other.id)).toMatchObject({ type: 'none', replies: 0 })
    expect(byId.get(asker.id)).toMatchObject({ type: 'answered', replies: 1 })
  })

  it('has an outcome for each that is expected: those of presence, this bus and strangers', async () => {
    const [asker, one, other] = await three()
    one.respond('load', () => 1)
    const stranger = '00000000000000ff' as PeerId
    const expect_ = [...[...asker.presence].map(({ id }) => id), asker.id, stranger]
    const { typesById, end } = await all(asker, 'load', { expect: expect_ })
    expect(end).toBe('complete')
    expect(typesById).toEqual(
      new Map([
        [one.id, 'answered'],
        [other.id, 'none'],
        [asker.id, 'none'],
        [stranger, 'gone'],
      ]),
    )
  })

  it('calls those silent that do not answer in time', async () => {
    const [asker, one, other] = await three()
    one.respond('load', () => 1)
    const { handler } = hanging()
    other.respond('load', handler)
    await asker.matched('load', { count: 2 })
    const { replies, end, typesById } = await all(asker, 'load', { timeout: 100 })
    expect([replies.length, end]).toEqual([1, 'timeout'])
    expect([typesById.get(one.id), typesById.get(other.id)]).toEqual(['answered', 'silent'])
  })

  it('ends with the quiet after an answer', async () => {
    const [asker, one, other] = await three()
    one.respond('load', () => 1)
    const { aborted, handler } = hanging()
    other.respond('load', handler)
    await asker.matched('load', { count: 2 })
    const { end, typesById } = await all(asker, 'load', { quiet: 50 })
    expect([end, typesById.get(other.id)]).toEqual(['quiet', 'silent'])
    await expect.poll(() => aborted.length).toBe(1)
  })

  it('ends with as many answers as are wanted, and by break', async () => {
    const [asker, one, other] = await three()
    one.respond('load', () => 1)
    const { aborted, handler } = hanging()
    other.respond('load', handler)
    await asker.matched('load', { count: 2 })
    const { end, typesById } = await all(asker, 'load', { max: 1 })
    expect([end, typesById.get(other.id)]).toEqual(['max', 'cancelled'])
    await expect.poll(() => aborted.length).toBe(1)
    const gathering = asker.gather('load', null)
    for await (const { value } of gathering) {
      expect(value).toBe(1)
      break
    }
    expect(await gathering.report).toMatchObject({ end: 'break' })
    await expect.poll(() => aborted.length).toBe(2)
  })

  it('counts the answers that come when nobody waits any more', async () => {
    await using net = simulate()
    const [asker, quick, slow] = [
      await net.connect(),
      await net.connect(),
      await net.connect({ name: 'slow' }),
    ]
    quick.respond('load', () => net.sleep(100))
    slow.respond('load', () => net.sleep(300))
    await net.until(asker.matched('load', { count: 2 }))
    const gathering = asker.gather('load', null, { max: 1 })
    await net.run(50)
    // What calls the question off does not come to it.
    net.partition(['slow'])
    expect(await net.until(gathering.report)).toMatchObject({ end: 'max' })
    await net.run(500)
    net.heal()
    await net.run(2000)
    expect(asker.stats().answersUnknown).toBe(1)
  })

  it('ends with as many outcomes as are expected', async () => {
    const [asker, one, other] = await three()
    one.respond('load', () => 1)
    const { replies, end } = await all(asker, 'load', { expect: 1 })
    expect([replies.length, end]).toEqual([1, 'complete'])
    const late = all(asker, 'load', { expect: 2, timeout: 100 })
    expect((await late).end).toBe('timeout')
    expect(other.stats().messagesDelivered).toBe(0)
  })

  it('asks those alone that "to" names', async () => {
    const [asker, one, other] = await three()
    one.respond('load', () => 1)
    other.respond('load', () => 2)
    await asker.matched('load', { count: 2 })
    const { replies, end, typesById } = await all(asker, 'load', { to: [other.id] })
    expect(replies.map(({ value }) => value)).toEqual([2])
    expect([end, [...typesById.keys()]]).toEqual(['complete', [other.id]])
    const many = Array.from({ length: 57 }, () => one.id)
    expect(() => asker.gather('load', null, { to: many })).toThrow(
      code('INVALID_OPTION', /at most 56/),
    )
  })

  it('rejects with the reason of its signal, and reports all the same', async () => {
    const [asker, other] = await pair()
    const { aborted, begun, handler } = hanging()
    other.respond('load', handler)
    const stop = new AbortController()
    const gathering = asker.gather('load', null, { signal: stop.signal })
    const iterating = first(1, gathering)
    iterating.catch(() => undefined)
    await begun
    stop.abort(new Error('enough'))
    await expect(iterating).rejects.toThrow('enough')
    expect(await gathering.report).toMatchObject({
      end: 'aborted',
      outcomes: [{ type: 'cancelled', from: other.id }],
    })
    await expect.poll(() => aborted.length).toBe(1)
  })

  it('rejects when its bus is closed', async () => {
    const [asker, other] = await pair()
    const { begun, handler } = hanging()
    other.respond('load', handler)
    const gathering = asker.gather('load', null)
    await begun
    await asker.close()
    await expect(first(1, gathering)).rejects.toEqual(code('CLOSED'))
    expect((await gathering.report).end).toBe('closed')
  })

  it('reports also when nobody takes its answers', async () => {
    const [asker, one, other] = await three()
    one.respond('load', () => 1)
    other.respond('load', () => 2)
    const gathering = asker.gather('load', null)
    expect((await gathering.report).outcomes).toHaveLength(2)
    expect((await first(2, gathering)).length).toBe(2)
  })

  it('has bounds for answers that nobody takes', async () => {
    const [asker, other] = await pair({ limits: { repliesSize: 2000 } })
    other.respond('load', async function* () {
      for (let i = 0; i < 100; i++) yield 'x'.repeat(500)
    })
    const gathering = asker.gather('load', null)
    expect(await gathering.report).toMatchObject({
      outcomes: [{ type: 'error', error: code('OVERFLOW', /limits.repliesSize/) }],
    })
    expect(asker.stats().repliesFull).toBe(1)
    expect((await first(1, gathering)).length).toBe(1)
  })
})

describe('several answers of one peer', () => {
  it('come in order, and then it has answered', async () => {
    const [asker, other] = await pair()
    other.respond('count', async function* () {
      for (let i = 0; i < 50; i++) yield i
    })
    const { replies, outcomes } = await all(asker, 'count')
    expect(replies.map(({ value, sequence }) => [value, sequence])).toEqual(
      Array.from({ length: 50 }, (_, i) => [i, i]),
    )
    expect(outcomes).toMatchObject([{ type: 'answered', replies: 50 }])
  })

  it('may be none', async () => {
    const [asker, other] = await pair()
    other.respond('count', async function* () {})
    expect((await all(asker, 'count')).outcomes).toMatchObject([{ type: 'answered', replies: 0 }])
    await expect(asker.request('count', null)).rejects.toEqual(code('REMOTE', /without an answer/))
  })

  it('may end with an error', async () => {
    const [asker, other] = await pair()
    other.respond('count', async function* () {
      yield 1
      throw new BusError('BROKEN', 'the counter broke')
    })
    const { replies, outcomes } = await all(asker, 'count')
    expect(replies.map(({ value }) => value)).toEqual([1])
    expect(outcomes).toMatchObject([{ type: 'error', replies: 1, error: code('BROKEN') }])
  })

  it('end when they are called off, and what gave them is closed', async () => {
    const [asker, other] = await pair()
    const closed = vi.fn<() => void>()
    other.respond('count', async function* ({ signal }) {
      try {
        for (let i = 0; !signal.aborted; i++) {
          yield i
          await turn()
        }
      } finally {
        closed()
      }
    })
    expect((await first(3, asker.gather('count', null))).map(({ value }) => value)).toEqual([
      0, 1, 2,
    ])
    await expect.poll(() => closed.mock.calls.length).toBe(1)
    expect((await asker.request('count', null)).value).toBe(0)
    await expect.poll(() => closed.mock.calls.length).toBe(2)
  })
})
