/**
 * One publisher, many receivers, losses at each of them: what a transfer takes, in counts.
 *
 * The world of the simulator without its faults; each receiver's cable loses datagrams of every
 * kind by itself, data, questions, repairs and heartbeats alike. A message fills a packet, so
 * that packet n holds message n - 1.
 */
import { Kind, readHeader } from '../../bus/core/wire/packet.ts'
import { Audience } from './audience.ts'
import { check } from './violation.ts'
import type { World } from './world.ts'

export interface Setting {
  readonly receivers: number
  /** Chance that a datagram is lost on the cable of one receiver, each way. */
  readonly loss: number
  readonly messages: number
  readonly seed: number
  /** Bytes a millisecond that the cable of each receiver carries. Default: all. */
  readonly capacity?: number
}

export interface Counts {
  /** Messages that were due: each one to each receiver. */
  readonly due: number
  readonly delivered: number
  /** Messages reported as lost. */
  readonly reported: number
  /** Packets sent with new messages, and sent again. */
  readonly dataPackets: number
  readonly repairs: number
  /** Packets of parity that were sent. */
  readonly parity: number
  /** Packets whose first copy at least one receiver lacked. */
  readonly lostPackets: number
  /** Questions that receivers sent. */
  readonly naks: number
  /** Of each first copy that was lost: how long until its message was delivered, ms, in order. */
  readonly latencies: readonly number[]
  /** From the first message to the last delivery, ms of virtual time. */
  readonly elapsedMs: number
}

export function transfer(setting: Setting): Counts {
  const { receivers, loss, messages, seed, capacity = Infinity } = setting
  const audience = new Audience({ receivers, seed })
  const { world } = audience
  for (const host of audience.hosts) {
    for (const { up, down } of host.interfaces) {
      up.loss = down.loss = loss
      down.capacity = capacity
    }
  }
  const watch = new LossWatch(world)
  const before = audience.counts()
  const startedAt = world.schedule.time
  audience.publish(messages)
  const due = messages * receivers
  const accounted = before.delivered + before.reported + due
  while (audience.accounted < accounted && world.schedule.time - startedAt < PATIENCE_MS)
    audience.wait(1)
  const { naks, repairs, parity, delivered, reported, dataPackets } = audience.counts()
  return {
    due,
    delivered: delivered - before.delivered,
    reported: reported - before.reported,
    dataPackets: dataPackets - before.dataPackets,
    repairs: repairs - before.repairs,
    parity: parity - before.parity,
    lostPackets: watch.lostPackets,
    naks: naks - before.naks,
    latencies: watch.latencies.toSorted((a, b) => a - b),
    elapsedMs: world.schedule.time - startedAt,
  }
}

export interface Shared {
  readonly receivers: number
  /** Packets that all of them lack. */
  readonly losses: number
  readonly seed: number
  /** Chance that any other datagram is lost on the cable of one receiver, each way. */
  readonly loss?: number
}

/** For each of so many packets that all receivers lack at once: how many questions were sent. */
export function sharedLosses({ receivers, losses, seed, loss = 0 }: Shared): number[] {
  const audience = new Audience({ receivers, seed, introduced: true })
  const { network, schedule } = audience.world
  for (const { interfaces } of audience.hosts) {
    for (const { up, down } of interfaces) up.loss = down.loss = loss
  }
  let swallow = 0
  network.swallows = (bytes) => {
    const { kind, number } = readHeader(bytes)
    if (kind !== Kind.data || number !== swallow) return false
    swallow = 0
    return true
  }
  return Array.from({ length: losses }, () => {
    const before = audience.counts()
    // The second of three: the third shows that it is missing.
    swallow = audience.published + 2
    audience.publish(3)
    const end = schedule.time + PATIENCE_MS
    const lacking = (): boolean => audience.counts().delivered - before.delivered < 3 * receivers
    do audience.wait(CALM_MS)
    while (lacking() && schedule.time < end)
    check(!lacking(), 'contract', () => 'a loss was not mended')
    return audience.counts().naks - before.naks
  })
}

/** What the ideal repair takes: packets sent again for each one, whoever is told of the losses. */
export function repairsAtBest(loss: number, receivers: number): number {
  let sum = 0
  for (let still = loss; still > 1e-12; still *= loss) sum += 1 - (1 - still) ** receivers
  return sum
}

/** Which first copies are lost where, and when their messages come all the same. */
class LossWatch {
  readonly latencies: number[] = []
  readonly #numbers = new Set<number>()
  readonly #sent = new Set<number>()
  /** When a first copy was lost, by host and packet. */
  readonly #lostAt = new Map<string, number>()
  /** The first copy that is under way: all cables carry it in the same moment. */
  #under = 0

  constructor(world: World) {
    const { network, schedule } = world
    network.swallows = (bytes) => {
      const { kind, number } = readHeader(bytes)
      const first = kind === Kind.data && !this.#sent.has(number)
      this.#under = first ? number : 0
      if (first) this.#sent.add(number)
      return false
    }
    network.onLost = (bytes, host) => {
      const { kind, number } = readHeader(bytes)
      if (!host || kind !== Kind.data || number !== this.#under) return
      this.#numbers.add(number)
      this.#lostAt.set(`${host.name} ${number}`, schedule.time)
    }
    world.onDelivered = ({ options }, index) => {
      const place = `${options.host.name} ${index + 1}`
      const at = this.#lostAt.get(place)
      if (at === undefined) return
      this.#lostAt.delete(place)
      this.latencies.push(schedule.time - at)
    }
  }

  get lostPackets(): number {
    return this.#numbers.size
  }
}

const PATIENCE_MS = 120_000
/** Heartbeats and questions have long ceased to be near each other. */
const CALM_MS = 150
