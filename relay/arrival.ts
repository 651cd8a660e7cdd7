/** What comes to a relay and goes on from it. */
import type { Endpoint } from '../bus/core/output.ts'
import type { Header } from '../bus/core/wire/packet.ts'
import type { HeardHello } from './hellos.ts'

/** A datagram, and where it came from. */
export interface Heard {
  readonly bytes: Uint8Array
  readonly from: Endpoint
  /** The segment it came by, where that can be told. */
  readonly face?: string
}

/** The same to a group, by a face. */
export interface Arrival extends Heard {
  readonly face: string
  /** How often it has crossed a trunk or the backbone. */
  readonly hops?: number | undefined
  /** The relay that has brought it by the backbone. */
  readonly via?: bigint | undefined
}

/** A packet that may be carried, and what the relay's keys open of it. */
export interface Passed {
  readonly header: Header
  readonly packet: Uint8Array
  /** Of a control packet whose sender and epoch are known. */
  readonly body?: Uint8Array
  readonly hello?: HeardHello
}

/** A datagram that goes on, and how often it has crossed a trunk or the backbone. */
export interface Carried {
  readonly datagram: Uint8Array
  readonly hops?: number | undefined
}
