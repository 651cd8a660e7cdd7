/** What of a UDP transport differs between a peer and a relay. */
import type { Endpoint } from '../core/output.ts'
import type { NetworkInterface } from './interfaces.ts'
import type { FastPath } from '../native/fast-path.ts'
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
  /** Of a transport that may join what it sends. */
  readonly fast?: FastPath | undefined
  /** False: one socket sends everything that leaves by an interface, so its port is known. */
  readonly connects: boolean
}

/** What a peer may have besides. */
export interface OwnParts {
  /** The private port to have, if it is free. */
  readonly unicastPort?: number | undefined
  /** Joins what goes and what comes. */
  readonly fast?: FastPath | undefined
}

/** Of a peer: a socket for everything that comes, and one for each busy group to send by. */
export function peerParts({ unicastPort, fast }: OwnParts = {}): UdpParts {
  return {
    fast,
    receiver: (options) => new Receiver({ ...options, unicastPort, fast }),
    memberships: (by) => new Memberships(by),
    connects: true,
  }
}
