/** Questions and answers between buses: what comes back, what crosses of errors, and what is told at once. */
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { BusError } from '../../../bus/api/errors.ts'
import type { PeerId } from '../../../bus/api/options.ts'
import { simulate } from '../../../bus/testing/simulation.ts'
import { add, code, hanging, three } from './asking.ts'
import { event, pair, values } from './company.ts'

describe('a request', () => {
  it('is answered with a value, by whom and when', async () => {
    const [asker, adder] = await pair()
    adder.respond(add, ({ value: { a, b } }) => a + b)
    const reply = await asker.request(add, { a: 1, b: 2 })
    expect(reply).toMatchObject({ value: 3, from: adder.id, sequence: 0 })
    expect(reply.rtt).toBeGreaterThanOrEqual(0)
  })

  it('comes to its responder as a message with the parts of its topic', async () => {
    const [asker, other] = await pair()
    other.respond('lamp/{room}', ({ topic, params, from, type, signal }) => {
      return { topic, room: params.room, from, type, aborted: signal.aborted }
    })
    const { value } = await asker.request('lamp/hall', null)
    const about = { topic: 'lamp/hall', room: 'hall', type: 'message', aborted: false }
    expect(value).toEqual({ ...about, from: asker.id })
  })

  it('takes bytes, text and JSON both ways', async () => {
    const [asker, echo] = await pair()
    echo.respond('echo', ({ value }) => value)
    for (const value of [new Uint8Array([1, 2]), 'grüß', { a: [1] }, null, '']) {
      expect((await asker.request('echo', value)).value).toEqual(value)
    }
  })

  it('takes questions and answers that are larger than a packet', async () => {
    const [asker, echo] = await pair()
    echo.respond('echo', ({ value }) => value)
    const large = new Uint8Array(900_000).map((_, i) => i)
    const { value } = await asker.request('echo', large)
    expect(Buffer.compare(value as Uint8Array, large)).toBe(0)
  })

  it('is answered by the own bus, too', async () => {
    const [bus] = await pair()
    bus.respond(add, async ({ value: { a, b } }) => a + b)
    const { value, from } = await bus.request(add, { a: 1, b: 2 })
    expect([value, from]).toEqual([3, bus.id])
  })

  it('takes the first answer, and calls off the others', async () => {
    const [asker, quick, slow] = await three()
    const { aborted, begun, handler } = hanging()
    slow.respond('job', handler)
    quick.respond('job', async () => {
      await begun
      return 'done'
    })
    await asker.matched('job', { count: 2 })
    expect((await asker.request('job', null)).value).toBe('done')
    await expect.poll(() => aborted.length).toBe(1)
    expect(aborted[0]).toMatchObject({ name: 'AbortError' })
  })

  it('is put to one peer alone with "to"', async () => {
    const [asker, one, other] = await three()
    const asked = vi.fn<() => string>(() => 'other')
    one.respond('who', () => 'one')
    other.respond('who', asked)
    await asker.matched('who', { count: 2 })
    expect((await asker.request('who', null, { to: one.id })).value).toBe('one')
    expect((await asker.request('who', null, { to: one.id })).from).toBe(one.id)
    expect(asked).not.toHaveBeenCalled()
  })

  it('ends by a signal, which reaches the responder', async () => {
    const [asker, other] = await pair()
    const { aborted, begun, handler } = hanging()
    other.respond('job', handler)
    const stop = new AbortController()
    const asked = asker.request('job', null, { signal: stop.signal })
    await begun
    stop.abort(new Error('enough'))
    await expect(asked).rejects.toThrow('enough')
    await expect.poll(() => aborted.length).toBe(1)
    const before = asker.stats().messagesPublished
    await expect(asker.request('job', null, { signal: stop.signal })).rejects.toThrow('enough')
    expect(asker.stats().messagesPublished).toBe(before)
  })

  it('ends when nobody answers in time, and the responder is told', async () => {
    const [asker, other] = await pair()
    const { aborted, handler } = hanging()
    other.respond('job', handler)
    await asker.matched('job')
    await expect(asker.request('job', null, { timeout: 50 })).rejects.toEqual(
      code('TIMEOUT', /^peer \w{16} has not answered on "job" within 50 ms: give it a longer/),
    )
    await expect.poll(() => aborted.length).toBe(1)
    expect(aborted[0]).toEqual(code('TIMEOUT'))
  })

  it('tells at once that nobody answers: where nobody listens', async () => {
    const [asker, other] = await pair()
    other.subscribe('another/topic')
    await expect(asker.request('job', null)).rejects.toEqual(
      code('NO_RESPONDER', /^nobody who is here answers on "job": is a responder running/),
    )
  })

  it('and where those who listen do not answer', async () => {
    const [asker, other] = await pair()
    const seen = values(1, other.subscribe('job'))
    await expect(asker.request('job', 'go')).rejects.toEqual(code('NO_RESPONDER'))
    expect(await seen).toEqual(['go'])
  })

  it('and where the only responder has been closed', async () => {
    const [asker, other] = await pair()
    const responder = other.respond('job', () => 'done')
    expect((await asker.request('job', null)).value).toBe('done')
    await responder.close()
    await expect(asker.request('job', null)).rejects.toEqual(code('NO_RESPONDER'))
  })

  it('and where it was closed long ago, and its bus has left the topic', async () => {
    await using net = simulate()
    const [asker, other] = [await net.connect(), await net.connect()]
    const responder = other.respond('job', () => 'done')
    expect((await net.until(asker.request('job', null))).value).toBe('done')
    await responder.close()
    await net.run(5000)
    const delivered = other.stats().messagesDelivered
    const asked = net.until(asker.request('job', null))
    await expect(asked).rejects.toEqual(code('NO_RESPONDER'))
    expect(other.stats().messagesDelivered).toBe(delivered)
    other.respond('job', () => 'again')
    await net.run(1000)
    expect((await net.until(asker.request('job', null))).value).toBe('again')
  })

  it('and where the peer it is for is not here', async () => {
    const [asker, other] = await pair()
    other.respond('job', () => 'done')
    const to = '00000000000000ff' as PeerId
    await expect(asker.request('job', null, { to })).rejects.toEqual(
      code('NO_RESPONDER', /^peer 00000000000000ff is not here, or does not answer on "job"/),
    )
  })

  it('rejects when its responder leaves', async () => {
    const [asker, other] = await pair()
    const { begun, handler } = hanging()
    other.respond('job', handler)
    const asked = asker.request('job', null)
    asked.catch(() => undefined)
    await begun
    await other.close()
    await expect(asked).rejects.toEqual(code('ABANDONED', /has left before it answered on "job"/))
  })

  it('rejects when its own bus is closed', async () => {
    const [asker, other] = await pair()
    const { begun, handler } = hanging()
    other.respond('job', handler)
    const asked = asker.request('job', null)
    asked.catch(() => undefined)
    await begun
    await asker.close()
    await expect(asked).rejects.toEqual(code('CLOSED'))
    await expect(asker.request('job', null)).rejects.toEqual(code('CLOSED'))
    expect(() => asker.gather('job', null)).toThrow(code('CLOSED'))
  })

  it('rejects what publish would refuse', async () => {
    const [asker] = await pair({ limits: { messageSize: 100 } })
    await expect(asker.request('a/*', null)).rejects.toEqual(code('INVALID_TOPIC'))
    await expect(asker.request('a', NaN)).rejects.toEqual(code('INVALID_VALUE'))
    await expect(asker.request('a', 'x'.repeat(101))).rejects.toEqual(code('TOO_LARGE'))
    asker.publish('fast', 1, { delivery: 'latest' })
    await expect(asker.request('fast', null)).rejects.toEqual(code('INVALID_OPTION'))
    await expect(asker.request('a', null, { timeout: 0 })).rejects.toEqual(code('INVALID_OPTION'))
    await expect(asker.request('a', null, { to: 'x' as PeerId })).rejects.toEqual(
      code('INVALID_OPTION', /"to" is "x": a PeerId, 16 hexadecimal digits/),
    )
  })

  it('is refused when as many are under way as there may be', async () => {
    const [asker, other] = await pair({ limits: { requests: 1 } })
    const { begun, handler } = hanging()
    other.respond('job', handler)
    const stop = new AbortController()
    const asked = asker.request('job', null, { signal: stop.signal })
    asked.catch(() => undefined)
    await begun
    await expect(asker.request('job', null)).rejects.toEqual(code('LIMIT', /limits.requests/))
    expect(asker.stats().requestsFull).toBe(1)
    stop.abort()
    await expect(asked).rejects.toThrow('abort')
    await expect(asker.request('none', null)).rejects.toEqual(code('NO_RESPONDER'))
  })
})

describe('an error', () => {
  it('crosses with its code and message, and without a stack', async () => {
    const [asker, other] = await pair()
    other.respond('lamp', () => {
      throw new BusError('NO_LAMP', 'there is no lamp')
    })
    const error = await asker.request('lamp', null).catch((caught: unknown) => caught)
    expect(error).toEqual(
      code('NO_LAMP', new RegExp(`^peer ${other.id} answers: there is no lamp$`)),
    )
    expect((error as Error).stack).not.toContain('requests.test.ts')
  })

  it('of any other kind is REMOTE, and an event where it happened', async () => {
    const [asker, other] = await pair()
    const told = event(other, 'error')
    other.respond('lamp', async () => {
      await turn()
      throw new RangeError('too bright')
    })
    await expect(asker.request('lamp', null)).rejects.toEqual(code('REMOTE', /too bright/))
    expect(await told).toMatchObject({ error: { message: 'too bright' } })
  })

  it('of the bus itself, which an asker would take for its own, is REMOTE and an event as well', async () => {
    const [asker, other] = await pair()
    const told = event(other, 'error')
    other.respond('lamp', () => Promise.reject(new BusError('TIMEOUT', 'the lamp is slow')))
    await expect(asker.request('lamp', null)).rejects.toEqual(code('REMOTE', /the lamp is slow/))
    expect((await told).error).toEqual(code('TIMEOUT', /the lamp is slow/))
  })

  it('is cut when it is long', async () => {
    const [asker, other] = await pair()
    other.respond('lamp', () => {
      throw new Error('x'.repeat(5000))
    })
    const error = await asker.request('lamp', null).catch((caught: unknown) => caught as Error)
    expect((error as Error).message.match(/x+/)?.[0]).toHaveLength(1024)
  })

  it('tells of a question that is not what the schema says, and the handler is not called', async () => {
    const [asker, adder] = await pair()
    const handler = vi.fn<() => number>(() => 0)
    adder.respond(add, handler)
    const told = event(adder, 'invalid')
    await expect(asker.request('math/add', { a: 1, b: 'two' })).rejects.toEqual(
      code('INVALID_VALUE', /the question is not what it takes: b: /),
    )
    expect(await told).toMatchObject({ topic: 'math/add', from: asker.id })
    expect(handler).not.toHaveBeenCalled()
  })

  it('tells of an answer that is not what the schema says', async () => {
    const [asker, other] = await pair()
    other.respond('math/add', () => 'three')
    await expect(asker.request(add, { a: 1, b: 2 })).rejects.toEqual(
      code('INVALID_VALUE', /the answer of peer \w+ is not what the schema says: /),
    )
  })

  it('tells of an answer that has no form on the wire, or is too large', async () => {
    const [asker, other] = await pair({ limits: { answerSize: 1000 } })
    other.respond('odd', () => NaN)
    const bound = /of 1000 bytes, where limits.answerSize \(1000\) leaves 99\d: /
    other.respond('large', ({ value }) => 'x'.repeat(Number(value)))
    await expect(asker.request('odd', null)).rejects.toEqual(code('INVALID_VALUE', /NaN/))
    const refused = await asker.request('large', 1000).catch((error: unknown) => error)
    expect(refused).toEqual(code('TOO_LARGE', bound))
    const most = Number(/leaves (\d+)/.exec((refused as Error).message)![1])
    expect((await asker.request('large', most)).value).toHaveLength(most)
    await expect(asker.request('large', most + 1)).rejects.toEqual(code('TOO_LARGE'))
  })

  it('of a refusal is DENIED', async () => {
    const [asker, other] = await pair()
    other.respond('safe/open', () => {
      throw new BusError('DENIED', 'not by you')
    })
    await expect(asker.request('safe/open', null)).rejects.toEqual(code('DENIED', /not by you/))
  })
})
