/** Relays that meet by a backbone alone: what crosses it, and what comes of its failures. */
import { describe, expect, it, vi } from 'vitest'
import type { Relay, RelayOptions } from '../../../../relay/index.ts'
import { FakeLog } from '../fake-log.ts'
import { busAt, relayWith, WAIT } from '../world.ts'
import { Exchange } from './exchange.ts'

type Listening = Relay & { readonly url: string }

/** Relays of one exchange, each of which has met the others. */
async function meeting(
  exchange: Exchange,
  count: number,
  options: RelayOptions = {},
): Promise<readonly Listening[]> {
  const relays: Listening[] = []
  for (let i = 0; i < count; i++) {
    relays.push(await relayWith({ ...options, backbone: exchange.member() }))
  }
  await met(relays, count - 1)
  return relays
}

async function met(relays: readonly Listening[], count: number): Promise<void> {
  for (const relay of relays) {
    await vi.waitFor(() => expect(relay.stats().backbone).toBe(count), WAIT)
  }
}

async function valuesOf(messages: AsyncIterable<unknown>, count: number): Promise<unknown[]> {
  const values: unknown[] = []
  for await (const item of messages) {
    values.push((item as { readonly value?: unknown }).value ?? item)
    if (values.length === count) break
  }
  return values
}

describe('relays that meet by a backbone alone', () => {
  it('join their links, there and back, once', async () => {
    const exchange = new Exchange()
    const relays = await meeting(exchange, 3)
    const [a, b, c] = await Promise.all(relays.map(({ url }) => busAt(url)))
    const copies = [b!, c!].map((bus) => bus.subscribe('x/*', { gaps: true }))
    await a!.matched('x/y', { count: 2, timeout: 8000 })
    for (let i = 0; i < 500; i++) a!.publish('x/y', i)
    const all = Array.from({ length: 500 }, (_, i) => i)
    for (const copy of copies) expect(await valuesOf(copy, 500)).toEqual(all)
    // Confirmations come back by unicast.
    expect(await a!.close({ linger: 5000 })).toMatchObject({ unconfirmed: [] })
    for (const relay of relays) {
      expect(relay.stats()).toMatchObject({ copies: 0, circling: 0, backboneForged: 0 })
    }
    expect(relays[0]!.stats().unicastCrossed).toBeGreaterThan(0)
  })

  it('subscribe to what somebody behind them wants, and to nothing else', async () => {
    const exchange = new Exchange()
    const [near, far] = await meeting(exchange, 2)
    const [a, b] = [await busAt(near!.url), await busAt(far!.url)]
    const messages = b.subscribe('x')
    await a.matched('x', { timeout: 8000 })
    a.publish('x', 'one')
    expect(await valuesOf(messages, 1)).toEqual(['one'])
    // The subject of the topic is that of the only data.
    const subjects = [...new Set(exchange.published.map(({ subject }) => subject))]
    const wanted = subjects.filter((subject) => exchange.count(subject) === 1)
    expect(wanted.length).toBeGreaterThan(0)
    await messages.close()
    await vi.waitFor(() => {
      expect(wanted.filter((subject) => exchange.count(subject) === 0)).toHaveLength(1)
    }, WAIT)
    for (const subject of subjects) {
      expect(subject).toMatch(/^sixcast\.[0-9a-f]{16}\.[0-9a-f]{28}$/)
    }
  })

  it('bring what they also reach by a trunk once', async () => {
    const exchange = new Exchange()
    const near = await relayWith({ backbone: exchange.member() })
    const far = await relayWith({ backbone: exchange.member(), links: near.url })
    await met([near, far], 1)
    await vi.waitFor(() => expect(near.stats().trunks).toBe(1), WAIT)
    const [a, b] = [await busAt(near.url), await busAt(far.url)]
    const messages = b.subscribe('x', { gaps: true })
    await a.matched('x', { timeout: 8000 })
    for (let i = 0; i < 200; i++) a.publish('x', i)
    expect(await valuesOf(messages, 200)).toEqual(Array.from({ length: 200 }, (_, i) => i))
    expect(far.stats().circling + near.stats().circling).toBe(0)
  })

  it('lose nothing while it is gone for a while', async () => {
    const exchange = new Exchange()
    const log = new FakeLog()
    const relays = await meeting(exchange, 2, { log })
    const [near, far] = relays
    const [a, b] = [await busAt(near!.url), await busAt(far!.url)]
    const messages = b.subscribe('x', { gaps: true })
    await a.matched('x', { timeout: 8000 })
    a.publish('x', 'before')
    exchange.down()
    expect(near!.stats()).toMatchObject({ backbone: 0, backboneClosed: 1 })
    a.publish('x', 'while it is gone')
    exchange.up()
    await met(relays, 1)
    a.publish('x', 'after')
    expect(await valuesOf(messages, 3)).toEqual(['before', 'while it is gone', 'after'])
    expect(log.warnings).toContainEqual([
      { backbone: 'memory', reason: 'the exchange is closed' },
      'no backbone',
    ])
  })

  it('are not ready while it is not there', async () => {
    const exchange = new Exchange(false)
    const relay = await relayWith({ backbone: exchange.member() })
    const ready = async (): Promise<[number, string]> => {
      const answer = await fetch(`${relay.url.replace('ws:', 'http:')}/readyz`)
      return [answer.status, await answer.text()]
    }
    expect(await ready()).toEqual([503, 'the backbone memory is not there: nobody answers\n'])
    exchange.up()
    expect(await ready()).toEqual([200, 'ok\n'])
  })

  it('meet nobody of another realm or scope', async () => {
    const exchange = new Exchange()
    const relays = await meeting(exchange, 2)
    await relayWith({ backbone: exchange.member(), realm: 'other' })
    await relayWith({ backbone: exchange.member(), scope: 'link' })
    await met(relays, 1)
    expect(relays[0]!.stats()).toMatchObject({ backboneForged: 0, backboneStrangers: 0 })
  })

  it('lose each other at once when one of them closes', async () => {
    const [first, second] = await meeting(new Exchange(), 2)
    await second!.close()
    expect(first!.stats()).toMatchObject({ backbone: 0 })
  })
})
