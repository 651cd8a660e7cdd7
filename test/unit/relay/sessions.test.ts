/** Links that break and come back: what their peers missed meanwhile, and for whom it is kept. */
import { setTimeout as after } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import {
  type Bus,
  type Gap,
  type Message,
  newIdentity,
  type Subscription,
} from '../../../bus/index.ts'
import { writeReceived } from '../../../bus/core/wire/link.ts'
import type { Relay, RelayOptions } from '../../../relay/index.ts'
import { Cut } from './cut.ts'
import { LinkPeer } from './link-peer.ts'
import { busAt, key, open, realm, relayWith, WAIT } from './world.ts'

/** What a publisher keeps is gone long before the link is back. */
const FORGETFUL = { limits: { historyAge: 200 } }

interface World {
  readonly relay: Relay
  readonly cut: Cut
  readonly publisher: Bus
  readonly subscriber: Bus
  readonly messages: Subscription<Message | Gap>
}

async function world(options: RelayOptions = {}): Promise<World> {
  const relay = await relayWith(options)
  const cut = await Cut.to(relay.url)
  const [publisher, subscriber] = [await busAt(relay.url, FORGETFUL), await busAt(cut.url)]
  const messages = subscriber.subscribe('x', { gaps: true, queue: 10_000 })
  await publisher.matched('x', { timeout: 8000 })
  return { relay, cut, publisher, subscriber, messages }
}

/** Cuts the link, publishes meanwhile, waits until nobody has it any more, and mends. */
async function publishWhileCut({ relay, cut, publisher }: World, sizes: readonly number[]) {
  cut.cut()
  await vi.waitFor(() => expect(relay.stats().links).toBe(1), WAIT)
  for (const [i, size] of sizes.entries()) {
    publisher.publish('x', { i, filler: 'x'.repeat(size) })
    await after(2)
  }
  await after(600)
  cut.mend()
}

/** Messages and losses, until both together are so many. */
async function countUntil(
  { messages }: World,
  count: number,
): Promise<{ values: number[]; lost: number }> {
  const values: number[] = []
  let lost = 0
  for await (const item of messages) {
    if (item.type === 'gap') lost += item.count
    else values.push((item.value as { i: number }).i)
    if (values.length + lost >= count) break
  }
  return { values, lost }
}

function isRising(values: readonly number[]): boolean {
  return values.every((value, at) => at === 0 || value > values[at - 1]!)
}

describe('a peer whose link breaks', () => {
  it('gets what came meanwhile, in order, though its publisher has it no more', async () => {
    const all = await world()
    await publishWhileCut(all, Array<number>(200).fill(50))
    expect(await countUntil(all, 200)).toEqual({
      values: Array.from({ length: 200 }, (_, i) => i),
      lost: 0,
    })
    expect(all.relay.stats()).toMatchObject({ linksResumed: 1, absent: 0, links: 2 })
    // It goes on as before, also with groups that are new, and without those it has left.
    const next = all.subscriber.subscribe('y')
    await all.publisher.matched('y', { timeout: 8000 })
    all.publisher.publish('y', 'on')
    for await (const { value } of next) {
      expect(value).toBe('on')
      break
    }
  })

  it('is told what was lost where nothing is kept, and misses the same without a session', async () => {
    const all = await world({ limits: { sessionTime: 1 } })
    await publishWhileCut(all, Array<number>(200).fill(50))
    const { values, lost } = await countUntil(all, 200)
    expect(lost).toBeGreaterThan(0)
    expect(values.length + lost).toBe(200)
    expect(isRising(values)).toBe(true)
    expect(all.relay.stats()).toMatchObject({ linksResumed: 0, sessionsEnded: 1 })
  })

  it('gets the first of it where not all has room, and is told of the rest', async () => {
    const all = await world({ limits: { sessionSize: 100_000 } })
    await publishWhileCut(all, Array<number>(200).fill(1000))
    all.publisher.publish('x', { i: 200 })
    const { values, lost } = await countUntil(all, 201)
    expect(values.length + lost).toBe(201)
    expect(isRising(values)).toBe(true)
    expect(values.slice(0, 50)).toEqual(Array.from({ length: 50 }, (_, i) => i))
    expect(lost).toBeGreaterThan(0)
    const { linksResumed, sessionFull } = all.relay.stats()
    expect(linksResumed).toBe(1)
    expect(sessionFull).toBeGreaterThan(0)
  })

  it('is forgotten with its groups when it does not come back in time', async () => {
    const all = await world({ limits: { sessionTime: 400 } })
    const before = all.relay.stats().groups
    all.cut.cut()
    await vi.waitFor(() => expect(all.relay.stats().absent).toBe(1), WAIT)
    await vi.waitFor(() => expect(all.relay.stats().absent).toBe(0), WAIT)
    expect(all.relay.stats()).toMatchObject({ sessionsEnded: 1, links: 1 })
    expect(all.relay.stats().groups).toBeLessThan(before)
  })

  it('is not waited for when it has said goodbye', async () => {
    const { relay, subscriber } = await world()
    await subscriber.close()
    await vi.waitFor(() => expect(relay.stats()).toMatchObject({ links: 1, absent: 0 }), WAIT)
  })
})

describe('a session', () => {
  const realmKey = { name: realm, root: key }
  const session = { id: 77n, received: 0 }

  async function linkOf(relay: Relay, claims: Parameters<typeof LinkPeer.open>[2]) {
    const link = await LinkPeer.open(relay.url!, realmKey, claims)
    open.push(link)
    return link
  }

  it('goes to the next link at once, also when the relay thinks that the last one lives', async () => {
    const relay = await relayWith()
    const identity = newIdentity()
    const first = await linkOf(relay, { identity, session })
    const second = await linkOf(relay, { identity, session })
    expect({ resumed: second.resumed, port: second.port }).toEqual({
      resumed: true,
      port: first.port,
    })
    expect(await first.ended).toBe(1006)
    expect(relay.stats()).toMatchObject({ links: 1, absent: 0, linksOpened: 1, linksResumed: 1 })
    await vi.waitFor(() => expect(relay.stats().linksClosed).toBe(1), WAIT)
    expect(relay.stats().links).toBe(1)
  })

  it('is nobody else’s, and stays whose it is', async () => {
    const relay = await relayWith()
    const identity = newIdentity()
    const own = await linkOf(relay, { identity, session })
    const thief = await linkOf(relay, { identity: newIdentity(), session })
    expect(thief.resumed).toBe(false)
    expect(thief.port).not.toBe(own.port)
    const again = await linkOf(relay, { identity, session })
    expect({ resumed: again.resumed, port: again.port }).toEqual({ resumed: true, port: own.port })
    // What the thief has is no session: it ends with its link.
    thief.socket.terminate()
    await vi.waitFor(() => expect(relay.stats()).toMatchObject({ links: 1, absent: 0 }), WAIT)
  })

  it('begins anew for who claims what cannot be', async () => {
    const relay = await relayWith()
    const identity = newIdentity()
    await linkOf(relay, { identity, session })
    const liar = await linkOf(relay, { identity, session: { id: 77n, received: 1_000_000 } })
    expect(liar.resumed).toBe(false)
    expect(relay.stats()).toMatchObject({ links: 1, sessionsLost: 1 })
    liar.socket.send(writeReceived(1_000_000))
    expect(await liar.ended).toBe(4400)
    expect(relay.stats()).toMatchObject({ absent: 0, malformed: 1 })
  })

  it('gives way to new links when there are as many as there may be', async () => {
    const relay = await relayWith({ limits: { links: 2 } })
    for (const id of [1n, 2n]) {
      const link = await linkOf(relay, { session: { id, received: 0 } })
      link.socket.terminate()
      await link.ended
    }
    await vi.waitFor(() => expect(relay.stats().absent).toBe(2), WAIT)
    const next = await linkOf(relay, {})
    expect(next.port).toBeGreaterThan(0)
    expect(relay.stats()).toMatchObject({ links: 1, absent: 1, sessionsFull: 1 })
  })
})
