/** What leaves a bridge, by its links, its segments, its trunks and the backbone. */
import type { Endpoint } from '../bus/core/output.ts'
import type { Ring } from '../bus/core/ring.ts'
import type { Carried } from './arrival.ts'
import type { BridgeOutput } from './bridge-output.ts'
import type { Counters } from './counters.ts'
import { BACKBONE } from './faces.ts'
import type { Instance } from './instances.ts'
import { HOPS_MAX, type TrunkRecord } from './trunk-wire.ts'

export class Outlet {
  readonly #outputs: Ring<BridgeOutput>
  readonly #counters: Counters
  /** The relay at the other end of a trunk. */
  readonly #relayOf: (face: string) => bigint | undefined

  constructor(
    outputs: Ring<BridgeOutput>,
    counters: Counters,
    relayOf: (face: string) => bigint | undefined,
  ) {
    this.#outputs = outputs
    this.#counters = counters
    this.#relayOf = relayOf
  }

  /** Whether other relays are reached by that face, and by records. */
  isFar(face: string): boolean {
    return face === BACKBONE || (this.#relayOf(face) ?? 0n) > 0n
  }

  tell(face: string, record: TrunkRecord): void {
    if (face === BACKBONE) return this.#outputs.push({ type: 'backbone', relay: 0n, record })
    const relay = this.#relayOf(face)
    if (relay) this.#outputs.push({ type: 'trunk', relay, record })
  }

  bring(faces: readonly string[], group: string, { datagram, hops = 0 }: Carried): void {
    for (const face of faces) {
      if (!this.isFar(face)) this.#outputs.push({ type: 'multicast', face, group, datagram })
      else if (hops >= HOPS_MAX) this.#counters.count('hopsSpent')
      else this.tell(face, { type: 'group', hops: hops + 1, group, datagram })
    }
  }

  /** The same, from one network to others. */
  cross(faces: readonly string[], group: string, carried: Carried): void {
    this.#counters.count('datagramsCrossed', faces.length)
    this.bring(faces, group, carried)
  }

  /** To one peer; on a segment from that port of the relay. */
  reach(one: Instance, port: number, { datagram, hops = 0 }: Carried): void {
    const { instance, way, address, port: at } = one
    if (!this.isFar(way.face)) {
      this.#outputs.push({ type: 'unicast', port, to: { address, port: at }, datagram })
      return
    }
    if (hops >= HOPS_MAX) return this.#counters.count('hopsSpent')
    const record = { type: 'instance', hops: hops + 1, instance, datagram } as const
    if (way.face !== BACKBONE) this.tell(way.face, record)
    else this.#outputs.push({ type: 'backbone', relay: way.via, record })
  }

  down(ports: readonly number[], from: Endpoint, datagram: Uint8Array): void {
    if (ports.length > 0) this.#outputs.push({ type: 'down', ports, from, datagram })
  }
}

/** No link's, and says nothing: it is in the place of the port of whoever speaks. */
export const SELF_PORT = 1
