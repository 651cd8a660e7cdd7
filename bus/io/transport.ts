/** The contract of every transport: joins, datagrams out, datagrams in, and what changed. */
import type { Endpoint, Hearing, Rung } from '../core/output.ts'

/** What a transport reports besides datagrams. */
export type TransportEvent =
  /** An interface came, went or came back; memberships have been renewed on it. */
  | { readonly type: 'interface'; readonly name: string; readonly up: boolean }
  /** No datagram can leave now (no interface, no route); it is tried again with each send. */
  | { readonly type: 'unreachable'; readonly reason: string }
  /** Datagrams leave again; by which way, where that may have changed. */
  | { readonly type: 'reachable'; readonly reason?: string }
  /**
   * Datagrams go by another rung than before; `greets`: who is reached by it may not know this
   * peer, or not its port.
   */
  | {
      readonly type: 'path'
      readonly path: Rung | 'hub'
      readonly reason: string
      readonly greets: boolean
    }
  /** One peer is heard by another rung than before. */
  | {
      readonly type: 'peer'
      readonly instance: bigint
      readonly path: Rung
      readonly reason: string
    }
  /** So many datagrams have found no room since the last such event; at most one a second. */
  | { readonly type: 'full'; readonly count: number }
  /** A relay does not let this peer in, or does not answer; told again when the reason is another. */
  | { readonly type: 'unlinked'; readonly relay: string; readonly reason: string }
  /** Something is worth a line in the log: a small receive buffer, a join that failed. */
  | { readonly type: 'warning'; readonly message: string }

export interface TransportListener {
  /** One datagram; the bytes are the listener's to keep. */
  datagram(bytes: Uint8Array, from: Endpoint): void
  event(event: TransportEvent): void
}

export interface Transport {
  /** Largest datagram that should be sent, in bytes. */
  readonly datagramSize: number
  /** The private port where unicast for this peer arrives; 0 before `open`. */
  readonly port: number
  /** Opens the sockets. Rejects with NO_PATH, DENIED or PORT_IN_USE as a BusError. */
  open(listener: TransportListener): Promise<void>
  /** Joins a group (an IPv6 address without a zone) on every interface in use. Idempotent. */
  join(group: string): void
  leave(group: string): void
  /** Leaves and joins again, so that switches with MLD snooping hear a fresh report. */
  rejoin(group: string): void
  /** Sends to a group on every interface in use, or to one endpoint. Never throws, never waits. */
  send(to: string | Endpoint, datagram: Uint8Array): void
  /** Datagrams handed to the system but not yet reported as sent. */
  readonly pending: number
  /** Of a transport with several rungs: the one in use. */
  readonly path?: Rung | 'hub' | 'none'
  /** The same: who the peer is, once, before it sends. */
  begin?(self: { readonly salt: Uint8Array }): void
  /** The same: by which rung somebody is heard, as what it has sealed proves. */
  heard?(hearing: Hearing): void
  /** The same: it is here no more. */
  gone?(instance: bigint): void
  close(): Promise<void>
}
