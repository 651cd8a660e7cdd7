/** The public types of what a process does beside its segment: peers by unicast, keys in a log. */

import type { Native, NativeEvent, NativeOptions } from './native-options.ts'

export interface PeerOptions extends NativeOptions {
  /**
   * Peers to reach by unicast as far as multicast does not: `'[2001:db8::1]:18666'`,
   * `'host.example.org:18666'` (its IPv6 addresses), or `'srv:_sixcast._udp.example.org'` (what DNS
   * lists as that service). One end that names the other is enough. Default: nobody.
   */
  readonly peers?: string | readonly string[]
  /** UDP port where unicast comes to this process, so that others can name it. Default: any. */
  readonly unicastPort?: number
}

/** What a bus tells of the fast path. */
export interface NativeUse {
  readonly native: Native
}

export interface KeyLogOptions {
  /**
   * Path of a file to which the keys of packets are appended, so that captures can be read with
   * docs/wireshark/sixcast.lua. Whoever reads it reads the packets: for a while, to find a fault.
   * It is made with mode 0600, and refused when others can read it. Default: none.
   */
  readonly keyLog?: string
}

/** The address of a named peer could not be looked up; it is tried again. */
export interface UnresolvedEvent {
  readonly type: 'unresolved'
  /** As it was named. */
  readonly peer: string
  readonly reason: string
}

/** A relay does not let this peer in, or does not answer; it is called again. */
export interface UnlinkedEvent {
  readonly type: 'unlinked'
  /** Its address, as it was named. */
  readonly relay: string
  readonly reason: string
}

/** What happens on the way of datagrams out of this process. */
export type WayEvent = UnresolvedEvent | UnlinkedEvent | NativeEvent
