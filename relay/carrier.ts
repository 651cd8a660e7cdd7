/** Carries out what the bridge wants: by the segment, the links, the trunks and the backbone. */
import { writeDatagram, writeHears } from '../bus/core/wire/link.ts'
import type { Junction } from './backbone/junction.ts'
import type { Bridge } from './bridge.ts'
import type { BridgeOutput } from './bridge-output.ts'
import type { Counters } from './counters.ts'
import { BACKBONE } from './faces.ts'
import type { Ports } from './ports.ts'
import type { Segment } from './segment.ts'
import type { Sessions } from './sessions.ts'
import type { Trunks } from './trunks.ts'
import { BACKBONE_WAY, linkWay, segmentWay, trunkWay } from './ways.ts'

export interface CarrierHost {
  readonly bridge: Bridge
  readonly counters: Counters
  readonly segment: Segment | undefined
  readonly ports: Ports
  readonly sessions: Sessions
  readonly trunks: Trunks
  readonly junction: Junction | undefined
  /** A datagram leaves that way, for who looks on; undefined: nobody does. */
  readonly left: () => ((way: string, size: number) => void) | undefined
}

export class Carrier {
  readonly #host: CarrierHost
  /** Ports that are held for peers who are elsewhere. */
  readonly #held = new Set<number>()

  constructor(host: CarrierHost) {
    this.#host = host
  }

  /** Until the bridge wants nothing more. */
  drain(): void {
    for (;;) {
      const output = this.#host.bridge.poll()
      if (!output) return
      this.#carryOut(output)
    }
  }

  #carryOut(output: BridgeOutput): void {
    const { segment, ports, sessions, junction } = this.#host
    switch (output.type) {
      case 'join':
        if (output.face === BACKBONE) return junction?.join(output.group)
        return segment?.join(output.face, output.group)
      case 'leave':
        if (output.face === BACKBONE) return junction?.leave(output.group)
        return segment?.leave(output.face, output.group)
      case 'rejoin':
        return segment?.rejoin(output.group)
      case 'multicast':
        return this.#multicast(output)
      case 'hold':
        return this.#hold(output.port)
      case 'release':
        return this.#held.delete(output.port) ? ports.close(output.port) : undefined
      case 'unicast':
        return segment?.unicast(output.port, output.to, output.datagram)
      case 'hears':
        return sessions.outbox(output.port)?.push(writeHears(output.yes, output.relay))
      case 'trunk':
        return this.#trunk(output)
      case 'backbone':
        return this.#backbone(output)
      case 'down':
        return this.#down(output)
    }
  }

  #multicast({ face, group, datagram }: Extract<BridgeOutput, { type: 'multicast' }>): void {
    const { segment, counters, left } = this.#host
    if (datagram.length > (segment?.datagramSize ?? 0)) return counters.count('tooLarge')
    segment?.multicast(face, group, datagram)
    left()?.(segmentWay(face), datagram.length)
  }

  #trunk({ relay, record }: Extract<BridgeOutput, { type: 'trunk' }>): void {
    const { trunks, left } = this.#host
    trunks.send(relay, record)
    if ('datagram' in record) left()?.(trunkWay(relay), record.datagram.length)
  }

  #backbone({ relay, record }: Extract<BridgeOutput, { type: 'backbone' }>): void {
    const { junction, left } = this.#host
    junction?.send(relay, record)
    if ('datagram' in record) left()?.(BACKBONE_WAY, record.datagram.length)
  }

  #down({ ports, from, datagram }: Extract<BridgeOutput, { type: 'down' }>): void {
    const { sessions, counters, left } = this.#host
    const record = writeDatagram(from, datagram)
    if (!record) return
    const taken = ports.filter((port) => sessions.offer(port, record))
    counters.count('datagramsDown', taken.length)
    const tell = left()
    if (tell) for (const port of taken) tell(linkWay(port), datagram.length)
  }

  /** Without it peers over there fall back on the control group. */
  #hold(port: number): void {
    if (this.#host.ports.hold(port)) this.#held.add(port)
    else this.#host.counters.count('portTaken')
  }
}
