/** A relay on this host's own multicast, between buses by link and buses without. */
import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, it, vi } from 'vitest'
import { type Bus, connect, type ConnectOptions } from '../../../bus/index.ts'
import { type Relay, serve } from '../../../relay/index.ts'
import { counting } from '../core/crypto.ts'

const realm = 'lab'
const key = counting(32)
const open: AsyncDisposable[] = []
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one[Symbol.asyncDispose]()
})

/** A relay at scope host, and how to reach the bus with it and without. */
async function world(): Promise<{
  relay: Relay
  bus: (options?: ConnectOptions) => Promise<Bus>
  linked: (options?: ConnectOptions) => Promise<Bus>
}> {
  const own = { realm, key, port: randomInt(20_000, 30_000) }
  const relay = await serve({ ...own, listen: '[::1]:0' })
  open.push(relay)
  const bus = async (options: ConnectOptions = {}): Promise<Bus> => {
    const opened = await connect({ ...own, linger: 5000, ...options })
    open.push(opened)
    return opened
  }
  return {
    relay,
    bus,
    linked: (options) => bus({ relay: relay.url!, multicast: false, ...options }),
  }
}

it('carries messages, questions and confirmations both ways', async () => {
  const { relay, bus, linked } = await world()
  const [near, far] = [await bus({ name: 'near' }), await linked({ name: 'far' })]
  const values: unknown[] = []
  near.subscribe('**', ({ value }) => void values.push(value))
  far.subscribe('**', ({ value }) => void values.push(value))
  await Promise.all([
    near.matched('from/near', { timeout: 5000 }),
    far.matched('from/far', { timeout: 5000 }),
  ])
  near.publish('from/near', new Uint8Array(300_000))
  far.publish('from/far', new Uint8Array(200_000))
  await vi.waitFor(() => expect(values.length).toBe(4), { timeout: 5000 })
  expect([...far.presence].map(({ name }) => name)).toEqual(['near'])
  expect(await near.close()).toMatchObject({ unconfirmed: [] })
  expect(await far.close()).toMatchObject({ unconfirmed: [] })
  expect(relay.stats()).toMatchObject({ unicastRefused: 0, foreign: 0, peers: 1 })
})

it('does not give back to links what it has sent for them and hears itself', async () => {
  const { relay, linked } = await world()
  const [one, two] = [await linked(), await linked()]
  one.subscribe('x')
  await two.matched('x', { timeout: 5000 })
  const before = relay.stats()
  for (let i = 0; i < 50; i++) {
    two.publish('x', i)
    await two.flush()
    await sleep(1)
  }
  await sleep(100)
  const after = relay.stats()
  const up = after.datagramsUp - before.datagramsUp
  expect(up).toBeGreaterThanOrEqual(50)
  // Each datagram of one link goes to the other one, once.
  expect(after.datagramsDown - before.datagramsDown).toBe(up)
})

it('does not start on an interface that is none', async () => {
  const wrong = serve({ realm, key, listen: '[::1]:0', interface: 'nope0' })
  await expect(wrong).rejects.toMatchObject({ code: 'NO_INTERFACE' })
})
