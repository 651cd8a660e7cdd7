/** Large messages: whole, several at once, and in nobody's way. */
import { createHash } from 'node:crypto'
import { describe, expect, it, vi } from 'vitest'
import { acquainted, network, pair, values } from './company.ts'

const MIB = 1024 * 1024
const WAIT = { timeout: 50_000, interval: 5 }
const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const bytesOf = (size: number, seed: number): Uint8Array =>
  Uint8Array.from({ length: size }, (_, i) => (i * 31 + seed + (i >>> 8)) & 0xff)

describe('a large message', () => {
  it('of many mebibytes comes whole, though a twentieth of the packets is lost', async () => {
    let place = 0
    const join = network({ lose: () => place++ % 20 === 7 })
    const [a, b] = [await join({ rate: 1e9 }), await join()]
    await acquainted(a, b)
    const items = b.subscribe<Uint8Array>('large')[Symbol.asyncIterator]()
    const sent = bytesOf(8 * MIB, 1)
    a.publish('large', sent)
    const { value } = (await items.next()).value!
    expect([value.length, sha(value)]).toEqual([sent.length, sha(sent)])
    expect(b.stats().messagesLost).toBe(0)
  }, 60_000)

  it('that takes longer to leave than its packets are kept comes whole all the same', async () => {
    let place = 0
    const join = network({ lose: () => place++ % 20 === 7 })
    const limits = { historyAge: 1200 }
    const [a, b] = [await join({ rate: 2_000_000, limits }), await join()]
    await acquainted(a, b)
    const items = b.subscribe<Uint8Array>('large')[Symbol.asyncIterator]()
    const sent = bytesOf(6 * MIB, 3)
    a.publish('large', sent)
    const { value } = (await items.next()).value!
    expect(sha(value)).toBe(sha(sent))
  }, 60_000)

  it('is not overtaken by an urgent one of its own topic', async () => {
    const [a, b] = await pair({ rate: 20_000_000 })
    const got = values(3, b.subscribe('order'))
    a.publish('order', 'first')
    a.publish('order', new Uint8Array(1_000_000))
    a.publish('order', 'urgent', { urgent: true })
    const kinds = (await got).map((value) => (typeof value === 'string' ? value : 'large'))
    expect(kinds).toEqual(['first', 'large', 'urgent'])
  })

  it('lets small messages of other topics pass, and urgent ones go first', async () => {
    const join = network()
    const [a, b] = [await join({ rate: 4_000_000 }), await join()]
    await acquainted(a, b)
    const topics = ['bulk/one', 'bulk/two', 'small', 'urgent']
    const seen: string[] = []
    for (const topic of topics) b.subscribe(topic, () => void seen.push(topic))
    // The streams are known before anything has to overtake anything.
    for (const topic of topics) a.publish(topic, 'first')
    await vi.waitUntil(() => seen.length === topics.length, WAIT)
    seen.length = 0
    a.publish('bulk/one', bytesOf(MIB, 1))
    a.publish('bulk/two', bytesOf(MIB, 2))
    a.publish('small', 'x')
    a.publish('urgent', 'y', { urgent: true })
    await vi.waitUntil(() => seen.length === topics.length, WAIT)
    expect(seen.slice(0, 2)).toEqual(['urgent', 'small'])
    expect(seen.slice(2).toSorted()).toEqual(['bulk/one', 'bulk/two'])
  }, 60_000)

  it('takes turns with a topic that is published on all the time', async () => {
    const join = network()
    const [a, b] = [await join({ rate: 200_000 }), await join()]
    await acquainted(a, b)
    const seen: string[] = []
    for (const topic of ['bulk', 'small']) b.subscribe(topic, () => void seen.push(topic))
    for (const topic of ['bulk', 'small']) a.publish(topic, 'first')
    await vi.waitUntil(() => seen.length === 2, WAIT)
    seen.length = 0
    a.publish('bulk', bytesOf(MIB / 4, 4))
    const every = setInterval(() => a.publish('small', new Uint8Array(1100)), 2)
    await vi.waitUntil(() => seen.includes('bulk'), WAIT)
    clearInterval(every)
    expect(seen.indexOf('bulk')).toBeGreaterThan(100)
  }, 60_000)

  it('beyond the bound is refused with a word on what to do', async () => {
    const join = network()
    const a = await join({ limits: { messageSize: 1000 } })
    expect(() => a.publish('large', new Uint8Array(1001))).toThrow(
      expect.objectContaining({ code: 'TOO_LARGE' }),
    )
  })
})
