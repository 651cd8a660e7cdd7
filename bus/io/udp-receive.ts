/** The two sockets that read: the shared port for multicast, a private one for unicast. */
import type { RemoteInfo, Socket } from 'node:dgram'
import type { Endpoint, Rung } from '../core/output.ts'
import type { FastPath } from '../native/fast-path.ts'
import { eachJoined } from './udp-joined.ts'
import { closeSocket, openError, openSocket, systemCode } from './udp-socket.ts'

export interface ReceiverOptions {
  readonly port: number
  /** The private port to have, if it is free. Default: any. */
  readonly unicastPort?: number | undefined
  readonly receiveBuffer: number
  /** Lets the kernel join what comes. */
  readonly fast?: FastPath | undefined
  /** True at scope `host`: what comes from another machine is dropped unseen. */
  readonly hostOnly: boolean
  /** Whether the address is one of this machine's. */
  readonly isOwn: (address: string) => boolean
  readonly datagram: (bytes: Uint8Array, from: Endpoint) => void
  readonly warn: (message: string) => void
}

/**
 * One wildcard socket reads the shared port. Multicast reaches every socket on the port, but
 * unicast only the one bound last, whoever that is: so unicast has a private port, which its
 * owner tells the others.
 */
export class Receiver {
  readonly #shared: Socket
  readonly #private: Socket
  readonly #fast: FastPath | undefined

  /** Throws a BusError. */
  constructor(options: ReceiverOptions) {
    this.#fast = options.fast
    const failed = (error: Error): void => options.warn(`receiving failed: ${systemCode(error)}`)
    try {
      this.#private = options.hostOnly ? openOnLoopback(failed) : openPrivate(options, failed)
    } catch (error) {
      throw openError(error, 0)
    }
    try {
      this.#shared = openSocket({ port: options.port, shared: true, failed })
    } catch (error) {
      this.#private.close()
      throw openError(error, options.port)
    }
    const size = enlarge(this.#shared, options.receiveBuffer)
    enlarge(this.#private, options.receiveBuffer)
    if (size < options.receiveBuffer) options.warn(smallBuffer(size, options.receiveBuffer))
    this.#listen(this.#shared, listener(options, 'multicast'))
    this.#listen(this.#private, listener(options, 'unicast'))
  }

  get port(): number {
    return this.#private.address().port
  }

  #listen(socket: Socket, listen: Listen): void {
    if (!this.#fast?.join(socket)) return void socket.on('message', listen)
    socket.on('message', (bytes, from) => eachJoined(bytes, (datagram) => listen(datagram, from)))
  }

  /** Sends unicast from the private port, so that answers to the source arrive, too. */
  send(to: Endpoint, datagram: Uint8Array, done: (error: Error | null) => void): void {
    this.#private.send(datagram, to.port, to.address, done)
  }

  async close(): Promise<void> {
    await Promise.all([closeSocket(this.#shared), closeSocket(this.#private)])
  }
}

/** Another process of this host may have the port that is wished for. */
export function openPrivate(
  { unicastPort: port, warn }: Pick<ReceiverOptions, 'unicastPort' | 'warn'>,
  failed: (error: Error) => void,
): Socket {
  try {
    return openSocket({ ...(port !== undefined && { port }), failed })
  } catch (error) {
    if (port === undefined) throw error
    warn(`UDP port ${port} is not to be had (${systemCode(error)}): unicast comes to another one`)
    return openSocket({ failed })
  }
}

/** At scope `host` on ::1, where no other machine can reach it. */
function openOnLoopback(failed: (error: Error) => void): Socket {
  try {
    return openSocket({ address: loopback, failed })
  } catch {
    return openSocket({ failed }) // The loopback interface is down: multicast still works.
  }
}

/**
 * Tells by which way datagrams come. At scope host multicast comes from no other machine, the kernel
 * sees to that; unicast to the shared port might. Whatever address a peer sent from, its private
 * port is on ::1.
 */
function listener(options: ReceiverOptions, rung: Rung): Listen {
  if (!options.hostOnly) {
    return (bytes, from) => {
      from.rung = rung
      options.datagram(bytes, from)
    }
  }
  return (bytes, from) => {
    if (from.address !== loopback && !options.isOwn(from.address)) return
    from.address = loopback
    from.rung = rung
    options.datagram(bytes, from)
  }
}

/** The size in effect, in the unit that was asked for. */
function enlarge(socket: Socket, size: number): number {
  try {
    socket.setRecvBufferSize(size)
    // Linux doubles what it is asked for and reports the double.
    return socket.getRecvBufferSize() / (process.platform === 'linux' ? 2 : 1)
  } catch {
    return 0
  }
}

function smallBuffer(size: number, wanted: number): string {
  return (
    `the receive buffer is ${size} bytes, not ${wanted}: bursts may be lost and repaired; ` +
    `as root: sysctl -w net.core.rmem_max=${wanted}`
  )
}

type Listen = (bytes: Uint8Array, from: RemoteInfo & { rung?: Rung }) => void

const loopback = '::1'
