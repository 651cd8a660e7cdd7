/** The lingering close: in time, and right about who has confirmed. */
import { describe, expect, it } from 'vitest'
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
  close(): { readonly tookMs: number; readonly unconfirmed: readonly (string | undefined)[] }
}

/** A publisher and receivers, each on its own host, that have found each other and exchanged. */
function scene(count: number): Scene {
  const world = new World(quietPlan(count), new Trace())
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
    close: () => {
      let closed: ReturnType<Scene['close']> | undefined
      const from = world.schedule.time
      world.onClosed = (_process, instances) => {
        const unconfirmed = instances.map((instance) => {
          return world.processes.find(({ peer }) => peer.instance === instance)?.id
        })
        closed = { tookMs: world.schedule.time - from, unconfirmed }
      }
      world.workload.publish(publisher, TOPIC, 100)
      publisher.endTurn()
      world.close(publisher, LINGER_MS)
      advance(world, from + LINGER_MS + 1000)
      return closed ?? { tookMs: Infinity, unconfirmed: [] }
    },
  }
}

function deliveredTo({ world }: Scene, receiver: Process): number {
  const [subscribed] = world.ledger.subscriptionsOf(receiver)
  return [...(subscribed?.tracks.values() ?? [])][0]?.delivered ?? 0
}

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
})
