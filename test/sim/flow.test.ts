/** Flow control: the slowest receiver sets the pace, and one that stands still stops nobody. */
import { describe, expect, it } from 'vitest'
import { defaultLimits } from '../../bus/core/limits.ts'
import type { FlowRule, ProofRule } from '../../bus/core/publication.ts'
import { parsePattern } from '../../bus/core/topic/pattern.ts'
import { MARKER, quietPlan } from './plan.ts'
import type { Process } from './process.ts'
import { Trace } from './trace.ts'
import { advance, World } from './world.ts'

const TOPIC = `${MARKER}/flow`
const SIZE = 1000
const FLOW_WINDOW = 64 * 1024

interface Scene {
  readonly world: World
  readonly publisher: Process
  readonly receivers: readonly Process[]
  /** Messages that a receiver has been given. */
  delivered(receiver: Process): number
  /** Messages that have left. */
  sent(): number
}

interface Given {
  readonly flow: FlowRule
  readonly proof?: ProofRule
  /** Bytes of each message. */
  readonly size?: number
  readonly flowWindow?: number
}

/** A publisher that has published so many messages, and receivers that have attached. */
function scene(count: number, messages: number, given: Given): Scene {
  const { flow, proof = 'group', size = SIZE, flowWindow = FLOW_WINDOW } = given
  const plan = { ...quietPlan(count), limits: { ...defaultLimits, flowWindow } }
  const world = new World(plan, new Trace())
  const launch = (): Process => world.launch({ host: world.network.host([0]), realm: 0 })
  const publisher = launch()
  const receivers = Array.from({ length: count }, launch)
  const parsed = parsePattern(TOPIC)
  if (!parsed.ok) throw new Error(parsed.fault)
  for (const [id, receiver] of receivers.entries()) {
    world.ledger.subscribed(receiver, 0, { id, pattern: parsed.pattern })
    receiver.command((peer, now) => peer.subscribe(now, id, parsed.pattern))
  }
  const rules = { delivery: 'reliable', flow, proof } as const
  const about = { topic: TOPIC, segments: TOPIC.split('/'), ...rules }
  publisher.command((peer, now) => peer.offer(now, about))
  advance(world, 1000)
  for (let i = 0; i < messages; i++) {
    const payload = new Uint8Array(size).fill(i)
    world.ledger.published(publisher, world.schedule.time, {
      ...about,
      payload,
      expiresMs: Infinity,
    })
    publisher.command((peer, now) =>
      peer.publish(now, { ...about, codec: 0, payload, urgent: false }),
    )
  }
  publisher.endTurn()
  const delivered = (receiver: Process): number => {
    const [subscribed] = world.ledger.subscriptionsOf(receiver)
    return [...(subscribed?.tracks.values() ?? [])][0]?.delivered ?? 0
  }
  const sent = (): number => Math.max(...receivers.map(delivered))
  return { world, publisher, receivers, delivered, sent }
}

/** Time passes, in steps, and at each of them something must hold. */
function watch({ world }: Scene, ms: number, holds: () => void = () => undefined): void {
  const end = world.schedule.time + ms
  while (world.schedule.time < end) {
    advance(world, world.schedule.time + 5)
    holds()
  }
}

describe('a stream that waits for the slowest', () => {
  it('runs no more than the window ahead of a program that is behind, and loses nothing', () => {
    const all = scene(3, 1000, { flow: 'min' })
    const [slow] = all.receivers
    slow!.command((peer, now) => peer.press(now, 0, true))
    watch(all, 4000, () => {
      expect(all.sent() * SIZE).toBeLessThanOrEqual(FLOW_WINDOW)
    })
    expect(all.sent()).toBeGreaterThan(40)
    slow!.command((peer, now) => peer.press(now, 0, false))
    watch(all, 3000)
    for (const receiver of all.receivers) expect(all.delivered(receiver)).toBe(1000)
    expect(all.publisher.peer.metrics.get('receiversSlow')).toBe(0)
  })

  it('goes on at the floor past one that stands still, and without it after 5 s', () => {
    const all = scene(3, 12_000, { flow: 'min' })
    const [stopped, other] = all.receivers
    stopped!.stall(8000)
    watch(all, 900)
    const before = all.delivered(other!)
    expect(before * SIZE).toBeLessThanOrEqual(FLOW_WINDOW)
    watch(all, 3000)
    // A tenth of 12.5 MB/s for two seconds and more.
    const floor = all.delivered(other!) - before
    expect(floor).toBeGreaterThan(2000)
    expect(floor).toBeLessThan(4500)
    watch(all, 4000)
    expect(all.delivered(other!)).toBe(12_000)
    watch(all, 12_000)
    const [subscribed] = all.world.ledger.subscriptionsOf(stopped!)
    const track = [...subscribed!.tracks.values()][0]!
    expect(track.delivered + track.lost).toBe(12_000)
  })

  it('loses cursors and goes on', () => {
    const all = scene(2, 1000, { flow: 'min' })
    const [host] = all.receivers.map(({ options }) => options.host)
    all.world.network.cut(host!, all.publisher.options.host)
    watch(all, 300)
    all.world.network.heal()
    watch(all, 2000)
    for (const receiver of all.receivers) expect(all.delivered(receiver)).toBe(1000)
  })

  it('does not wait for one that has unsubscribed', () => {
    const all = scene(2, 1000, { flow: 'min' })
    const [left, other] = all.receivers
    left!.command((peer, now) => peer.unsubscribe(now, 0))
    all.world.ledger.subscriptionsOf(left!)[0]!.endedAt = all.world.schedule.time
    watch(all, 1000)
    expect(all.delivered(other!)).toBe(1000)
    expect(all.publisher.peer.metrics.get('receiversSlow')).toBe(0)
  })

  it('waits for nobody by default', () => {
    const all = scene(3, 1000, { flow: 'max' })
    const [slow, other] = all.receivers
    slow!.command((peer, now) => peer.press(now, 0, true))
    watch(all, 1000)
    expect(all.delivered(other!)).toBe(1000)
  })

  it.each([
    ['many messages', 2000, { size: 8 }],
    ['many bytes', 100, { flowWindow: 8000 }],
  ])('holds back nothing that a checkpoint is to vouch for: %s', (_what, messages, given) => {
    const all = scene(2, messages, { flow: 'min', proof: 'checkpoint', ...given })
    // Who says nothing for a second would be passed at the floor.
    watch(all, 900)
    for (const receiver of all.receivers) expect(all.delivered(receiver)).toBe(messages)
    expect(all.publisher.peer.metrics.get('receiversSlow')).toBe(0)
  })
})
