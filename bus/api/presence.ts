/** The peers and topics of the realm as the program sees them. */
import type { RosterEntry, StreamInfo } from '../core/output.ts'
import { Broadcast } from './broadcast.ts'
import type {
  Cancel,
  PathKind,
  PeerId,
  PeerInfo,
  Presence,
  PresenceChange,
  TopicInfo,
} from './options.ts'
import { CANCEL } from './option-rules.ts'
import { checkOptions } from './rules.ts'
import { peerId } from './subscription.ts'

/** How the packets of one peer come, and why. */
export interface PeerPath {
  readonly instance: bigint
  readonly path: PathKind
  readonly reason: string
}

export class LivePresence implements Presence {
  readonly #peersById = new Map<PeerId, PeerInfo>()
  readonly #changes = new Broadcast<PresenceChange>()

  get size(): number {
    return this.#peersById.size
  }

  get(id: PeerId): PeerInfo | undefined {
    return this.#peersById.get(id)
  }

  watch(options?: Cancel): AsyncIterable<PresenceChange> {
    checkOptions('watch', options, CANCEL)
    return this.#changes.iterate(options)
  }

  [Symbol.iterator](): Iterator<PeerInfo> {
    return this.#peersById.values()
  }

  /** What is known of a peer: of a new one that it comes by the way that everything does. */
  infoOf(
    entry: RosterEntry,
    by: { readonly wallOffset: number; readonly path: PathKind },
  ): PeerInfo {
    const known = this.#peersById.get(peerId(entry.instance))
    const { path, pathReason } = known ?? { path: by.path, pathReason: '' }
    return { ...peerInfo(entry, by.wallOffset), path, pathReason }
  }

  /** A peer comes by another way than before. */
  turn({ instance, path, reason: pathReason }: PeerPath): PresenceChange | undefined {
    const known = this.#peersById.get(peerId(instance))
    if (!known || (known.path === path && known.pathReason !== '')) return undefined
    const change = { type: 'update', peer: { ...known, path, pathReason } } as const
    this.apply(change)
    return change
  }

  apply(change: PresenceChange): void {
    const { type, peer } = change
    if (type === 'leave') this.#peersById.delete(peer.id)
    else this.#peersById.set(peer.id, peer)
    this.#changes.emit(change)
  }

  /** Nobody is seen any more. */
  close(): void {
    this.#peersById.clear()
    this.#changes.close()
  }
}

/** Announced topics by publisher; they go with the publisher. */
export class TopicTable implements Iterable<TopicInfo> {
  readonly #topicsByPeer = new Map<PeerId, Map<string, TopicInfo>>()

  add({ topic, from, delivery }: Omit<StreamInfo, 'stream'>): TopicInfo {
    const info = { topic, from: peerId(from), delivery }
    const topics = this.#topicsByPeer.get(info.from)
    if (topics) topics.set(info.topic, info)
    else this.#topicsByPeer.set(info.from, new Map([[info.topic, info]]))
    return info
  }

  forget(id: PeerId): void {
    this.#topicsByPeer.delete(id)
  }

  close(): void {
    this.#topicsByPeer.clear()
  }

  *[Symbol.iterator](): Iterator<TopicInfo> {
    for (const topics of this.#topicsByPeer.values()) yield* topics.values()
  }
}

/** `wallOffset` turns the driver's clock into ms since 1970. */
function peerInfo(entry: RosterEntry, wallOffset: number): Omit<PeerInfo, 'path' | 'pathReason'> {
  return {
    id: peerId(entry.instance),
    identity: [...entry.identity].map((byte) => byte.toString(16).padStart(2, '0')).join(''),
    name: entry.name,
    tags: entry.tags,
    since: Math.round(entry.since + wallOffset),
  }
}
