/** What a bridge wants done, by the segments and the links. */
import type { Endpoint } from '../bus/core/output.ts'

export type BridgeOutput =
  /** What a segment is to do. */
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
  /** One datagram for these links. */
  | {
      readonly type: 'down'
      readonly ports: readonly number[]
      readonly from: Endpoint
      readonly datagram: Uint8Array
    }
