/** What the dashboard shows: counts since the start, from which the page makes rates. */
import type { RelayStats } from '../types.ts'

/** What has come by one way and gone out by it. */
export interface Flow {
  packetsIn: number
  bytesIn: number
  datagramsOut: number
  bytesOut: number
}

export interface ShownSegment extends Readonly<Flow> {
  /** The interface; empty: all of them together. */
  readonly name: string
}

export interface ShownTrunk extends Readonly<Flow> {
  /** The id of the relay at the other end; empty: it has not proved itself yet. */
  readonly relay: string
  /** The address that was called, or that the call is from. */
  readonly at: string
  readonly calls: boolean
  /** Bytes that wait for it. */
  readonly waiting: number
}

export interface ShownBackbone extends Readonly<Flow> {
  /** What it is, such as `NATS`. */
  readonly name: string
  /** Relays that are met by it. */
  readonly relays: number
  /** Why it is not there; empty: it is. */
  readonly fault: string
}

export interface ShownLink extends Readonly<Flow> {
  readonly port: number
  readonly identity: string
  readonly remote: string
  /** ms since 1970. */
  readonly since: number
  readonly groups: number
  readonly waiting: number
}

export interface ShownPeer {
  readonly instance: string
  readonly identity: string
  readonly name: string
  /** By what it is heard, and how many ms ago: `segment eth0`, `link 40123`, `trunk 1f…`. */
  readonly heard: readonly (readonly [by: string, agoMs: number])[]
}

/** Of a topic, or of all streams whose topics are not known: then without a tag. */
export interface ShownTopic {
  readonly tag: string
  /** Its name, hexadecimal, as members sealed it. */
  readonly sealed: string
  readonly publishers: number
  readonly packets: number
  readonly bytes: number
  /** Packets that came once more, or late. */
  readonly again: number
  /** Packets that receivers have asked for. */
  readonly asked: number
  /** Messages that receivers have given up. */
  readonly lost: number
}

export interface Snapshot {
  /** ms since 1970. */
  readonly at: number
  readonly since: number
  readonly realm: string
  readonly open: boolean
  readonly scope: string
  /** Its id on trunks. */
  readonly relay: string
  readonly stats: RelayStats
  readonly segments: readonly ShownSegment[]
  readonly trunks: readonly ShownTrunk[]
  /** One at most. */
  readonly backbones: readonly ShownBackbone[]
  readonly links: readonly ShownLink[]
  readonly peers: readonly ShownPeer[]
  readonly topics: readonly ShownTopic[]
  /** What there is beyond what is listed. */
  readonly more: { readonly links: number; readonly peers: number; readonly topics: number }
}

export function newFlow(): Flow {
  return { packetsIn: 0, bytesIn: 0, datagramsOut: 0, bytesOut: 0 }
}
