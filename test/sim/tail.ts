/** What single losses and single bad receivers cost the others: times from publishing to delivery, in virtual time. */
import { Kind, readHeader } from '../../bus/core/wire/packet.ts'
import { Audience } from './audience.ts'
import { check } from './violation.ts'

export interface Bursts {
  readonly receivers: number
  readonly bursts: number
  readonly seed: number
}

/** The last message of each burst is lost to all: how long each receiver waits for it, ms, in order. */
export function lostTails({ receivers, bursts, seed }: Bursts): number[] {
  const audience = new Audience({ receivers, seed, introduced: true })
  const { network } = audience.world
  const times = new Times(audience)
  let swallow = 0
  let swallowed = 0
  network.swallows = (bytes) => {
    const { kind, number } = readHeader(bytes)
    if (kind !== Kind.data || number !== swallow) return false
    swallow = 0
    swallowed += 1
    return true
  }
  const waits: number[] = []
  for (let burst = 0; burst < bursts; burst++) {
    // A message fills a packet, and packet n holds message n - 1.
    swallow = audience.published + BURST
    times.publish(BURST)
    audience.wait(QUIET_MS)
    waits.push(...times.of(audience.published - 1))
  }
  check(swallowed === bursts, 'contract', () => `${swallowed} of ${bursts} tails were lost`)
  return waits.toSorted((a, b) => a - b)
}

export interface Cry {
  readonly receivers: number
  readonly messages: number
  readonly seed: number
  /** Chance that a datagram is lost on the cable of the last receiver, each way. */
  readonly loss: number
}

export interface Cried {
  /** From publishing to delivery at those who lose nothing, ms, in order. */
  readonly others: readonly number[]
  /** Datagrams that have come to each of them. */
  readonly heardByOthers: number
  readonly delivered: number
  readonly reported: number
  /** Packets sent again, and those of parity. */
  readonly sentAgain: number
}

/** Messages at an even pace to many who lose nothing, and to one who loses much. */
export function cry({ receivers, messages, seed, loss }: Cry): Cried {
  const audience = new Audience({ receivers, seed, introduced: true })
  const { network, schedule } = audience.world
  const last = audience.hosts.at(-1)!
  for (const { up, down } of last.interfaces) up.loss = down.loss = loss
  const times = new Times(audience, ({ name }) => name !== last.name)
  let heard = 0
  network.passes = (host) => {
    if (host.name !== last.name) heard += 1
    return true
  }
  const before = audience.counts()
  for (let i = 0; i < messages; i += STEP) {
    times.publish(STEP)
    audience.wait(STEP_MS)
  }
  const heardByOthers = heard / (receivers - 1)
  const end = schedule.time + PATIENCE_MS
  const due = before.delivered + messages * receivers
  while (audience.accounted < due && schedule.time < end) audience.wait(100)
  const { delivered, reported, repairs, parity } = audience.counts()
  return {
    others: times.all.toSorted((a, b) => a - b),
    heardByOthers,
    delivered: delivered - before.delivered,
    reported,
    sentAgain: repairs + parity - before.repairs - before.parity,
  }
}

/** When each message was published, and how long it took to each receiver. */
class Times {
  readonly all: number[] = []
  readonly #audience: Audience
  readonly #publishedAt = new Map<number, number>()
  readonly #byIndex = new Map<number, number[]>()

  constructor(audience: Audience, counts: (host: { name: string }) => boolean = () => true) {
    this.#audience = audience
    const { world } = audience
    world.onDelivered = ({ options }, index) => {
      const at = this.#publishedAt.get(index)
      if (at === undefined || !counts(options.host)) return
      const ms = world.schedule.time - at
      this.all.push(ms)
      this.#byIndex.set(index, [...(this.#byIndex.get(index) ?? []), ms])
    }
  }

  publish(count: number): void {
    const { time } = this.#audience.world.schedule
    for (let i = 0; i < count; i++) this.#publishedAt.set(this.#audience.published + i, time)
    this.#audience.publish(count)
  }

  /** Of one message. */
  of(index: number): readonly number[] {
    return this.#byIndex.get(index) ?? []
  }
}

const BURST = 10
/** Until the next burst: nothing that is to come of a loss comes later. */
const QUIET_MS = 1000
const STEP = 5
const STEP_MS = 10
const PATIENCE_MS = 60_000
