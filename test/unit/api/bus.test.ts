/** The bus over the memory network: what is published arrives as it was, wherever it is wanted. */
import { describe, expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import type { Delivery, PayloadCodec } from '../../../bus/api/options.ts'
import { topic } from '../../../bus/api/topic.ts'
import { acquainted, event, first, network, pair, values } from './company.ts'

describe('publish and subscribe', () => {
  it('carry values of all kinds, in order', async () => {
    const [a, b] = await pair()
    const sent = [
      'text',
      '',
      new Uint8Array([1, 2, 3]),
      new Uint8Array(0),
      { on: true, list: [1, null] },
      null,
      false,
      42.5,
      [],
      'x'.repeat(100_000),
      new Uint8Array(50_000).fill(7),
    ]
    const got = values(sent.length, b.subscribe('kinds'))
    for (const value of sent) a.publish('kinds', value)
    expect(await got).toEqual(sent)
  })

  it('tell where a message comes from and its place in the stream', async () => {
    const [a, b] = await pair()
    const got = first(3, b.subscribe('place'))
    const before = Date.now()
    for (let i = 0; i < 3; i++) a.publish('place', i)
    for (const [i, message] of (await got).entries()) {
      expect(message).toMatchObject({ type: 'message', topic: 'place', from: a.id, sequence: i })
      expect(Math.abs(message.sentAt - before)).toBeLessThan(60_000)
    }
  })

  it('reach every subscriber, and the publisher itself', async () => {
    const join = network()
    const buses = [await join(), await join(), await join()] as const
    await acquainted(...buses)
    const got = buses.map((bus) => values(2, bus.subscribe('all')))
    buses[0].publish('all', 1)
    buses[0].publish('all', 2)
    expect(await Promise.all(got)).toEqual([
      [1, 2],
      [1, 2],
      [1, 2],
    ])
  })

  it('deliver once to each of two subscriptions on one topic, whatever their patterns', async () => {
    const [a, b] = await pair()
    const patterns = ['home/light', 'home/light', 'home/*', '**']
    const got = patterns.map((pattern) => values(2, b.subscribe(pattern)))
    a.publish('home/light', 1)
    a.publish('home/light', 2)
    expect(await Promise.all(got)).toEqual(patterns.map(() => [1, 2]))
  })

  it('deliver to handlers one message after the other', async () => {
    const [a, b] = await pair()
    const log: string[] = []
    const last = new Promise<void>((done) => {
      b.subscribe<number>('handled', async ({ value }) => {
        log.push(`begin ${value}`)
        await Promise.resolve()
        log.push(`end ${value}`)
        if (value === 2) done()
      })
    })
    for (const value of [1, 2]) a.publish('handled', value)
    await last
    expect(log).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2'])
  })

  it('capture the named segments of a pattern', async () => {
    const [a, b] = await pair()
    const got = first(1, b.subscribe('home/{room}/{what}'))
    a.publish('home/kitchen/light', 1)
    const [message] = await got
    expect(message?.params).toEqual({ room: 'kitchen', what: 'light' })
    expectTypeOf(message!.params).toEqualTypeOf<{ readonly room: string; readonly what: string }>()
  })

  it('check typed topics with their schema and report what does not fit', async () => {
    const [a, b] = await pair()
    const temperature = topic('home/{room}/temperature', z.number())
    const invalid = event(b, 'invalid')
    const got = first(1, b.subscribe(temperature))
    a.publish('home/hall/temperature', 'warm')
    a.publish('home/hall/temperature', 21)
    const [message] = await got
    expectTypeOf(message!.value).toBeNumber()
    expect([message?.value, message?.params.room, message?.sequence]).toEqual([21, 'hall', 1])
    expect(await invalid).toMatchObject({ topic: 'home/hall/temperature', from: a.id })
    expect((await invalid).issues[0]).toMatch(/number/i)
  })

  it.each<Delivery>(['reliable', 'best-effort'])('deliver everything as %s', async (delivery) => {
    const [a, b] = await pair()
    const got = values(50, b.subscribe('mode'))
    // The subscriber must know the stream before anything that is not kept is sent.
    const known = event(b, 'topic')
    a.publish('mode', 0, { delivery })
    await known
    for (let i = 1; i < 60; i++) a.publish('mode', i, { delivery })
    const numbers = (await got) as number[]
    expect(numbers).toEqual(numbers.map((_, i) => numbers[0]! + i))
  })

  it('deliver the newest value as latest', async () => {
    const [a, b] = await pair()
    const messages: unknown[] = []
    const last = new Promise<void>((done) => {
      b.subscribe('newest', ({ value }) => {
        messages.push(value)
        if (value === 99) done()
      })
    })
    for (let i = 0; i < 100; i++) a.publish('newest', i, { delivery: 'latest' })
    await last
    expect(messages.length).toBeLessThan(100)
    expect(messages.at(-1)).toBe(99)
  })

  it('give the publisher itself the newest values, too, without a hole in their sequence', async () => {
    const [a] = await pair()
    const sequences: number[] = []
    const last = new Promise<void>((done) => {
      a.subscribe('newest/own', ({ value, sequence }) => {
        sequences.push(sequence)
        if (value === 99) done()
      })
    })
    for (let i = 0; i < 100; i++) a.publish('newest/own', i, { delivery: 'latest' })
    await last
    expect(sequences).toEqual(sequences.map((_, i) => i))
    expect(sequences.length).toBeLessThan(100)
  })

  it('carry the bytes of every kind of buffer, and refuse what JSON would empty', async () => {
    const [a, b] = await pair()
    const got = values(3, b.subscribe('buffers'))
    a.publish('buffers', Uint8Array.of(1, 2).buffer)
    a.publish('buffers', new DataView(Uint8Array.of(0, 3, 4).buffer, 1))
    a.publish('buffers', Uint16Array.of(0x0505))
    expect(await got).toEqual([Uint8Array.of(1, 2), Uint8Array.of(3, 4), Uint8Array.of(5, 5)])
    for (const value of [new Map([[1, 2]]), new Set([1])]) {
      expect(() => a.publish('buffers', value)).toThrow(
        expect.objectContaining({ code: 'INVALID_VALUE' }),
      )
    }
  })

  it('say that a handler gets messages alone when gaps or the live mark are asked for', async () => {
    const [a] = await pair()
    const refused = expect.objectContaining({ code: 'INVALID_OPTION' })
    // @ts-expect-error -- the types say so as well
    expect(() => a.subscribe('gaps', () => undefined, { gaps: true })).toThrow(refused)
    // @ts-expect-error -- the types say so as well
    expect(() => a.subscribe('live', () => undefined, { live: true })).toThrow(refused)
  })

  it('send at once what is urgent', async () => {
    const [a, b] = await pair()
    const got = values(1, b.subscribe('now'))
    a.publish('now', 'fire', { urgent: true })
    expect(await got).toEqual(['fire'])
  })

  it('carry values by a codec of the program', async () => {
    const codec: PayloadCodec = {
      encode: (value) => Uint8Array.of(Number(value) * 2),
      decode: ([byte]) => byte! / 2,
    }
    const [a, b] = await pair({ codec })
    const got = values(1, b.subscribe('coded'))
    a.publish('coded', 21)
    expect(await got).toEqual([21])
  })

  it('work in an open realm', async () => {
    const [a, b] = await pair({ open: true })
    const got = values(1, b.subscribe('open'))
    a.publish('open', 'hello')
    expect(await got).toEqual(['hello'])
  })

  it('keep realms, and realms of another key, apart', async () => {
    const join = network()
    const [a, other, stranger] = [
      await join(),
      await join({ realm: 'other' }),
      await join({ key: new Uint8Array(32).fill(6) }),
    ]
    const near = await join()
    await acquainted(a, near)
    const heard: unknown[] = []
    for (const bus of [other, stranger]) {
      bus.subscribe('**', ({ value }) => void heard.push(value))
    }
    const got = values(1, near.subscribe('secret'))
    a.publish('secret', 1)
    await got
    expect([heard, other.presence.size, stranger.presence.size]).toEqual([[], 0, 0])
    // Neither shares a group with the others: all it hears is itself.
    for (const bus of [other, stranger]) {
      const { packetsReceived, own } = bus.stats()
      expect(packetsReceived).toBe(own)
    }
  })

  it('hand each subscriber bytes that the publisher no longer changes', async () => {
    const [a, b] = await pair()
    const got = [a, b].map((bus) => values(1, bus.subscribe('bytes')))
    const bytes = Buffer.from([1, 2, 3])
    a.publish('bytes', bytes)
    bytes.fill(9)
    expect(await Promise.all(got)).toEqual([[Uint8Array.of(1, 2, 3)], [Uint8Array.of(1, 2, 3)]])
  })
})

describe('what was published before a subscriber attached', () => {
  it('is delivered from the time on at which it subscribed', async () => {
    const join = network()
    const [a, b] = [await join(), await join()]
    const got = values(3, b.subscribe('early'))
    for (let i = 0; i < 3; i++) a.publish('early', i)
    expect(await got).toEqual([0, 1, 2])
  })
})
