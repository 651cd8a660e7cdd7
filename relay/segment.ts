/**
 * The network that a relay is on: joins and sends as the bridge wants, and tells what comes by
 * which group, or to which private port.
 *
 * It has one face for each interface, or one for all of them where they cannot be told apart.
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
  /** Each interface is a face of its own. */
  readonly apart: boolean
  readonly opened: (face: string) => void
  readonly closed: (face: string) => void
  readonly group: (group: string, heard: Heard) => void
  readonly unicast: (port: number, heard: Heard) => void
  readonly event: (event: TransportEvent) => void
}

interface Datagram {
  readonly bytes: Uint8Array
  readonly from: RemoteInfo
}

export interface Heard {
  readonly bytes: Uint8Array
  readonly from: Endpoint
  readonly face: string
}

/** Addresses are as links write them: eight words, and the zone as the interface's number. */
export class Segment {
  readonly #options: SegmentOptions
  readonly #transport: UdpTransport
  readonly #socketByPort = new Map<number, Socket>()
  /** A port for what comes from who has none here; 0: none yet. */
  #spare = 0
  readonly #groupsByFace = new Map<string, Set<string>>()
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

  /** The faces that are in use. */
  get faces(): string[] {
    const ears = [...this.#ears].filter(({ closed }) => !closed)
    return this.#options.apart ? ears.map(({ interface: { name } }) => name) : [ALL]
  }

  /** Rejects as a peer's transport does. */
  async open(): Promise<void> {
    const { event } = this.#options
    await this.#transport.open({ datagram: () => undefined, event })
    if (!this.#options.apart) this.#options.opened(ALL)
  }

  join(face: string, group: string): void {
    this.#transport.join(group, nameOf(face))
    const groups = this.#groupsByFace.get(face) ?? new Set()
    this.#groupsByFace.set(face, groups.add(group))
  }

  leave(face: string, group: string): void {
    this.#transport.leave(group, nameOf(face))
    this.#groupsByFace.get(face)?.delete(group)
  }

  rejoin(group: string): void {
    this.#transport.rejoin(group)
  }

  multicast(face: string, group: string, datagram: Uint8Array): void {
    this.#transport.send(group, datagram, nameOf(face))
  }

  /** From a private port, or where that is not open here, from any. */
  unicast(port: number, to: Endpoint, datagram: Uint8Array): void {
    try {
      const socket = this.#socketByPort.get(port) ?? this.#spareSocket()
      socket?.send(datagram, to.port, this.#zoned(to.address), ignore)
    } catch {
      // A port or address that nobody can have: lost on the way.
    }
  }

  /** A private port, the wanted one if it is free; throws the system's error. */
  openPort(wanted: number, exactly = false): number {
    const { unicast, event, scope } = this.#options
    const failed = (error: Error): void =>
      event({ type: 'warning', message: `receiving failed: ${systemCode(error)}` })
    // At scope host no other machine shall reach it.
    const address = scope === 'host' ? '::1' : '::'
    let socket: Socket
    try {
      socket = openSocket({ address, port: wanted, failed })
    } catch (error) {
      if (wanted === 0 || exactly) throw error
      socket = openSocket({ address, failed })
    }
    enlarge(socket)
    const { port } = socket.address()
    socket.on('message', (bytes, from) =>
      unicast(port, { bytes, from: this.#plain(from), face: this.#faceOf(from.address) }),
    )
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

  #spareSocket(): Socket | undefined {
    if (!this.#socketByPort.has(this.#spare)) this.#spare = this.openPort(0)
    return this.#socketByPort.get(this.#spare)
  }

  #groupsOf(by: NetworkInterface): GroupSockets {
    const { apart } = this.#options
    for (const ear of this.#ears) if (ear.closed) this.#ears.delete(ear)
    const ears: GroupSockets = new GroupSockets({
      interface: by,
      port: this.#options.port,
      heard: (group, bytes, from) => {
        if (!this.#isDouble(ears, by, group))
          this.#hear(apart ? by.name : ALL, group, { bytes, from })
      },
      warn: (message) => this.#options.event({ type: 'warning', message }),
      closed: () => {
        if (apart) this.#onClosed(by.name)
      },
    })
    this.#ears.add(ears)
    // The path is used from the end of this turn on.
    if (apart) queueMicrotask(() => !ears.closed && this.#options.opened(by.name))
    return ears
  }

  #onClosed(face: string): void {
    for (const group of this.#groupsByFace.get(face) ?? []) this.#transport.leave(group, face)
    this.#groupsByFace.delete(face)
    this.#options.closed(face)
  }

  /** Whose interface a link-local sender is on; of others nothing tells. */
  #faceOf(address: string): string {
    if (!this.#options.apart) return ALL
    const zone = address.split('%')[1]
    for (const { interface: one } of this.#ears) if (one.zone === zone) return one.name
    return ''
  }

  /** Whether another interface's socket hears the same datagram as this one. */
  #isDouble(ears: GroupSockets, by: NetworkInterface, group: string): boolean {
    if (this.#transport.isMuted(by.name)) return true
    // Beyond the link the system does not keep interfaces apart: each socket hears all of them.
    const kept = this.#options.scope === 'host' || this.#options.scope === 'link'
    return !kept && [...this.#ears].find((one) => one.has(group)) !== ears
  }

  /** What this relay has sent itself comes back to its own host, and goes no further. */
  #hear(face: string, group: string, { bytes, from }: Datagram): void {
    if (this.#transport.isEcho(from)) return
    this.#options.group(group, { bytes, from: this.#plain(from), face })
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

/** The name of an interface, for a face that is one. */
function nameOf(face: string): string | undefined {
  return face === ALL ? undefined : face
}

function ignore(): void {}

/** The face of all interfaces together. */
const ALL = ''

/** Texts of addresses that are remembered, to spare the work. */
const ADDRESSES_MAX = 4096
