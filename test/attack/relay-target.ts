/** A relay under attack, between two segments, and junk for it. */
import type { Endpoint } from '../../bus/core/output.ts'
import {
  LENGTH_SIZE,
  HEADER_SIZE,
  VERSION_SEALED,
  writeHeader,
} from '../../bus/core/wire/packet.ts'
import type { RelayLimits } from '../../relay/limits.ts'
import { counting } from '../unit/core/crypto.ts'
import { at, group, keys, Member } from '../unit/relay/carrying.ts'
import { control, Settled, type Where } from '../unit/relay/crossroads.ts'

/** Where the attacker sends from. */
export const OUTSIDER: Endpoint = at(0xbad)
export const LINKS = 200

/** What has left a relay. */
export interface Sent {
  readonly faces: readonly string[]
  readonly copies: number
  readonly bytes: number
}

/** A relay between two segments, whose first seconds are over. */
export class Target extends Settled {
  constructor(limits: Partial<RelayLimits> = {}) {
    super(['a', 'b'], limits)
  }

  hears(face: string, bytes: Uint8Array, where: Where = {}): Sent {
    const faces: string[] = []
    let copies = 0
    let size = 0
    for (const one of this.follows(face, bytes, where)) {
      const count = one.type === 'down' ? one.ports.length : one.type === 'multicast' ? 1 : 0
      if (one.type === 'multicast') faces.push(one.face)
      copies += count
      if ('datagram' in one) size += count * one.datagram.length
    }
    return { faces, copies, bytes: size }
  }

  /** That many links, which have joined the control group and the first topic's. */
  links(count: number): void {
    for (let port = 1; port <= count; port++) {
      this.bridge.opened(port)
      this.join(port, control, group(1))
    }
    this.wants()
  }

  /** Where a link's unicast to that peer may go. */
  sendsTo({ port }: Member, address: string): boolean {
    this.bridge.opened(1)
    const to = { address, port }
    this.bridge.fromLink(this.now, 1, { type: 'unicast', to, datagram: new Member(9).control() })
    return this.wants().some(({ type }) => type === 'unicast')
  }

  /** Where what comes by segment b to the peer's private port is brought. */
  bringsTo({ port }: Member, other: Member): Endpoint[] {
    this.bridge.fromPort(this.now, port, { bytes: other.control(), from: at(2), face: 'b' })
    return this.wants().flatMap((one) => (one.type === 'unicast' ? [one.to] : []))
  }
}

/** A packet of the realm by its marks alone. */
export function junk(
  kind: number,
  instance: bigint,
  { epoch = 0, hint = keys.hint }: { epoch?: number; hint?: number } = {},
): Uint8Array {
  sown += 1
  const body = counting(100, sown)
  const head = { version: VERSION_SEALED, kind, flags: 0, epoch, instance, stream: 1 }
  const bytes = new Uint8Array(LENGTH_SIZE + HEADER_SIZE + body.length)
  writeHeader(bytes, { ...head, number: sown, hint }, body.length)
  bytes.set(body, LENGTH_SIZE + HEADER_SIZE)
  return bytes
}

let sown = 0
