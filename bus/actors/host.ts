/** What actors need of their bus, and the topics that they speak on. */
import type { BusParts } from '../api/bus-parts.ts'
import type { Limits } from '../api/limits.ts'
import type { After } from '../api/matching.ts'
import type { Bus, BusEvent, PayloadCodec } from '../api/options.ts'
import type { CounterName } from '../core/metrics.ts'

export interface ActorsHost {
  readonly bus: Bus
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
}): ActorsHost {
  const { bus, parts, event, assertOpen } = of
  const { link, limits, codec, after } = parts
  const now = (): number => link.command((_peer, time) => time)
  const bornAt = now()
  return {
    bus,
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
