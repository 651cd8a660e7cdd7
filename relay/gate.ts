/**
 * Which datagrams a relay carries at all: whole packets of the realm, of those who may be there.
 *
 * One datagram of a segment becomes as many as there are links, so what the control key opens is
 * opened first, data is for those who have said hello, and of all else a few a second go on. Who
 * sends by a link or a trunk has proved that he knows the key.
 */
import {
  type Header,
  Kind,
  readHeader,
  splitDatagram,
  VERSION_OPEN,
  VERSION_SEALED,
} from '../bus/core/wire/packet.ts'
import type { Passed } from './arrival.ts'
import type { Counters } from './counters.ts'
import type { Judge } from './judge.ts'
import type { RelayKeys } from './keys.ts'
import type { RelayLimits } from './limits.ts'
import { Quota } from './quota.ts'
import type { Read, Senders } from './senders.ts'

export interface GateOptions {
  readonly keys: RelayKeys
  readonly senders: Senders
  /** Undefined: the realm has no owner, and everybody may be there. */
  readonly judge: Judge | undefined
  readonly limits: Pick<RelayLimits, 'strangers' | 'pages'>
  readonly counters: Counters
  /** Somebody is heard whose hello would say who it is. */
  readonly stranger: (instance: bigint, isLinked: boolean) => void
  /** Whether a segment is so new that nobody there can have said hello. */
  readonly isOpen: (now: number, face: string) => boolean
  /** What passes, for who looks on. */
  readonly heard?: HeardBy | undefined
}

export type HeardBy = (now: number, passed: Passed, from: Source) => void

/** Where a datagram has come from: a link by its port, a trunk or an address. */
export type Source =
  | { readonly link: number }
  | {
      readonly address: string
      /** The segment or trunk, where that can be told. */
      readonly face: string
      readonly spread?: Spread | undefined
    }

/** It has come by a segment to a group, and goes on to everybody who has joined it. */
export interface Spread {
  readonly face: string
  readonly isControl: boolean
}

export class Gate {
  readonly #options: GateOptions
  readonly #version: number
  readonly #quota = new Quota()

  constructor(options: GateOptions) {
    this.#options = options
    this.#version = options.keys.open ? VERSION_OPEN : VERSION_SEALED
  }

  /** The packets of a datagram that passes. */
  passes(
    now: number,
    { bytes, from }: { readonly bytes: Uint8Array; readonly from: Source },
  ): readonly Passed[] | undefined {
    const { keys, counters } = this.#options
    const packets: { header: Header; packet: Uint8Array }[] = []
    const fault = splitDatagram(bytes, (packet) => {
      packets.push({ header: readHeader(packet), packet })
    })
    const own = packets.every(({ header }) => {
      return header.version === this.#version && header.hint === keys.hint
    })
    if (!own || fault !== undefined) {
      counters.count('foreign')
      return undefined
    }
    if (packets.some(({ header }) => !keys.at(header.epoch))) counters.count('otherEpoch')
    // Each is looked at, also behind one that does not pass: a hello tells something.
    const passing = packets.flatMap((one) => this.#pass(now, one, from) ?? [])
    if (passing.length !== packets.length) return undefined
    for (const passed of passing) this.#options.heard?.(now, passed, from)
    return passing
  }

  #pass(
    now: number,
    packet: { readonly header: Header; readonly packet: Uint8Array },
    from: Source,
  ): Passed | undefined {
    const { judge, senders, counters } = this.#options
    const source = 'link' in from ? `link ${from.link}` : from.address
    const read = senders.read(now, { ...packet, source })
    if (!read) return undefined
    const verdict = judge?.judge(now, read) ?? 'carried'
    if (verdict !== 'carried') {
      if (verdict === 'stranger') this.#ask(read, from)
      counters.count('denied')
      return undefined
    }
    if (read.hello && !senders.meet(read, read.hello)) return undefined
    if ('link' in from || !from.spread) return read
    return this.#maySpread(now, read, { ...from.spread, address: from.address }) ? read : undefined
  }

  #maySpread(now: number, read: Read, at: Spread & { readonly address: string }): boolean {
    const { kind, instance } = read.header
    const { face, address, isControl } = at
    const { limits, counters, isOpen } = this.#options
    // These are read, not carried on.
    if (kind === Kind.relay) return true
    if (isControl && OF_TOPICS.has(kind)) {
      counters.count('foreign')
      return false
    }
    const from = `${face} ${address}`
    if (kind === Kind.page) {
      const { pages } = limits
      const room = this.#quota.takes(now, [
        [`pages ${face}`, pages],
        [`pages ${from}`, Math.ceil(pages / 2)],
      ])
      if (!room) counters.count('pagesFull')
      return room
    }
    if (read.isKnown || isOpen(now, face)) return true
    const { strangers } = limits
    const room =
      !OF_TOPICS.has(kind) &&
      this.#quota.takes(now, [
        [face, strangers],
        [from, Math.ceil(strangers / 2)],
        [`${instance}`, Math.ceil(strangers / 8)],
      ])
    if (!room) counters.count('strangers')
    this.#ask(read, at)
    return room
  }

  #ask({ header }: Read, from: Source): void {
    if (this.#options.keys.at(header.epoch)) this.#options.stranger(header.instance, 'link' in from)
  }
}

/** What goes to the groups of topics or to one peer, and no relay opens. */
const OF_TOPICS: ReadonlySet<number> = new Set([Kind.data, Kind.parity, Kind.direct])
