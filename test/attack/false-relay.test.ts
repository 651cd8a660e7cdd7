/** Attacks by a relay itself, on what it carries for peers that have no other way. */
import { describe, expect } from 'vitest'
import type { Bus } from '../../bus/index.ts'
import { busAt, open, relayWith } from '../unit/relay/world.ts'
import { attack } from './attack.ts'
import { FalseRelay, type Lies } from './false-relay.ts'
import { dice } from './twins.ts'

const NONE: Lies = { flipped: 0, dropped: 0, repeated: 0, held: 0 }
const COUNT = 1000

describe('a relay that lies', () => {
  attack(
    'turned bits in one of ten datagrams, both ways',
    { by: 'on path', holds: 'each is counted as forged, and none is delivered or lost' },
    async () => {
      const { subscriber, told } = await through({ ...NONE, flipped: 0.1 })
      expect(told.flipped).toBeGreaterThan(10)
      expect(subscriber.stats().forged).toBeGreaterThan(5)
    },
  )

  attack(
    'datagrams again and again, and in another order',
    { by: 'on path', holds: 'each message is delivered once, and in its order' },
    async () => {
      const { subscriber, told } = await through({ ...NONE, repeated: 0.3, held: 0.2 })
      expect(Math.min(told.repeated, told.held)).toBeGreaterThan(10)
      const { duplicate, replayed } = subscriber.stats()
      expect(Math.min(duplicate, replayed)).toBeGreaterThan(0)
    },
  )

  attack(
    'everything at once',
    {
      by: 'on path',
      holds: 'what is lost is asked for again, and nothing is delivered that was not said',
    },
    async () => {
      const { told } = await through({ flipped: 0.1, dropped: 0.1, repeated: 0.1, held: 0.1 })
      expect(Math.min(...Object.values(told))).toBeGreaterThan(10)
    },
  )
})

/** A thousand messages over two links that a false relay has, all of which come. */
async function through(lies: Lies): Promise<{ subscriber: Bus; told: FalseRelay['told'] }> {
  const { url } = await relayWith()
  const between = await FalseRelay.before(url, lies, dice(JSON.stringify(lies)))
  open.push(between)
  const [publisher, subscriber] = [await busAt(between.url), await busAt(between.url)]
  const items = subscriber.subscribe('through', { gaps: true, queue: COUNT })
  await publisher.matched('through', { timeout: 30_000 })
  const sent = Array.from({ length: COUNT }, (_, i) => `message ${i} ${'.'.repeat(i % 500)}`)
  for (const [i, text] of sent.entries()) {
    publisher.publish('through', text)
    if (i % 5 === 0) await new Promise((done) => setTimeout(done, 2))
  }
  const came: unknown[] = []
  for await (const item of items) {
    came.push(item.type === 'message' ? item.value : item)
    if (came.length === COUNT) break
  }
  expect(came).toEqual(sent)
  return { subscriber, told: between.told }
}
