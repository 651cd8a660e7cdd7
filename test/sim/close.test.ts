/** The lingering close: in time, and right about who has confirmed. */
import { describe, expect, it } from 'vitest'
import type { Limits } from '../../bus/core/limits.ts'
import { parsePattern } from '../../bus/core/topic/pattern.ts'
import { MARKER, quietPlan } from './plan.ts'
import type { Process } from './process.ts'
import { Trace } from './trace.ts'
import { advance, World } from './world.ts'

const LINGER_MS = 2000
const TOPIC = `${MARKER}/close`

interface Scene {
  readonly world: World
  readonly publisher: Process
  readonly receivers: readonly Process[]
  /** Closes the publisher and says when it had closed and who did not confirm. */
  close(lingerMs?: number): {
    readonly tookMs: number
    readonly unconfirmed: readonly (string | undefined)[]
    readonly lost: readonly number[]
  }
}

/** A publisher and receivers, each on its own host, that have found each other and exchanged. */
function scene(count: number, limits: Partial<Limits> = {}): Scene {
  const plan = quietPlan(count)
  const world = new World({ ...plan, limits: { ...plan.limits, ...limits } }, new Trace())
  const launch = (): Process => world.launch({ host: world.network.host([0]), realm: 0 })
  const publisher = launch()
  const receivers = Array.from({ length: count }, launch)
  const parsed = parsePattern(TOPIC)
  if (!parsed.ok) throw new Error(parsed.fault)
  for (const [id, receiver] of receivers.entries()) {
    world.ledger.subscribed(receiver, 0, { id, pattern: parsed.pattern })
    receiver.command((peer, now) => peer.subscribe(now, id, parsed.pattern))
  }
  world.workload.publish(publisher, TOPIC, 100)
  publisher.endTurn()
  advance(world, 1000)
  return {
    world,
    publisher,
    receivers,
    close: (lingerMs = LINGER_MS) => {
      let closed: ReturnType<Scene['close']> | undefined
      const from = world.schedule.time
      world.onClosed = (_process, told) => {
        const unconfirmed = told.unconfirmed.map((instance) => {
          return world.processes.find(({ peer }) => peer.instance === instance)?.id
        })
        const lost = receivers.map(({ peer }) => told.lostBy.get(peer.instance) ?? 0)
        closed = { tookMs: world.schedule.time - from, unconfirmed, lost }
      }
      world.workload.publish(publisher, TOPIC, 100)
      publisher.endTurn()
      world.close(publisher, lingerMs)
      advance(world, from + lingerMs + 1000)
      return closed ?? { tookMs: Infinity, unconfirmed: [], lost: [] }
    },
  }
}

function deliveredTo({ world }: Scene, receiver: Process): number {
  const [subscribed] = world.ledger.subscriptionsOf(receiver)
  return [...(subscribed?.tracks.values() ?? [])][0]?.delivered ?? 0
}

/** Publishes twenty messages that one receiver does not get. */
function publishPast({ world, publisher }: Scene, receiver: Process): void {
  world.network.cut(publisher.options.host, receiver.options.host)
  for (let i = 0; i < 20; i++) {
    world.workload.publish(publisher, TOPIC, 1000)
    publisher.endTurn()
    advance(world, world.schedule.time + 5)
  }
  world.network.heal()
}

/** Nothing passes between a receiver and all others until the publisher takes it for gone. */
function vanish({ world, publisher }: Scene, receiver: Process): void {
  const gone = receiver.options.host
  for (const { options } of world.processes) {
    world.network.cut(options.host, gone)
    world.network.cut(gone, options.host)
  }
  while (world.presence.seenBy(publisher).has(receiver)) advance(world, world.schedule.time + 100)
}

/** The publisher hears nothing of a receiver until it takes it for gone, and then meets it again. */
function loseSight({ world, publisher }: Scene, receiver: Process, meanwhile = () => {}): void {
  const sees = (): boolean => world.presence.seenBy(publisher).has(receiver)
  world.network.cut(receiver.options.host, publisher.options.host)
  while (sees()) {
    world.workload.publish(publisher, TOPIC, 100)
    publisher.endTurn()
    advance(world, world.schedule.time + 500)
  }
  meanwhile()
  world.network.heal()
  while (!sees()) advance(world, world.schedule.time + 100)
  advance(world, world.schedule.time + MET_AGAIN_MS)
}

/** So long after it nobody counts as a newcomer. */
const MET_AGAIN_MS = 6000

describe('a closing publisher', () => {
  it('is done as soon as everybody has confirmed, and has lost nothing', () => {
    const all = scene(5)
    const { tookMs, unconfirmed } = all.close()
    expect(unconfirmed).toEqual([])
    expect(tookMs).toBeLessThan(200)
    for (const receiver of all.receivers) expect(deliveredTo(all, receiver)).toBe(2)
  })

  it('names exactly those that crashed or were cut off', () => {
    const all = scene(5)
    const [crashed, cut] = all.receivers
    all.world.end(crashed!)
    all.world.network.cut(all.publisher.options.host, cut!.options.host)
    const { tookMs, unconfirmed } = all.close()
    expect(new Set(unconfirmed)).toEqual(new Set([crashed!.id, cut!.id]))
    expect(tookMs).toBeGreaterThanOrEqual(LINGER_MS - 1)
    expect(tookMs).toBeLessThan(LINGER_MS + 100)
  })

  it('tells how much somebody has lost that has confirmed the rest', () => {
    const all = scene(3, { historySize: 1500 })
    const [, cut] = all.receivers
    publishPast(all, cut!)
    const { unconfirmed, lost } = all.close()
    expect(unconfirmed).toEqual([])
    // Of twenty packets the history holds the last one.
    expect(lost).toEqual([0, 19, 0])
    expect(deliveredTo(all, cut!)).toBe(22 - 19)
  })

  it('waits for a receiver that it had not heard for long, though that one heard it', () => {
    const all = scene(3)
    const [, silent] = all.receivers
    loseSight(all, silent!)
    all.world.network.cut(all.publisher.options.host, silent!.options.host)
    const { tookMs, unconfirmed } = all.close()
    expect(unconfirmed).toEqual([silent!.id])
    expect(tookMs).toBeGreaterThanOrEqual(LINGER_MS - 1)
  })

  it('names how much such a receiver has lost', () => {
    const all = scene(3, { historySize: 1500 })
    const [, silent] = all.receivers
    loseSight(all, silent!)
    publishPast(all, silent!)
    const { unconfirmed, lost } = all.close()
    expect(unconfirmed).toEqual([])
    expect(lost).toEqual([0, 19, 0])
  })

  it('names what those had lost that have left, or want nothing any more', () => {
    const all = scene(3, { historySize: 1500 })
    const [left, unsubscribed, closing] = all.receivers
    for (const receiver of all.receivers) publishPast(all, receiver)
    // They learn that it is not to be had any more.
    advance(all.world, all.world.schedule.time + 500)
    all.world.close(left!, 0)
    const [{ id } = { id: 0 }] = all.world.ledger.subscriptionsOf(unsubscribed!)
    unsubscribed!.command((peer, now) => peer.unsubscribe(now, id))
    all.world.end(closing!)
    advance(all.world, all.world.schedule.time + 100)
    expect(all.close().lost).toEqual([20, 20, 0])
  })

  it('does not wait for such a receiver once it wants nothing any more', () => {
    const all = scene(3)
    const [, silent] = all.receivers
    loseSight(all, silent!, () => {
      const [{ id } = { id: 0 }] = all.world.ledger.subscriptionsOf(silent!)
      silent!.command((peer, now) => peer.unsubscribe(now, id))
    })
    const { tookMs, unconfirmed } = all.close()
    expect(unconfirmed).toEqual([])
    expect(tookMs).toBeLessThan(200)
  })

  it('does not wait for who left without lingering, though the first goodbye was lost', () => {
    const all = scene(3)
    const [left] = all.receivers
    all.world.network.cut(left!.options.host, all.publisher.options.host)
    all.world.close(left!, 0)
    advance(all.world, all.world.schedule.time + 2)
    all.world.network.heal()
    advance(all.world, all.world.schedule.time + 100)
    const { tookMs, unconfirmed } = all.close()
    expect(unconfirmed).toEqual([])
    expect(tookMs).toBeLessThan(200)
  })

  it('does not wait for who has left or has unsubscribed', () => {
    const all = scene(3)
    const [left, unsubscribed] = all.receivers
    all.world.close(left!, 0)
    const [{ id } = { id: 0 }] = all.world.ledger.subscriptionsOf(unsubscribed!)
    unsubscribed!.command((peer, now) => peer.unsubscribe(now, id))
    advance(all.world, all.world.schedule.time + 100)
    const { tookMs, unconfirmed } = all.close()
    expect(unconfirmed).toEqual([])
    expect(tookMs).toBeLessThan(200)
  })

  it('names who fell silent so lately that it could still be served', () => {
    const all = scene(3)
    const [silent] = all.receivers
    vanish(all, silent!)
    const { tookMs, unconfirmed } = all.close()
    expect(unconfirmed).toEqual([silent!.id])
    expect(tookMs).toBeGreaterThanOrEqual(LINGER_MS - 1)
  })

  it('waits for who fell silent, and it comes back and confirms', () => {
    const all = scene(3)
    const [silent] = all.receivers
    vanish(all, silent!)
    all.world.schedule.after(1500, () => all.world.network.heal())
    const { tookMs, unconfirmed } = all.close(20_000)
    expect(unconfirmed).toEqual([])
    expect(tookMs).toBeGreaterThanOrEqual(1500)
    expect(deliveredTo(all, silent!)).toBe(2)
  })

  it('neither waits for nor names who fell silent long before', () => {
    const all = scene(3)
    const [silent] = all.receivers
    vanish(all, silent!)
    advance(all.world, all.world.schedule.time + 10_000)
    const { tookMs, unconfirmed } = all.close()
    expect(unconfirmed).toEqual([])
    expect(tookMs).toBeLessThan(200)
  })
})
