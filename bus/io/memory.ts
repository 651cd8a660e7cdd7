/** Transports joined inside one process, for tests and examples: no socket, no permission. */
import { BusError } from '../api/errors.ts'
import type { Endpoint } from '../core/output.ts'
import type { Transport, TransportListener } from './transport.ts'

export interface MemoryOptions {
  /** True loses this datagram on its way to this receiver. Default: nothing is lost. */
  readonly lose?: (hop: MemoryHop) => boolean
  /** Default: 1232. */
  readonly datagramSize?: number
}

/** One datagram on its way to one receiver. */
export interface MemoryHop {
  readonly from: Endpoint
  readonly to: Endpoint
  /** The group it was sent to; undefined for unicast. */
  readonly group: string | undefined
  readonly datagram: Uint8Array
}

export interface MemoryNetwork {
  /** A new transport on this network. */
  transport(): Transport
}

/** As on a real network, a member hears its own datagrams, too. */
export function memoryNetwork(options: MemoryOptions = {}): MemoryNetwork {
  const network = new Network(options)
  return { transport: () => new MemoryTransport(network) }
}

class Network {
  readonly datagramSize: number
  readonly #options: MemoryOptions
  readonly #transportByPort = new Map<number, MemoryTransport>()
  #queue: Sent[] = []
  #ports = 0

  constructor(options: MemoryOptions) {
    this.#options = options
    this.datagramSize = options.datagramSize ?? defaultSize
  }

  attach(transport: MemoryTransport): number {
    this.#ports += 1
    this.#transportByPort.set(this.#ports, transport)
    return this.#ports
  }

  detach(transport: MemoryTransport): void {
    this.#transportByPort.delete(transport.port)
  }

  /** What one turn sends is delivered in one batch, in order, after the turn. */
  carry(sent: Sent): void {
    if (this.#queue.length === 0) setImmediate(() => this.#deliver())
    this.#queue.push(sent)
  }

  #deliver(): void {
    const batch = this.#queue
    this.#queue = []
    for (const sent of batch) {
      sent.sender.sent()
      const { to } = sent
      if (typeof to !== 'string') {
        const receiver = this.#transportByPort.get(to.port)
        if (receiver?.endpoint.address === to.address) this.#hand(sent, receiver)
        continue
      }
      for (const receiver of this.#transportByPort.values()) {
        if (receiver.isMember(to)) this.#hand(sent, receiver)
      }
    }
  }

  #hand({ sender, to, datagram }: Sent, receiver: MemoryTransport): void {
    const from = sender.endpoint
    const group = typeof to === 'string' ? to : undefined
    if (this.#options.lose?.({ from, to: receiver.endpoint, group, datagram })) return
    // A copy each: nobody may see what another does with its bytes.
    receiver.hear(new Uint8Array(datagram), from)
  }
}

interface Sent {
  readonly sender: MemoryTransport
  readonly to: string | Endpoint
  readonly datagram: Uint8Array
}

class MemoryTransport implements Transport {
  readonly datagramSize: number
  readonly #network: Network
  readonly #groups = new Set<string>()
  #state: 'new' | 'open' | 'closed' = 'new'
  #listener: TransportListener | undefined
  #port = 0
  #pending = 0

  constructor(network: Network) {
    this.#network = network
    this.datagramSize = network.datagramSize
  }

  get port(): number {
    return this.#port
  }

  get pending(): number {
    return this.#pending
  }

  get endpoint(): Endpoint {
    return { address: `memory:${this.#port}`, port: this.#port }
  }

  async open(listener: TransportListener): Promise<void> {
    if (this.#state !== 'new') throw new BusError('CLOSED', 'a transport opens only once')
    this.#state = 'open'
    this.#listener = listener
    this.#port = this.#network.attach(this)
  }

  join(group: string): void {
    this.#groups.add(group)
  }

  leave(group: string): void {
    this.#groups.delete(group)
  }

  rejoin(_group: string): void {}

  send(to: string | Endpoint, datagram: Uint8Array): void {
    if (this.#state !== 'open') return
    this.#pending += 1
    this.#network.carry({ sender: this, to, datagram: new Uint8Array(datagram) })
  }

  async close(): Promise<void> {
    this.#state = 'closed'
    this.#network.detach(this)
  }

  isMember(group: string): boolean {
    return this.#groups.has(group)
  }

  sent(): void {
    this.#pending -= 1
  }

  hear(bytes: Uint8Array, from: Endpoint): void {
    if (this.#state === 'open') this.#listener?.datagram(bytes, from)
  }
}

const defaultSize = 1_232
