/** A simulated host, its interfaces, and what the network knows of the processes on it. */
import type { Endpoint } from '../../bus/core/output.ts'
import { Lane } from './weather.ts'

/** What the network sees of a process. */
export interface Station {
  readonly alive: boolean
  /** Where unicast reaches it. */
  readonly port: number
  /** Groups that it has joined. */
  readonly groups: Set<string>
  /** `group` is the one it was sent to; a wildcard socket is not told. */
  receive(bytes: Uint8Array, from: Endpoint, group: string | undefined): void
}

export class Host {
  readonly name: string
  readonly interfaces: Interface[] = []
  readonly processes: Station[] = []

  constructor(name: string) {
    this.name = name
  }

  /** Groups that any living process has joined. */
  isMember(group: string): boolean {
    for (const process of this.processes) {
      if (process.alive && process.groups.has(group)) return true
    }
    return false
  }
}

export class Interface {
  readonly host: Host
  readonly segment: number
  readonly address: string
  /** Larger datagrams do not pass. */
  datagramSize = Infinity
  /** Groups that the switch does not forward to this port. */
  readonly forgotten: Set<string> = new Set()
  readonly up: Lane = new Lane()
  readonly down: Lane = new Lane()

  /** `routed`: it has an address that means the same everywhere. */
  constructor(host: Host, segment: number, routed: boolean) {
    this.host = host
    this.segment = segment
    const { length } = host.interfaces
    const local = `fe80::${host.name}:${length}%eth${length}`
    this.address = routed ? `fd00:0:0:0:0:0:${host.name}:${length}` : local
  }
}
