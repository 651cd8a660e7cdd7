/**
 * The network that a relay is on: joins and sends as its links want, and tells what comes by which
 * group, or to which link's private port.
 */
import type { RemoteInfo, Socket } from 'node:dgram'
import type { Scope } from '../bus/api/options.ts'
import type { Endpoint } from '../bus/core/output.ts'
import { addressBytes, addressText } from '../bus/core/wire/address.ts'
import { listInterfaces, type NetworkInterface } from '../bus/io/interfaces.ts'
import type { TransportEvent } from '../bus/io/transport.ts'
import { UdpTransport } from '../bus/io/udp.ts'
import { closeSocket, openSocket, systemCode } from '../bus/io/udp-socket.ts'
import { enlarge, GroupSockets } from './segment-groups.ts'

export interface SegmentOptions {
  readonly scope: Scope
  readonly interfaces: readonly string[] | undefined
  readonly port: number
  readonly hops: number | undefined
  readonly group: (group: string, bytes: Uint8Array, from: Endpoint) => void
  readonly unicast: (port: number, bytes: Uint8Array, from: Endpoint) => void
  readonly event: (event: TransportEvent) => void
}

/** Addresses are as links write them: eight words, and the zone as the interface's number. */
export class Segment {
  readonly #options: SegmentOptions
  readonly #transport: UdpTransport
  readonly #socketByPort = new Map<number, Socket>()
  /** One for each interface, in the order in which they came. */
  readonly #ears = new Set<GroupSockets>()
  /** Addresses as the system writes them, and as links do. */
  readonly #plainByText = new Map<string, string>()
  readonly #indexByZone = new Map<string, string>()
  readonly #zoneByIndex = new Map<string, string>()

  constructor(options: SegmentOptions) {
    this.#options = options
    const { scope, interfaces, port, hops } = options
    this.#transport = new UdpTransport(
      { scope, interfaces, port, hops },
      {
        receiver: () => ({ port: 0, send: () => undefined, close: async () => undefined }),
        memberships: (by) => this.#groupsOf(by),
        connects: false,
      },
    )
  }

  get datagramSize(): number {
    return this.#transport.datagramSize
  }

  /** Rejects as a peer's transport does. */
  async open(): Promise<void> {
    const { event } = this.#options
    await this.#transport.open({ datagram: () => undefined, event })
  }

  join(group: string): void {
    this.#transport.join(group)
  }

  leave(group: string): void {
    this.#transport.leave(group)
  }

  rejoin(group: string): void {
    this.#transport.rejoin(group)
  }

  multicast(group: string, datagram: Uint8Array): void {
    this.#transport.send(group, datagram)
  }

  /** From the private port of a link. */
  unicast(port: number, to: Endpoint, datagram: Uint8Array): void {
    try {
      this.#socketByPort.get(port)?.send(datagram, to.port, this.#zoned(to.address), ignore)
    } catch {
      // A port or address that nobody can have: lost on the way.
    }
  }

  /** A private port for a link, the wanted one if it is free; throws the system's error. */
  openPort(wanted: number): number {
    const { unicast, event, scope } = this.#options
    const failed = (error: Error): void =>
      event({ type: 'warning', message: `receiving failed: ${systemCode(error)}` })
    // At scope host no other machine shall reach it.
    const address = scope === 'host' ? '::1' : '::'
    let socket: Socket
    try {
      socket = openSocket({ address, port: wanted, failed })
    } catch (error) {
      if (wanted === 0) throw error
      socket = openSocket({ address, failed })
    }
    enlarge(socket)
    const { port } = socket.address()
    socket.on('message', (bytes, from) => unicast(port, bytes, this.#plain(from)))
    this.#socketByPort.set(port, socket)
    return port
  }

  closePort(port: number): void {
    this.#socketByPort.get(port)?.close()
    this.#socketByPort.delete(port)
  }

  async close(): Promise<void> {
    const sockets = [...this.#socketByPort.values()]
    this.#socketByPort.clear()
    await Promise.all([this.#transport.close(), ...sockets.map(closeSocket)])
  }

  #groupsOf(by: NetworkInterface): GroupSockets {
    for (const ear of this.#ears) if (ear.closed) this.#ears.delete(ear)
    const ears: GroupSockets = new GroupSockets({
      interface: by,
      port: this.#options.port,
      heard: (group, bytes, from) => {
        if (!this.#isDouble(ears, by, group)) this.#hear(group, bytes, from)
      },
      warn: (message) => this.#options.event({ type: 'warning', message }),
    })
    this.#ears.add(ears)
    return ears
  }

  /** Whether another interface's socket hears the same datagram as this one. */
  #isDouble(ears: GroupSockets, by: NetworkInterface, group: string): boolean {
    if (this.#transport.isMuted(by.name)) return true
    // Beyond the link the system does not keep interfaces apart: each socket hears all of them.
    const apart = this.#options.scope === 'host' || this.#options.scope === 'link'
    return !apart && [...this.#ears].find((one) => one.has(group)) !== ears
  }

  /** What this relay has sent itself comes back to its own host, and goes no further. */
  #hear(group: string, bytes: Uint8Array, from: RemoteInfo): void {
    if (!this.#transport.isEcho(from)) this.#options.group(group, bytes, this.#plain(from))
  }

  #plain({ address, port }: Endpoint): Endpoint {
    // Private ports are on ::1 there, whatever address a peer has sent from.
    const text = this.#options.scope === 'host' ? '::1' : address
    const known = this.#plainByText.get(text)
    if (known !== undefined) return { address: known, port }
    const [bare = '', zone] = text.split('%')
    const bytes = addressBytes(bare)
    const plain = (bytes ? addressText(bytes) : bare) + (zone ? `%${this.#indexOf(zone)}` : '')
    if (this.#plainByText.size >= ADDRESSES_MAX) this.#plainByText.clear()
    this.#plainByText.set(text, plain)
    return { address: plain, port }
  }

  #indexOf(zone: string): string {
    const known = this.#indexByZone.get(zone)
    if (known !== undefined) return known
    for (const one of listInterfaces()) {
      this.#indexByZone.set(one.zone, String(one.index))
      this.#zoneByIndex.set(String(one.index), one.zone)
    }
    return this.#indexByZone.get(zone) ?? '0'
  }

  #zoned(plain: string): string {
    const [bare = '', index] = plain.split('%')
    const zone = index === undefined ? undefined : this.#zoneByIndex.get(index)
    return zone === undefined ? bare : `${bare}%${zone}`
  }
}

function ignore(): void {}

/** Texts of addresses that are remembered, to spare the work. */
const ADDRESSES_MAX = 4096
