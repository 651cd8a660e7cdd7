/** What actors need of their bus, and the topics that they speak on. */
import type { BusParts } from '../api/bus-parts.ts'
import type { Limits } from '../api/limits.ts'
import type { After } from '../api/matching.ts'
import type { Bus, BusEvent, PayloadCodec } from '../api/options.ts'
import { publishCall, type PublishingParts } from '../api/publish-call.ts'
import { gatherCall, requestCall } from '../api/request-call.ts'
import type { Gathering, Reply } from '../api/request-options.ts'
import type { Requests } from '../api/requests.ts'
import type { CounterName } from '../core/metrics.ts'

/** Calls that a bus takes as long as it waits for what it has still to send. */
interface LastCalls {
  readonly publish: (topic: string, value: Uint8Array) => void
  readonly gather: (...given: Parameters<Bus['gather']>) => Gathering<unknown>
}

/** As `request` of the bus, whose errors say what is asked about, such as `for actor "door"`. */
type Request = (about: string, ...given: Parameters<Bus['request']>) => Promise<Reply>

export interface ActorsHost {
  readonly bus: Bus
  readonly last: LastCalls
  readonly request: Request
  readonly codec: PayloadCodec | undefined
  readonly limits: Limits
  readonly after: After
  /** The driver's clock, ms. */
  readonly now: () => number
  readonly event: (event: BusEvent) => void
  /** Counts something that the bus itself has a counter for. */
  readonly count: (name: CounterName) => void
  /** Throws CLOSED. */
  readonly assertOpen: () => void
  /** Whoever is here may not have been heard yet. */
  readonly isYoung: () => boolean
}

export function actorsHost(of: {
  readonly bus: Bus
  readonly parts: BusParts
  readonly event: (event: BusEvent) => void
  readonly assertOpen: () => void
  readonly publishing: PublishingParts
  readonly requests: Pick<Requests, 'gather' | 'request'>
}): ActorsHost {
  const { bus, parts, event, assertOpen, publishing, requests } = of
  const { link, limits, codec, after } = parts
  const now = (): number => link.command((_peer, time) => time)
  const bornAt = now()
  return {
    bus,
    last: {
      publish: (to, value) => publishCall(publishing, { to, value, options: {} }),
      gather: (...given) => requests.gather(gatherCall(...given)),
    },
    request: async (about, ...given) => {
      assertOpen()
      return requests.request({ ...requestCall(...given), about })
    },
    codec,
    limits,
    after,
    now,
    event,
    count: (name) => link.command((peer) => peer.metrics.count(name)),
    assertOpen,
    isYoung: () => now() - bornAt < YOUNG_MS,
  }
}

/** For so long after its start a bus looks again before it says that there is nobody. */
const YOUNG_MS = 2000

/** All actors of a realm are found, told and asked here. */
export const ACTORS = 'sixcast/actors'

/** What is told to all of a group. */
export function groupTopic(name: string): string {
  return `sixcast/groups/${name}`
}
