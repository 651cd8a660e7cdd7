/** An urgent message beside the largest one there may be: how many packets go before it. */
import { expect, it } from 'vitest'
import type { Publication } from '../../bus/core/publication.ts'
import { parsePattern } from '../../bus/core/topic/pattern.ts'
import { MARKER, quietPlan } from './plan.ts'
import type { Process } from './process.ts'
import { Trace } from './trace.ts'
import { advance, World } from './world.ts'

const LARGEST = 64 * 1024 * 1024
const SIZE = 1232

it('overtakes 64 MiB that are under way', () => {
  const world = new World({ ...quietPlan(1), packetSize: SIZE, rate: 5_000_000 }, new Trace())
  const publisher = world.launch({ host: world.network.host([0]), realm: 0 })
  const receiver = world.launch({ host: world.network.host([0]), realm: 0 })
  subscribe(world, receiver)
  advance(world, 1000)
  expect(
    publish({ world, process: publisher }, 'large', { payload: new Uint8Array(LARGEST) }),
  ).toBeUndefined()
  advance(world, 1100)
  const before = world.wire.dataPackets
  expect(before).toBeGreaterThan(5)
  let after = Infinity
  world.onDelivered = () => (after = Math.min(after, world.wire.dataPackets))
  expect(
    publish({ world, process: publisher }, 'urgent', { payload: new Uint8Array(8), urgent: true }),
  ).toBeUndefined()
  advance(world, 1200)
  const { metrics } = receiver.peer
  expect(metrics.get('messagesDelivered')).toBe(1)
  // Its own packet, and those that left while its topic became known and it was on its way.
  expect(after - before).toBeLessThan(PACKETS_MAX)
  // What it has overtaken is still on its way.
  const [large] = world.ledger.streamsOf(publisher)
  expect(large?.messages).toHaveLength(1)
  expect(world.wire.dataPackets).toBeLessThan(LARGEST / SIZE)
})

it('leaves turns to the repair of what is lost of it', () => {
  const world = new World({ ...quietPlan(1), packetSize: SIZE, rate: 200_000 }, new Trace())
  const launch = (): Process => world.launch({ host: world.network.host([0]), realm: 0 })
  const [publisher, receiver, other] = [launch(), launch(), launch()]
  for (const process of [receiver, other]) subscribe(world, process)
  publish({ world, process: publisher }, 'urgent', { payload: new Uint8Array(8), urgent: true })
  advance(world, 1000)
  const messages = 1000
  for (let i = 0; i < messages; i++) {
    const payload = new Uint8Array(1000)
    const fault = publish({ world, process: publisher }, 'urgent', { payload, urgent: true })
    expect(fault).toBeUndefined()
  }
  const lossy = world.network.hosts[1]!.interfaces.map(({ down }) => down)
  for (const down of lossy) down.loss = 1
  advance(world, 1500)
  for (const down of lossy) down.loss = 0
  advance(world, 3000)
  // Most of it waits yet, and what was lost of it has come.
  expect(publisher.peer.metrics.get('repairsSent')).toBeGreaterThan(10)
  expect(other.peer.metrics.get('messagesDelivered')).toBeLessThan(messages / 2)
  expect(receiver.peer.metrics.get('messagesDelivered')).toBeGreaterThan(messages / 10)
})

it('has room beside the largest message, and is refused beyond that', () => {
  const plan = quietPlan(1)
  const limits = { ...plan.limits, messageSize: 100_000, sendMark: 10_000, sendSize: 50_000 }
  const world = new World({ ...plan, limits }, new Trace())
  const publisher = world.launch({ host: world.network.host([0]), realm: 0 })
  // Nothing leaves yet: the process has only just started.
  expect(
    publish({ world, process: publisher }, 'large', { payload: new Uint8Array(100_000) }),
  ).toBeUndefined()
  expect(publish({ world, process: publisher }, 'usual', { payload: new Uint8Array(1000) })).toBe(
    'queue',
  )
  let taken = 0
  while (
    !publish({ world, process: publisher }, 'urgent', {
      payload: new Uint8Array(1000),
      urgent: true,
    })
  )
    taken += 1
  expect(taken).toBeGreaterThan(40)
  expect(taken).toBeLessThanOrEqual(50)
})

function publish(
  { world, process }: { readonly world: World; readonly process: Process },
  word: string,
  { payload, urgent = false }: { readonly payload: Uint8Array; readonly urgent?: boolean },
): ReturnType<Process['peer']['publish']> {
  const about = {
    topic: `${MARKER}/${word}`,
    segments: [MARKER, word],
    delivery: 'reliable',
  } as const
  world.ledger.published(process, world.schedule.time, { ...about, payload, expiresMs: Infinity })
  const publication: Publication = { ...about, codec: 0, payload, urgent }
  const fault = process.command((peer, now) => peer.publish(now, publication))
  process.endTurn()
  return fault
}

function subscribe(world: World, process: Process): void {
  const parsed = parsePattern(`${MARKER}/**`)
  if (!parsed.ok) throw new Error(parsed.fault)
  const { pattern } = parsed
  world.ledger.subscribed(process, world.schedule.time, { id: 1, pattern })
  process.command((peer, now) => peer.subscribe(now, 1, pattern))
}

/** Of about 55,000; at the default rate four leave in a millisecond. */
const PACKETS_MAX = 50
