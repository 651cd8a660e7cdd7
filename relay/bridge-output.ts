/** What a bridge wants done, by the segments, the links, the trunks and the backbone. */
import type { Endpoint } from '../bus/core/output.ts'
import type { TrunkRecord } from './trunk-wire.ts'

export type BridgeOutput =
  /** What a segment is to do, or the backbone. */
  | { readonly type: 'join' | 'leave'; readonly face: string; readonly group: string }
  | { readonly type: 'rejoin'; readonly group: string }
  | {
      readonly type: 'multicast'
      readonly face: string
      readonly group: string
      readonly datagram: Uint8Array
    }
  | {
      readonly type: 'unicast'
      /** The private port that it leaves from. */
      readonly port: number
      readonly to: Endpoint
      readonly datagram: Uint8Array
    }
  /** Unicast to this port, by whichever segment, is for somebody elsewhere; or no more. */
  | { readonly type: 'hold' | 'release'; readonly port: number }
  /** What the peer on that link is to be told: whether it is heard on a segment. */
  | { readonly type: 'hears'; readonly port: number; readonly yes: boolean; readonly relay: bigint }
  /** For the relay at the other end of a trunk. */
  | { readonly type: 'trunk'; readonly relay: bigint; readonly record: TrunkRecord }
  /** For that relay by the backbone; 0: for all who want the group, or for all. */
  | { readonly type: 'backbone'; readonly relay: bigint; readonly record: TrunkRecord }
  /** One datagram for these links. */
  | {
      readonly type: 'down'
      readonly ports: readonly number[]
      readonly from: Endpoint
      readonly datagram: Uint8Array
    }
