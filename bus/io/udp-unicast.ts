/** The transport over unicast UDP alone, where there is no multicast: no group is joined. */
import { BusError } from '../api/errors.ts'
import type { Endpoint } from '../core/output.ts'
import type { Transport, TransportListener } from './transport.ts'
import { openPrivate } from './udp-receive.ts'
import { defaultSize } from './udp-scope.ts'
import { closeSocket, openError, openSocket, systemCode } from './udp-socket.ts'
import type { Socket } from 'node:dgram'

/** `unicastPort`: the port to have, if it is free. */
export function unicastTransport(unicastPort?: number): Transport {
  const open: Opener = (parts, failed) => openPrivate({ unicastPort, ...parts }, failed)
  return new UnicastTransport({ size: SMALLEST_MTU_SIZE, port: unicastPort ?? 0, open })
}

/** On `::1` alone, where no other machine can send to it. */
export function loopbackTransport(): Transport {
  const open: Opener = (_, failed) => openSocket({ address: '::1', failed })
  return new UnicastTransport({ size: defaultSize('host'), port: 0, open })
}

type Opener = (
  parts: { readonly warn: (message: string) => void },
  failed: (error: Error) => void,
) => Socket

interface Parts {
  readonly size: number
  /** As an error names it. */
  readonly port: number
  readonly open: Opener
}

class UnicastTransport implements Transport {
  readonly datagramSize: number
  readonly path = 'unicast'
  readonly #parts: Parts
  #socket: Socket | undefined
  #state: 'new' | 'open' | 'closed' = 'new'
  #pending = 0

  constructor(parts: Parts) {
    this.#parts = parts
    this.datagramSize = parts.size
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
      this.#socket = this.#parts.open({ warn }, failed)
    } catch (error) {
      throw openError(error, this.#parts.port)
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

/** Every IPv6 path carries it whole. */
const SMALLEST_MTU_SIZE = 1232
