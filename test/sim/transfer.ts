/**
 * One publisher, many receivers, losses at each of them: what a transfer takes, in counts.
 *
 * The world of the simulator without its faults; each receiver's cable loses datagrams of every
 * kind by itself, data, questions, repairs and heartbeats alike.
 */
import { parsePattern } from '../../bus/core/topic/pattern.ts'
import { Kind, readHeader } from '../../bus/core/wire/packet.ts'
import type { Process } from './process.ts'
import { quietPlan } from './plan.ts'
import { Trace } from './trace.ts'
import { advance, World } from './world.ts'

export interface Transfer {
  readonly receivers: number
  /** Chance that a datagram is lost on the cable of one receiver, each way. */
  readonly loss: number
  readonly messages: number
  /** Payload bytes of a message. */
  readonly size: number
  /** Bytes a second. */
  readonly rate: number
  readonly seed: number
  /** Bytes a millisecond that each receiver's cable carries. */
  readonly capacity?: number
  /** Whether the packet with this number is lost for everybody when it is first sent. */
  readonly lostForAll?: (number: number) => boolean
}

export interface Counts {
  readonly published: number
  readonly delivered: number
  readonly lost: number
  /** Packets with new messages, and packets sent again. */
  readonly dataPackets: number
  readonly repairs: number
  /** Questions that receivers sent, and that they kept back because others had asked. */
  readonly naks: number
  readonly suppressed: number
  /** Everything that everybody sent since the first message, control included. */
  readonly packets: number
  /** From the first message to the last delivery, ms of virtual time. */
  readonly elapsedMs: number
}

export function transfer(about: Transfer): Counts {
  const plan = { ...quietPlan(about.seed), rate: about.rate, processes: about.receivers + 1 }
  const world = new World(plan, new Trace())
  const publisher = world.launch({ host: world.network.host([0]), realm: 0 })
  const receivers = Array.from({ length: about.receivers }, (_, i) => receiver(world, i))
  advance(world, ACQUAINTED_MS)
  // The stream is known and attached to before the losses begin.
  const warm = { ...about, messages: 1 }
  feed(world, publisher, warm)
  advance(world, 2 * ACQUAINTED_MS)
  for (const { options } of receivers) {
    for (const { up, down } of options.host.interfaces) {
      up.loss = down.loss = about.loss
      down.capacity = about.capacity ?? Infinity
    }
  }
  const { lostForAll } = about
  if (lostForAll) world.network.swallows = firstOf(lostForAll)
  const before = packetsOf(world)
  const startedAt = world.schedule.time
  feed(world, publisher, about)
  const owed = about.messages * receivers.length
  const had = world.ledger.delivered
  while (world.ledger.delivered - had + world.ledger.lost < owed) {
    const { time } = world.schedule
    if (time - startedAt > PATIENCE_MS) break
    advance(world, time + 1)
  }
  const elapsedMs = world.schedule.time - startedAt
  const count = (name: 'naksSent' | 'naksSuppressed') =>
    receivers.reduce((sum, { peer }) => sum + peer.metrics.get(name), 0)
  return {
    published: about.messages,
    delivered: world.ledger.delivered - had,
    lost: world.ledger.lost,
    dataPackets: world.wire.dataPackets - 1,
    repairs: publisher.peer.metrics.get('repairsSent'),
    naks: count('naksSent'),
    suppressed: count('naksSuppressed'),
    packets: packetsOf(world) - before,
    elapsedMs,
  }
}

function receiver(world: World, place: number): Process {
  const process = world.launch({ host: world.network.host([0]), realm: 0 })
  const parsed = parsePattern(TOPIC)
  if (!parsed.ok) throw new Error(parsed.fault)
  const { pattern } = parsed
  const id = place + 1
  world.ledger.subscribed(process, world.schedule.time, { id, pattern })
  process.command((peer, now) => peer.subscribe(now, id, pattern))
  return process
}

/** Publishes as fast as the pace takes it, a turn each millisecond. */
function feed(world: World, publisher: Process, { messages, size }: Transfer): void {
  let sent = 0
  const segments = TOPIC.split('/')
  const about = { topic: TOPIC, segments, delivery: 'reliable' } as const
  const turn = (): void => {
    while (sent < messages && !publisher.peer.overMark) {
      const payload = new Uint8Array(size)
      new DataView(payload.buffer).setUint32(0, sent)
      world.ledger.published(publisher, world.schedule.time, { ...about, payload })
      const publication = { ...about, codec: 0, payload, urgent: false }
      const fault = publisher.command((peer, now) => peer.publish(now, publication))
      if (fault) throw new Error(`the publisher refuses: ${fault}`)
      sent += 1
    }
    publisher.endTurn()
    if (sent < messages) world.schedule.after(1, turn)
  }
  turn()
}

/** Picks new data packets by their number; what is sent again passes. */
function firstOf(lost: (number: number) => boolean): (bytes: Uint8Array) => boolean {
  const seen = new Set<number>()
  return (bytes) => {
    const { kind, number } = readHeader(bytes)
    if (kind !== Kind.data || seen.has(number)) return false
    seen.add(number)
    return lost(number)
  }
}

function packetsOf(world: World): number {
  return world.processes.reduce((sum, { peer }) => sum + peer.metrics.get('packetsSent'), 0)
}

const TOPIC = 'sixsim/transfer'
/** Everybody has met everybody. */
const ACQUAINTED_MS = 5000
const PATIENCE_MS = 120_000
