/** One snapshot of a relay for all viewers, with so much in it at most. */
import type { Junction } from '../backbone/junction.ts'
import type { Link } from '../link.ts'
import type { Segment } from '../segment.ts'
import type { Sessions } from '../sessions.ts'
import type { Trunk } from '../trunk.ts'
import type { LinkInfo, RelayStats } from '../types.ts'
import { BACKBONE_WAY, linkWay, segmentWay, trunkWay } from '../ways.ts'
import type { ShownBackbone, ShownLink, ShownTrunk, Snapshot } from './shown.ts'
import type { Watch } from './watch.ts'

/** What a snapshot is made of beside what was watched. */
export interface Seen {
  readonly about: Pick<Snapshot, 'since' | 'realm' | 'open' | 'scope' | 'relay'>
  readonly stats: RelayStats
  readonly segment: Pick<Segment, 'faces'> | undefined
  readonly sessions: Pick<Sessions, 'links'>
  readonly infoOf: (link: Link) => LinkInfo
  readonly trunks: Iterable<Trunk>
  readonly junction: Pick<Junction, 'name' | 'reason'> | undefined
}

export function snapshotOf(now: number, watch: Watch, seen: Seen): Snapshot {
  const { about, stats, segment, sessions, infoOf, trunks, junction } = seen
  const [links, peers, topics] = [[...sessions.links()], watch.peers(now), watch.topics()]
  return {
    at: Date.now(),
    ...about,
    stats,
    segments: [...(segment?.faces ?? [])].map((name) => ({
      name,
      ...watch.flow(segmentWay(name)),
    })),
    trunks: [...trunks].slice(0, LISTED_MAX).map((trunk) => trunkOf(trunk, watch)),
    backbones: junction ? [backboneOf(junction, stats, watch)] : [],
    links: links.slice(0, LISTED_MAX).map((link) => linkOf(link, watch, infoOf(link))),
    peers: peers.slice(0, LISTED_MAX),
    topics: topics.slice(0, LISTED_MAX),
    more: {
      links: Math.max(0, links.length - LISTED_MAX),
      peers: Math.max(0, peers.length - LISTED_MAX),
      topics: Math.max(0, topics.length - LISTED_MAX),
    },
  }
}

function trunkOf({ relay, at, calls, isOpen, outbox }: Trunk, watch: Watch): ShownTrunk {
  const id = isOpen ? relay : undefined
  const flow = watch.flow(trunkWay(id))
  return { relay: id?.toString(16) ?? '', at, calls, waiting: outbox.waiting, ...flow }
}

function backboneOf(
  { name, reason = '' }: Pick<Junction, 'name' | 'reason'>,
  { backbone: relays }: RelayStats,
  watch: Watch,
): ShownBackbone {
  return { name, relays, fault: reason, ...watch.flow(BACKBONE_WAY) }
}

function linkOf({ port, outbox }: Link, watch: Watch, info: LinkInfo): ShownLink {
  return { port, ...info, waiting: outbox.waiting, ...watch.flow(linkWay(port)) }
}

/** Of each kind: some 150 kB in all. */
export const LISTED_MAX = 256
