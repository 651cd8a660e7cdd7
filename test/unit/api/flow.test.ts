/** Flow control between buses: a program that is slow sets the pace, or it does not. */
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Bus, Flow } from '../../../bus/api/options.ts'
import { acquainted, network, pair } from './company.ts'

/** Publishes numbers as the bus takes them. */
async function flood(bus: Bus, topic: string, flow: Flow): Promise<void> {
  for (let i = 0; i < COUNT; i++) {
    await bus.ready
    bus.publish(topic, i, { flow })
    if (i % 64 === 0) await turn()
  }
}

const COUNT = 4000
const limits = { sendMark: 4096 }

describe('a topic with flow control', () => {
  it('waits for a slow program, which loses nothing though its queue is small', async () => {
    const [a, b] = await pair({ limits })
    let seen = 0
    const slow = b.subscribe<number>('paced', async () => {
      seen += 1
      if (seen % 100 === 0) await sleep(5)
    })
    const sent = flood(a, 'paced', 'min')
    await sent
    // What waits here, in the window and in the queue is far less than what was published.
    expect(seen).toBeGreaterThan(COUNT / 2)
    expect(await a.close()).toEqual({ unconfirmed: [], incomplete: [] })
    while (seen + slow.dropped < COUNT) await turn()
    expect([slow.dropped, b.stats().lostOverflow]).toEqual([0, 0])
  })

  it('without it overflows the same program', async () => {
    const [a, b] = await pair({ limits })
    const slow = b.subscribe<number>('raced', async () => await sleep(1))
    await flood(a, 'raced', 'max')
    await a.close()
    expect(slow.dropped).toBeGreaterThan(1000)
  })

  it('waits for those that are tagged only', async () => {
    const join = network()
    const a = await join({ limits })
    const recorder = await join({ tags: { role: 'recorder' } })
    const viewer = await join({ tags: { role: 'viewer' } })
    await acquainted(a, recorder, viewer)
    let recorded = 0
    let done = false
    const slow = viewer.subscribe('mixed', async () => (done ? undefined : await sleep(5)))
    const sure = recorder.subscribe('mixed', async () => {
      recorded += 1
      if (recorded % 100 === 0) await sleep(2)
    })
    await a.matched('mixed', { count: 2, flow: { tagged: 'role=recorder' } })
    await flood(a, 'mixed', { tagged: 'role=recorder' })
    await a.close()
    while (recorded + sure.dropped < COUNT) await turn()
    done = true
    expect(sure.dropped).toBe(0)
    expect(slow.dropped).toBeGreaterThan(1000)
  })

  it('gives up one that stands still, and says so by a counter', async () => {
    const [a, b] = await pair({ limits: { ...limits, flowPatience: 300 } })
    const stuck = b.subscribe('stuck')
    await flood(a, 'stuck', 'min')
    await a.flush()
    expect(a.stats().receiversSlow).toBe(1)
    expect(stuck.queued).toBe(1024)
  })

  it('keeps the flow control of its first message', async () => {
    const [a] = await pair()
    a.publish('kept', 1, { flow: 'min' })
    a.publish('kept', 2)
    const other = expect.objectContaining({ code: 'INVALID_OPTION' })
    expect(() => a.publish('kept', 3, { flow: 'max' })).toThrow(other)
    expect(() => a.publish('kept', 3, { flow: { tagged: 'a=b' } })).toThrow(other)
    expect(() => a.publish('fast', 1, { flow: 'min', delivery: 'latest' })).toThrow(other)
    await expect(a.matched('kept', { count: 0, flow: 'max' })).rejects.toThrow(/flow control/)
  })
})
