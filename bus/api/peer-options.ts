/** The public types of peers that are named: by unicast where no multicast reaches them. */

import type { NativeOptions } from './native-options.ts'

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

/** The address of a named peer could not be looked up; it is tried again. */
export interface UnresolvedEvent {
  readonly type: 'unresolved'
  /** As it was named. */
  readonly peer: string
  readonly reason: string
}
