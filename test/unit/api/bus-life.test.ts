/** The life of a bus and its subscriptions: endings, events, presence, errors and bounds. */
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import type { Bus, Logger } from '../../../bus/api/options.ts'
import { Kind, readHeader } from '../../../bus/core/wire/packet.ts'
import { acquainted, event, first, key, network, pair, values } from './company.ts'

const code = (expected: string, text: RegExp) =>
  expect.objectContaining({ code: expected, message: expect.stringMatching(text) })

describe('a subscription', () => {
  it('ends by close, and gets nothing that is published later', async () => {
    const [a, b] = await pair()
    const heard: unknown[] = []
    const subscription = b.subscribe('end', ({ value }) => void heard.push(value))
    const witness = b.subscribe('end')[Symbol.asyncIterator]()
    a.publish('end', 1)
    await witness.next()
    await subscription.close()
    a.publish('end', 2)
    await witness.next()
    expect(heard).toEqual([1])
  })

  it('ends by break', async () => {
    const [a, b] = await pair()
    const subscription = b.subscribe('break')
    const witness = b.subscribe('break')[Symbol.asyncIterator]()
    const got = values(1, subscription)
    a.publish('break', 1)
    await got
    a.publish('break', 2)
    await witness.next()
    await witness.next()
    expect([subscription.queued, subscription.dropped]).toEqual([0, 0])
  })

  it('ends by a signal, with its reason', async () => {
    const [a, b] = await pair()
    const abort = new AbortController()
    const waiting = first(1, b.subscribe('signal', { signal: abort.signal }))
    const reason = new Error('enough')
    abort.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    const late = first(1, b.subscribe('signal', { signal: abort.signal }))
    await expect(late).rejects.toBe(reason)
    a.publish('signal', 1)
  })

  it('ends with its scope', async () => {
    const [, b] = await pair()
    const heard = vi.fn<() => void>()
    {
      await using subscription = b.subscribe('scope', heard)
      expect(subscription.pattern).toBe('scope')
    }
    b.publish('scope', 1)
    await turn()
    expect(heard).not.toHaveBeenCalled()
  })

  it('tells handler errors as events and goes on', async () => {
    const [a, b] = await pair()
    const failed = event(b, 'error')
    const second = new Promise<unknown>((done) => {
      b.subscribe<number>('throws', ({ value }) => {
        if (value === 1) throw new Error('bad handler')
        done(value)
      })
    })
    a.publish('throws', 1)
    a.publish('throws', 2)
    expect((await failed).error.message).toBe('bad handler')
    expect(await second).toBe(2)
  })

  it('with a handler cannot be iterated', async () => {
    const [, b] = await pair()
    const subscription = b.subscribe('both', () => undefined)
    expect(() => subscription[Symbol.asyncIterator]()).toThrow(code('INVALID_OPTION', /handler/))
  })

  it('drops the oldest beyond its queue and shows the gap in order', async () => {
    const [a, b] = await pair()
    const subscription = b.subscribe('full', { queue: 2, gaps: true })
    const gone = event(b, 'gap')
    const witness = values(5, b.subscribe('full'))
    for (let i = 0; i < 5; i++) a.publish('full', i)
    await witness
    expect([subscription.queued, subscription.dropped]).toEqual([2, 3])
    const items = await first(3, subscription)
    expect(items.map((item) => (item.type === 'gap' ? [item.from, item.to] : item.value))).toEqual([
      [0, 2],
      3,
      4,
    ])
    expect(await gone).toMatchObject({ topic: 'full', publisher: a.id, cause: 'overflow' })
    expect(b.stats()).toMatchObject({ messagesLost: 0, lostOverflow: 3 })
  })

  it('shows what the network has lost for good as a gap with its exact range', async () => {
    const isLost = (packet: Uint8Array): boolean => {
      const { kind, number } = readHeader(packet)
      return kind === Kind.data && number === 2
    }
    const join = network({ lose: ({ to, datagram }) => to.port === 2 && isLost(datagram) })
    const [a, b] = [await join(), await join({ limits: { repairAge: 200 } })]
    await acquainted(a, b)
    const items = b.subscribe<number>('lossy', { gaps: true })[Symbol.asyncIterator]()
    a.publish('lossy', 0)
    expect((await items.next()).value).toMatchObject({ value: 0 })
    for (let i = 1; i < 4; i++) a.publish('lossy', i)
    await a.flush()
    a.publish('lossy', 4)
    const gap = { type: 'gap', from: 1, to: 3, count: 3, cause: 'network', publisher: a.id }
    expect((await items.next()).value).toMatchObject(gap)
    expect((await items.next()).value).toMatchObject({ value: 4, sequence: 4 })
  })
})

describe('a bus', () => {
  it('resolves ready at once below the mark, and later above it', async () => {
    const [a] = await pair({ limits: { sendMark: 20_000 }, rate: 1_000_000 })
    await a.ready
    for (let i = 0; i < 30; i++) a.publish('ready', new Uint8Array(10_000))
    let ready = false
    const waiting = a.ready.then(() => (ready = true))
    await Promise.resolve()
    expect(ready).toBe(false)
    await waiting
    expect(ready).toBe(true)
  })

  it('flushes everything published so far, large messages and newest values too', async () => {
    const [a, b] = await pair()
    const got = values(2, b.subscribe('flushed/*'))
    a.publish('flushed/large', new Uint8Array(500_000))
    a.publish('flushed/latest', 'x'.repeat(20_000), { delivery: 'latest' })
    await a.flush()
    const { packetsSent } = a.stats()
    expect(packetsSent).toBeGreaterThan(430)
    await got
  })

  it('gives up a flush whose signal aborts', async () => {
    const [a] = await pair()
    a.publish('x', 1)
    const signal = AbortSignal.abort(new Error('no time'))
    await expect(a.flush({ signal })).rejects.toThrow('no time')
  })

  it('counts what it does', async () => {
    const [a, b] = await pair()
    const got = values(1, b.subscribe('counted'))
    a.publish('counted', 1)
    await got
    expect(a.stats()).toMatchObject({ messagesPublished: 1 })
    expect(b.stats()).toMatchObject({ messagesDelivered: 1, messagesLost: 0, forged: 0 })
  })

  it('closes once, ends every iterator, and says that nobody is missing anything', async () => {
    const [a, b] = await pair()
    const messages = first(9, b.subscribe('closing'))
    const events = first(1000, b.events())
    const changes = first(9, b.presence.watch())
    const confirmed = values(1, b.subscribe('closing'))
    a.publish('closing', 1)
    expect(await a.close()).toEqual({ unconfirmed: [], incomplete: [] })
    expect(await confirmed).toEqual([1])
    const [one, two] = [b.close(), b.close()]
    expect(await one).toBe(await two)
    expect((await messages).map(({ value }) => value)).toEqual([1])
    expect((await events).map(({ type }) => type)).toContain('peer')
    expect((await changes).map(({ type }) => type)).toEqual(['leave'])
  })

  it('closes with its scope', async () => {
    const join = network()
    let escaped: Bus
    {
      await using bus = await join()
      escaped = bus
    }
    expect(() => escaped.publish('x', 1)).toThrow(code('CLOSED', /connect again/))
  })

  it('lives beside another one in the same process', async () => {
    const [a, b] = await pair()
    expect(a.id).not.toBe(b.id)
    expect([a.presence.get(b.id)?.id, b.presence.get(a.id)?.id]).toEqual([b.id, a.id])
    expect([a.realm, a.path]).toEqual(['test', 'memory'])
  })

  it('is not opened when the signal has aborted', async () => {
    const signal = AbortSignal.abort(new Error('too late'))
    await expect(network()({ signal })).rejects.toThrow('too late')
  })

  it('warns in the log that an open realm is open', async () => {
    const warn = vi.fn<Logger['warn']>()
    const log = { warn, debug: () => undefined, info: () => undefined, error: () => undefined }
    await network()({ open: true, log })
    expect(warn).toHaveBeenCalledWith({ realm: 'test' }, expect.stringMatching(/open.*forge/))
  })
})

describe('presence', () => {
  it('shows who comes with name and tags, and who leaves', async () => {
    const join = network()
    const a = await join()
    const changes = first(2, a.presence.watch())
    const b = await join({ name: 'pump', tags: { role: 'pump', hall: '3' } })
    await acquainted(a, b)
    const [info] = [...a.presence]
    expect(info).toMatchObject({ id: b.id, name: 'pump', tags: { role: 'pump', hall: '3' } })
    expect(info?.identity).toMatch(/^[0-9a-f]{64}$/)
    expect(Math.abs(info!.since - Date.now())).toBeLessThan(10_000)
    expect(a.presence.size).toBe(1)
    await b.close()
    expect((await changes).map(({ type, peer }) => [type, peer.id])).toEqual([
      ['join', b.id],
      ['leave', b.id],
    ])
    expect(a.presence.size).toBe(0)
  })

  it('and topics are empty once the bus is closed', async () => {
    const [a, b] = await pair()
    const announced = event(b, 'topic')
    a.publish('said', 1)
    await announced
    expect([b.presence.size, [...b.topics].length]).toEqual([1, 1])
    await b.close({ linger: 0 })
    expect([b.presence.size, [...b.presence], [...b.topics]]).toEqual([0, [], []])
    expect(b.presence.get(a.id)).toBeUndefined()
  })

  it('names the topics that others publish until they leave', async () => {
    const [a, b] = await pair()
    const announced = event(b, 'topic')
    a.publish('said/so', 1, { delivery: 'best-effort' })
    const info = { topic: 'said/so', from: a.id, delivery: 'best-effort' }
    expect((await announced).topic).toEqual(info)
    expect([...b.topics]).toEqual([info])
    const left = first(1, b.presence.watch())
    await a.close()
    await left
    expect([...b.topics]).toEqual([])
  })
})

describe('errors', () => {
  it('name what cannot be published', async () => {
    const [a] = await pair({ limits: { messageSize: 1000, streams: 2 } })
    const loop: unknown[] = []
    loop.push(loop)
    expect(() => a.publish('a/*', 1)).toThrow(code('INVALID_TOPIC', /wildcard.*exact topics/))
    expect(() => a.publish('', 1)).toThrow(code('INVALID_TOPIC', /topic/))
    expect(() => a.publish('a', loop)).toThrow(code('INVALID_VALUE', /JSON/))
    expect(() => a.publish('a', undefined)).toThrow(code('INVALID_VALUE', /publish null/))
    expect(() => a.publish('a', new Uint8Array(1001))).toThrow(
      code('TOO_LARGE', /1001 bytes on "a".*1000 \(option limits\.messageSize\)/),
    )
    a.publish('a', new Uint8Array(1000))
    expect(() => a.publish('a', 1, { delivery: 'latest' })).toThrow(
      code('INVALID_OPTION', /topic "a" has another delivery mode.*another topic/),
    )
    expect(() => a.publish('b', 1, { delivery: 'sure' as 'reliable' })).toThrow(
      code('INVALID_OPTION', /delivery.*sure.*reliable, best-effort, latest/),
    )
    a.publish('b', 1)
    expect(() => a.publish('c', 1)).toThrow(
      code('LIMIT', /"c" is one more than 2.*limits\.streams/),
    )
  })

  it('say that too much waits, and that waiting helps', async () => {
    const [a] = await pair({ limits: { sendSize: 50_000, sendMark: 10_000 }, rate: 1_000_000 })
    const flood = (): void => {
      for (let i = 0; i < 200; i++) a.publish('flood', new Uint8Array(10_000))
    }
    expect(flood).toThrow(code('OVERFLOW', /50000 bytes wait.*await bus\.ready.*limits\.sendSize/))
    await a.ready
    expect(() => a.publish('flood', 1)).not.toThrow()
    expect(a.stats().sendFull).toBe(1)
  })

  it('name what cannot be subscribed to', async () => {
    const [a] = await pair({ limits: { subscriptions: 1 } })
    expect(() => a.subscribe('a/{b')).toThrow(code('INVALID_PATTERN', /\{b/))
    expect(() => a.subscribe('a', { queue: 0 })).toThrow(
      code('INVALID_OPTION', /"queue" is 0: a whole number from 1/),
    )
    const odd = { overflow: 'explode' as 'fail' }
    expect(() => a.subscribe('a', odd)).toThrow(code('INVALID_OPTION', /drop-oldest/))
    const one = a.subscribe('a')
    expect(() => a.subscribe('b')).toThrow(code('LIMIT', /1 subscriptions.*limits\.subscriptions/))
    await one.close()
    await turn()
    expect(() => a.subscribe('b')).not.toThrow()
  })

  it('end a subscription that must not lose anything', async () => {
    const [a, b] = await pair()
    const strict = b.subscribe('strict', { queue: 2, overflow: 'fail' })
    const witness = values(3, b.subscribe('strict'))
    for (let i = 0; i < 3; i++) a.publish('strict', i)
    await witness
    await expect(first(3, strict)).rejects.toEqual(code('OVERFLOW', /consume faster/))
  })

  it('say that a closed bus is closed', async () => {
    const bus = await network()()
    await bus.close()
    expect(() => bus.publish('x', 1)).toThrow(code('CLOSED', /connect again/))
    await expect(bus.matched('x')).rejects.toEqual(code('CLOSED', /connect again/))
    expect(() => bus.subscribe('x')).toThrow(code('CLOSED', /connect again/))
    await expect(bus.flush()).rejects.toEqual(code('CLOSED', /connect again/))
    await bus.ready
    expect(await first(1, bus.events())).toEqual([])
  })

  it.each([-1, NaN, Infinity, 1.5])('refuse to linger for %d ms', async (linger) => {
    const bus = await network()()
    const refused = code('INVALID_OPTION', /linger.*whole number/)
    await expect(bus.close({ linger })).rejects.toEqual(refused)
    await bus.close()
  })

  it('name bad connect options', async () => {
    await expect(network()({ port: 0 })).rejects.toEqual(code('INVALID_OPTION', /"port" is 0/))
    await expect(network()({ key: key.subarray(1) })).rejects.toEqual(code('INVALID_KEY', /31/))
  })
})
