/**
 * A process that comes, says one thing and closes at once: whether those who are there get it.
 *
 * Subscribers that have been there for long and know each other, and then, one after the other,
 * publishers on a host of their own. Each subscriber's cable loses datagrams by itself, both ways.
 */
import { parsePattern } from '../../bus/core/topic/pattern.ts'
import type { Process } from './process.ts'
import { quietPlan } from './plan.ts'
import { Trace } from './trace.ts'
import { check } from './violation.ts'
import { advance, World } from './world.ts'

export interface Setting {
  readonly subscribers: number
  /** Peers that are there and want nothing. */
  readonly others?: number
  /** Chance that a datagram is lost on the cable of one subscriber, each way. */
  readonly loss: number
  readonly visits: number
  readonly seed: number
}

export interface Visits {
  /** Subscribers that got the message, of all visits together. */
  readonly delivered: number
  /** That did not, and were told so by a gap, or named at the publisher's close. */
  readonly told: number
  /** Neither: nobody knows. */
  readonly unmet: number
  /** Peers that a publisher named, whether they got the message or not. */
  readonly named: number
  /** From the start of a publisher to the end of its close, ms, in order. */
  readonly tookMs: readonly number[]
  /** Packets that all sent together while a publisher was there, on average. */
  readonly packets: number
}

export function visit({ subscribers, others = 0, loss, visits, seed }: Setting): Visits {
  const plan = { ...quietPlan(seed), processes: subscribers + others + visits }
  const world = new World(plan, new Trace())
  const receivers = Array.from({ length: subscribers + others }, (_, place) => {
    const process = world.launch({ host: world.network.host([0]), realm: 0 })
    if (place < subscribers) subscribe(world, process, place)
    return process
  })
  advance(world, ACQUAINTED_MS)
  for (const { options } of receivers) {
    for (const { up, down } of options.host.interfaces) up.loss = down.loss = loss
  }
  const host = world.network.host([0])
  const all = Array.from({ length: visits }, () => once(world, host, receivers))
  const sum = (key: 'delivered' | 'told' | 'unmet' | 'named' | 'packets'): number =>
    all.reduce((total, one) => total + one[key], 0)
  return {
    delivered: sum('delivered'),
    told: sum('told'),
    unmet: sum('unmet'),
    named: sum('named'),
    tookMs: all.map(({ tookMs }) => tookMs).toSorted((a, b) => a - b),
    packets: sum('packets') / visits,
  }
}

interface Visit extends Omit<Visits, 'tookMs'> {
  readonly tookMs: number
}

function once(
  world: World,
  host: Process['options']['host'],
  receivers: readonly Process[],
): Visit {
  const startedAt = world.schedule.time
  const before = world.sum('packetsSent')
  const publisher = world.launch({ host, realm: 0 })
  const named = new Set<bigint>()
  let closedAt = Infinity
  world.onClosed = (process, { unconfirmed, lostBy }) => {
    if (process !== publisher) return
    closedAt = world.schedule.time
    for (const instance of [...unconfirmed, ...lostBy.keys()]) named.add(instance)
  }
  world.workload.publish(publisher, TOPIC, SIZE)
  const [stream] = world.ledger.streamsOf(publisher)
  check(stream !== undefined, 'contract', () => 'the publisher refuses')
  publisher.endTurn()
  world.close(publisher, LINGER_MS)
  while (closedAt === Infinity) advance(world, world.schedule.time + 10)
  const packets = world.sum('packetsSent') - before
  // What was missing is told of when the publisher has gone.
  advance(world, closedAt + GONE_MS)
  const found = { delivered: 0, told: 0, unmet: 0 }
  for (const receiver of receivers) {
    for (const { tracks } of world.ledger.subscriptionsOf(receiver)) {
      const track = tracks.get(stream)
      if (track && track.delivered > 0) found.delivered += 1
      else if (track || named.has(receiver.peer.instance)) found.told += 1
      else found.unmet += 1
    }
  }
  return { ...found, named: named.size, tookMs: closedAt - startedAt, packets }
}

function subscribe(world: World, process: Process, id: number): void {
  const parsed = parsePattern(TOPIC)
  if (!parsed.ok) throw new Error(parsed.fault)
  const { pattern } = parsed
  world.ledger.subscribed(process, world.schedule.time, { id, pattern })
  process.command((peer, now) => peer.subscribe(now, id, pattern))
}

const TOPIC = 'sixsim/visit'
const SIZE = 100
const LINGER_MS = 2000
/** Everybody has met everybody. */
const ACQUAINTED_MS = 5000
/** Longer than a silent peer counts as present. */
const GONE_MS = 6000
