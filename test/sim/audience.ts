/** One publisher and its receivers, for worlds that count what delivery takes. */
import { parsePattern } from '../../bus/core/topic/pattern.ts'
import { introduce } from './introduction.ts'
import { quietPlan } from './plan.ts'
import type { Process } from './process.ts'
import { Trace } from './trace.ts'
import { check } from './violation.ts'
import { advance, World } from './world.ts'

export interface Gathering {
  readonly receivers: number
  readonly seed: number
  /** They are made known to each other in rounds; otherwise each one hears all hellos. */
  readonly introduced?: boolean
}

/** What has happened so far. */
export interface Tally {
  readonly naks: number
  readonly repairs: number
  readonly parity: number
  readonly delivered: number
  readonly reported: number
  readonly dataPackets: number
}

/** A publisher and its receivers, who know each other; nothing is lost yet. */
export class Audience {
  readonly world: World
  published = 0
  readonly #publisher: Process
  readonly #receivers: Process[] = []

  constructor({ receivers, seed, introduced = false }: Gathering) {
    const plan = { ...quietPlan(seed), rate: RATE, processes: receivers + 1 }
    this.world = new World(plan, new Trace())
    const host = this.world.network.host([0])
    const launch = (): Process => {
      const publisher = this.world.launch({ host, realm: 0 })
      for (let id = 1; id <= receivers; id++) this.#receivers.push(this.#receiver(id))
      return publisher
    }
    this.#publisher = introduced ? introduce(this.world, launch) : launch()
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

  counts(): Tally {
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

const TOPIC = 'sixsim/transfer'
/** Payload bytes of a message: two do not fit into a packet. */
const SIZE = 1100
/** Bytes a second: what a publisher sends at most unless told otherwise. */
const RATE = 5_000_000
/** Everybody has met everybody. */
const ACQUAINTED_MS = 5000
/** Tenths of a second that the last ones may take longer. */
const ACQUAINTED_MAX = 600
