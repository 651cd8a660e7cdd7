/** Looks at every datagram that is sent: sizes, sameness of repeats, nothing in the clear. */
import {
  BODY_OFFSET,
  bodyOf,
  Kind,
  nonceOf,
  readHeader,
  splitDatagram,
} from '../../bus/core/wire/packet.ts'
import { MARKER } from './plan.ts'
import type { Process } from './process.ts'
import { fingerprint } from './quick.ts'
import { check } from './violation.ts'

export class WireWatch {
  /** Bytes of hellos and control packets. */
  controlSize = 0
  dataPackets = 0
  parityPackets = 0
  /** Answers and pieces of them, those among them that had been sent before. */
  directPackets = 0
  /** Data packets that had been sent before. */
  repeats = 0
  readonly #fingerprints = new Map<number, number>()

  onDatagram(process: Process, datagram: Uint8Array): void {
    const { packetSize, realm } = process.options.config
    const fault = splitDatagram(datagram, (packet) => this.#onPacket(process, packet))
    check(fault === undefined, 'size', () => `${process.id} sent what is no packet: ${fault}`)
    check(datagram.length <= packetSize, 'size', () => `${process.id} sent ${datagram.length} B`)
    if (realm.root === undefined) return
    const bytes = Buffer.from(datagram.buffer, datagram.byteOffset, datagram.byteLength)
    check(!bytes.includes(MARKER), 'plaintext', () => `${process.id} sent "${MARKER}" in the clear`)
  }

  #onPacket(process: Process, packet: Uint8Array): void {
    const { kind, number, stream } = readHeader(packet)
    if (kind === Kind.data) this.dataPackets += 1
    else if (kind === Kind.parity) this.parityPackets += 1
    else if (kind === Kind.direct) this.directPackets += 1
    else {
      this.controlSize += packet.length
      check(packet.length <= CONTROL_SIZE, 'size', () => {
        return `${process.id} sent ${packet.length} B of control`
      })
    }
    check(packet.length > BODY_OFFSET, 'size', () => `${process.id} sent an empty packet`)
    const id = fingerprint(nonceOf(packet))
    const body = fingerprint(bodyOf(packet))
    const before = this.#fingerprints.get(id)
    this.#fingerprints.set(id, body)
    if (before !== undefined && kind === Kind.data) this.repeats += 1
    check(before === undefined || before === body, 'identical', () => {
      return `${process.id} sent two packets as kind ${kind}, stream ${stream}, number ${number}`
    })
  }
}

/** IPv6 minimum MTU less headers: control must pass everywhere. */
const CONTROL_SIZE = 1232
