/**
 * One publisher, many receivers, losses at each of them: what a transfer takes, in counts.
 *
 * The world of the simulator without its faults; each receiver's cable loses datagrams of every
 * kind by itself, data, questions, repairs and heartbeats alike. A message fills a packet, so
 * that packet n holds message n - 1.
 */
import { parsePattern } from '../../bus/core/topic/pattern.ts'
import { Kind, readHeader } from '../../bus/core/wire/packet.ts'
import type { Process } from './process.ts'
import { quietPlan } from './plan.ts'
import { Trace } from './trace.ts'
import { check } from './violation.ts'
import { advance, World } from './world.ts'

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
  const group = new Group(receivers, seed)
  const { world } = group
  for (const host of group.hosts) {
    for (const { up, down } of host.interfaces) {
      up.loss = down.loss = loss
      down.capacity = capacity
    }
  }
  const watch = new LossWatch(world)
  const before = group.counts()
  const startedAt = world.schedule.time
  group.publish(messages)
  const due = messages * receivers
  const accounted = before.delivered + before.reported + due
  while (group.accounted < accounted && world.schedule.time - startedAt < PATIENCE_MS) group.wait(1)
  const { naks, repairs, parity, delivered, reported, dataPackets } = group.counts()
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

/** For each of so many packets that all receivers lack at once: how many questions were sent. */
export function sharedLosses(receivers: number, losses: number, seed: number): number[] {
  const group = new Group(receivers, seed)
  let swallow = 0
  group.world.network.swallows = (bytes) => {
    const { kind, number } = readHeader(bytes)
    if (kind !== Kind.data || number !== swallow) return false
    swallow = 0
    return true
  }
  return Array.from({ length: losses }, () => {
    const before = group.counts()
    // The second of three: the third shows that it is missing.
    swallow = group.published + 2
    group.publish(3)
    group.wait(CALM_MS)
    const { naks, delivered } = group.counts()
    check(delivered - before.delivered === 3 * receivers, 'contract', () => 'a loss was not mended')
    return naks - before.naks
  })
}

/** What the ideal repair takes: packets sent again for each one, whoever is told of the losses. */
export function repairsAtBest(loss: number, receivers: number): number {
  let sum = 0
  for (let still = loss; still > 1e-12; still *= loss) sum += 1 - (1 - still) ** receivers
  return sum
}

/** A publisher and its receivers, who know each other; nothing is lost yet. */
class Group {
  readonly world: World
  published = 0
  readonly #publisher: Process
  readonly #receivers: readonly Process[]

  constructor(receivers: number, seed: number) {
    const plan = { ...quietPlan(seed), rate: RATE, processes: receivers + 1 }
    this.world = new World(plan, new Trace())
    const host = this.world.network.host([0])
    this.#publisher = this.world.launch({ host, realm: 0 })
    this.#receivers = Array.from({ length: receivers }, (_, place) => this.#receiver(place + 1))
    this.wait(ACQUAINTED_MS)
    // The stream is known and attached to before anything is counted.
    this.publish(1)
    for (let waited = 0; this.accounted < receivers; waited++) {
      check(waited < ACQUAINTED_MAX, 'contract', () => 'not everybody has met the publisher')
      this.wait(100)
    }
    this.wait(ACQUAINTED_MS)
  }

  get hosts(): Process['options']['host'][] {
    return this.#receivers.map(({ options }) => options.host)
  }

  /** Messages delivered or reported as lost. */
  get accounted(): number {
    return this.world.ledger.delivered + this.world.ledger.lost
  }

  counts(): Pick<Counts, 'naks' | 'repairs' | 'parity' | 'delivered' | 'reported' | 'dataPackets'> {
    const { ledger, wire } = this.world
    return {
      naks: this.#receivers.reduce((sum, { peer }) => sum + peer.metrics.get('naksSent'), 0),
      repairs: this.#publisher.peer.metrics.get('repairsSent'),
      parity: wire.parityPackets,
      delivered: ledger.delivered,
      reported: ledger.lost,
      dataPackets: wire.dataPackets,
    }
  }

  wait(ms: number): void {
    advance(this.world, this.world.schedule.time + ms)
  }

  /** Publishes as fast as the pace takes it, a turn each millisecond. */
  publish(count: number): void {
    const end = this.published + count
    const { world } = this
    const publisher = this.#publisher
    const about = { topic: TOPIC, segments: TOPIC.split('/'), delivery: 'reliable' } as const
    const turn = (): void => {
      while (this.published < end && !publisher.peer.overMark) {
        const payload = new Uint8Array(SIZE)
        new DataView(payload.buffer).setUint32(0, this.published)
        world.ledger.published(publisher, world.schedule.time, {
          ...about,
          payload,
          expiresMs: Infinity,
        })
        const publication = { ...about, codec: 0, payload, urgent: false }
        const fault = publisher.command((peer, now) => peer.publish(now, publication))
        if (fault) throw new Error(`the publisher refuses: ${fault}`)
        this.published += 1
      }
      publisher.endTurn()
      if (this.published < end) world.schedule.after(1, turn)
    }
    turn()
  }

  #receiver(id: number): Process {
    const { world } = this
    const process = world.launch({ host: world.network.host([0]), realm: 0 })
    const parsed = parsePattern(TOPIC)
    if (!parsed.ok) throw new Error(parsed.fault)
    const { pattern } = parsed
    world.ledger.subscribed(process, world.schedule.time, { id, pattern })
    process.command((peer, now) => peer.subscribe(now, id, pattern))
    return process
  }
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
    network.onLost = (host, bytes) => {
      const { kind, number } = readHeader(bytes)
      if (kind !== Kind.data || number !== this.#under) return
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

const TOPIC = 'sixsim/transfer'
/** Payload bytes of a message: two do not fit into a packet. */
const SIZE = 1100
/** Bytes a second: what a publisher sends at most unless told otherwise. */
const RATE = 5_000_000
/** Everybody has met everybody. */
const ACQUAINTED_MS = 5000
/** Tenths of a second that the last ones may take longer. */
const ACQUAINTED_MAX = 600
const PATIENCE_MS = 120_000
/** Heartbeats and questions have long ceased to be near each other. */
const CALM_MS = 150
