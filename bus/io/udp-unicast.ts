/** The transport over unicast UDP alone, for a network without multicast: no group is joined. */
import { BusError } from '../api/errors.ts'
import type { Endpoint } from '../core/output.ts'
import type { Transport, TransportListener } from './transport.ts'
import { openPrivate } from './udp-receive.ts'
import { closeSocket, openError, systemCode } from './udp-socket.ts'
import type { Socket } from 'node:dgram'

/** `unicastPort`: the port to have, if it is free. */
export function unicastTransport(unicastPort?: number): Transport {
  return new UnicastTransport(unicastPort)
}

class UnicastTransport implements Transport {
  /** Every IPv6 path carries it whole. */
  readonly datagramSize = 1232
  readonly path = 'unicast'
  readonly #port: number | undefined
  #socket: Socket | undefined
  #state: 'new' | 'open' | 'closed' = 'new'
  #pending = 0

  constructor(port: number | undefined) {
    this.#port = port
  }

  get port(): number {
    return this.#socket?.address().port ?? 0
  }

  get pending(): number {
    return this.#pending
  }

  async open(listener: TransportListener): Promise<void> {
    if (this.#state !== 'new') throw new BusError('CLOSED', 'a transport opens only once')
    this.#state = 'open'
    const warn = (message: string): void => listener.event({ type: 'warning', message })
    const failed = (error: Error): void => warn(`receiving failed: ${systemCode(error)}`)
    try {
      this.#socket = openPrivate({ unicastPort: this.#port, warn }, failed)
    } catch (error) {
      throw openError(error, this.#port ?? 0)
    }
    this.#socket.on('message', (bytes, { address, port }) => {
      if (this.#state === 'open') listener.datagram(bytes, { address, port, rung: 'unicast' })
    })
  }

  join(): void {}
  leave(): void {}
  rejoin(): void {}

  send(to: string | Endpoint, datagram: Uint8Array): void {
    if (typeof to === 'string' || this.#state !== 'open' || !this.#socket) return
    this.#pending += 1
    try {
      this.#socket.send(datagram, to.port, to.address, this.#done)
    } catch {
      this.#pending -= 1 // A port or address that nobody can have: lost on the way.
    }
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    if (this.#socket) await closeSocket(this.#socket)
  }

  readonly #done = (): void => {
    this.#pending -= 1
  }
}
