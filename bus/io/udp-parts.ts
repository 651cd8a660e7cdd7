/** What of a UDP transport differs between a peer and a relay. */
import type { Endpoint } from '../core/output.ts'
import type { NetworkInterface } from './interfaces.ts'
import { Memberships } from './udp-join.ts'
import type { GroupMemberships } from './udp-path.ts'
import { Receiver, type ReceiverOptions } from './udp-receive.ts'

/** What reads unicast, and multicast as well where memberships do not. */
export interface UdpReceiver {
  readonly port: number
  send(to: Endpoint, datagram: Uint8Array, done: (error: Error | null) => void): void
  close(): Promise<void>
}

export interface UdpParts {
  receiver(options: ReceiverOptions): UdpReceiver
  memberships(by: NetworkInterface): GroupMemberships
  /** False: one socket sends everything that leaves by an interface, so its port is known. */
  readonly connects: boolean
}

/** Of a peer: a socket for everything that comes, and one for each busy group to send by. */
export function peerParts(unicastPort?: number): UdpParts {
  return {
    receiver: (options) => new Receiver({ ...options, unicastPort }),
    memberships: (by) => new Memberships(by),
    connects: true,
  }
}
