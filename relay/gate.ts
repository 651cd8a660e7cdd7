/** Which datagrams a relay carries at all: whole packets of the realm, of those who may be there. */
import {
  type Header,
  readHeader,
  splitDatagram,
  VERSION_OPEN,
  VERSION_SEALED,
} from '../bus/core/wire/packet.ts'
import type { Counters } from './counters.ts'
import type { Judge } from './judge.ts'
import type { RelayKeys } from './keys.ts'

export interface GateOptions {
  readonly keys: RelayKeys
  /** Undefined: the realm has no owner, and everybody may be there. */
  readonly judge: Judge | undefined
  readonly counters: Counters
  /** Somebody is heard whose hello would say who it is. */
  readonly stranger: (instance: bigint, isLinked: boolean) => void
}

/** Where a datagram has come from: a link by its port, or an address. */
type Source = { readonly link: number } | { readonly address: string }

export class Gate {
  readonly #options: GateOptions
  readonly #version: number

  constructor(options: GateOptions) {
    this.#options = options
    this.#version = options.keys.open ? VERSION_OPEN : VERSION_SEALED
  }

  /** Whether the datagram passes; `each` is called with the packets of one that does. */
  passes(
    now: number,
    { bytes, from }: { readonly bytes: Uint8Array; readonly from: Source },
    each?: (header: Header, packet: Uint8Array) => void,
  ): boolean {
    const { keys, counters } = this.#options
    const { hint } = keys
    const packets: { header: Header; packet: Uint8Array }[] = []
    const fault = splitDatagram(bytes, (packet) => {
      packets.push({ header: readHeader(packet), packet })
    })
    const own = packets.every(({ header }) => {
      return header.version === this.#version && header.hint === hint
    })
    if (!own || fault !== undefined) {
      counters.count('foreign')
      return false
    }
    if (packets.some(({ header }) => !keys.at(header.epoch))) counters.count('otherEpoch')
    // Each is looked at, also behind one that does not pass: a hello tells something.
    const passing = packets.filter((one) => this.#mayPass(now, one, from))
    if (passing.length < packets.length) {
      counters.count('denied')
      return false
    }
    if (each) for (const { header, packet } of packets) each(header, packet)
    return true
  }

  #mayPass(
    now: number,
    packet: { readonly header: Header; readonly packet: Uint8Array },
    from: Source,
  ): boolean {
    const { judge, stranger } = this.#options
    const isLinked = 'link' in from
    const source = isLinked ? `link ${from.link}` : from.address
    const verdict = judge?.judge(now, { ...packet, source }) ?? 'carried'
    if (verdict === 'stranger') stranger(packet.header.instance, isLinked)
    return verdict === 'carried'
  }
}
