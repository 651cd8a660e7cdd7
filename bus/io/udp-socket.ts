/** Opens UDP sockets whose bind and connect are done at once, and puts system errors in words. */
import { createSocket, type Socket } from 'node:dgram'
import { BusError } from '../api/errors.ts'
import type { NetworkInterface } from './interfaces.ts'

export interface SocketOptions {
  readonly address?: string
  readonly port?: number
  /** Other sockets may bind the port too. */
  readonly shared?: boolean
  /** What the socket reports later; never thrown, never unhandled. */
  readonly failed?: (error: Error) => void
}

/** Bound when it returns; throws the system's error. */
export function openSocket(options: SocketOptions = {}): Socket {
  const { address = '::', port = 0, shared = false, failed = ignore } = options
  // Every address is a literal, so the lookup answers at once. That makes bind and connect
  // synchronous: a datagram sent next goes out next, and nothing waits in a queue of its own.
  const socket = createSocket({ type: 'udp6', ipv6Only: true, reuseAddr: shared, lookup: literal })
  let failure: unknown
  const note = (error: Error): void => {
    failure ??= error
  }
  socket.on('error', note)
  // A cluster's worker shall have sockets of its own.
  socket.bind({ port, address, exclusive: true })
  if (failure !== undefined) {
    socket.close()
    throw failure
  }
  socket.off('error', note)
  socket.on('error', failed)
  return socket
}

/** Sends multicast by this interface only; port and, by default, address are the system's choice. */
export function openSendSocket(by: NetworkInterface, hops: number, address?: string): Socket {
  const socket = openSocket(address === undefined ? {} : { address })
  try {
    socket.setMulticastInterface(`::%${by.zone}`)
    socket.setMulticastTTL(hops)
    // The other processes of this host are on the bus, too.
    socket.setMulticastLoopback(true)
    socket.setSendBufferSize(sendBuffer)
  } catch (error) {
    socket.close()
    throw error
  }
  return socket
}

/** Connects at once; false when there is no route now. */
export function connectSocket(socket: Socket, port: number, address: string): boolean {
  socket.connect(port, address, ignore)
  try {
    socket.remoteAddress()
    return true
  } catch {
    return false
  }
}

/** The error code of a route lookup, which sends nothing; undefined when datagrams would leave. */
export function probeRoute(by: NetworkInterface, group: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    let socket: Socket | undefined
    try {
      socket = openSendSocket(by, 0)
      const probe = socket
      probe.connect(probePort, `${group}%${by.zone}`, (error?: Error) => {
        probe.close()
        resolve(error === undefined ? undefined : systemCode(error))
      })
    } catch (error) {
      socket?.close()
      resolve(systemCode(error))
    }
  })
}

/** As `probeRoute`, at once; throws when there is no socket to ask with. */
export function hasRoute(by: NetworkInterface, group: string): boolean {
  const socket = openSendSocket(by, 0)
  const routed = connectSocket(socket, probePort, `${group}%${by.zone}`)
  socket.close()
  return routed
}

export function closeSocket(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.close(() => resolve())
  })
}

/** What a failed open means to the caller. */
export function openError(cause: unknown, port: number): BusError {
  const code = systemCode(cause)
  switch (code) {
    case 'EADDRINUSE':
      return new BusError(
        'PORT_IN_USE',
        `UDP port ${port} belongs to a program that does not share it: ` +
          `end that program (\`ss -ulpn 'sport = :${port}'\` names it) or choose another port`,
        { cause },
      )
    case 'EACCES':
    case 'EPERM':
      return new BusError('DENIED', `the system refused UDP port ${port} (${code})`, { cause })
    case 'EMFILE':
    case 'ENFILE':
    case 'ERR_SYSTEM_ERROR':
      return new BusError('DENIED', 'too many open files: raise `ulimit -n`', { cause })
    case 'EAFNOSUPPORT':
    case 'EADDRNOTAVAIL':
      return new BusError('NO_PATH', 'this system has no IPv6: enable it in the kernel', { cause })
    default:
      return new BusError('NO_PATH', `cannot open UDP port ${port}: ${code}`, { cause })
  }
}

/** No more files or sockets for this process, or for the whole system. */
export function isOutOfFiles(code: string): boolean {
  // The last is how Node says that it had no socket to list the interfaces with.
  return code === 'EMFILE' || code === 'ENFILE' || code === 'ERR_SYSTEM_ERROR'
}

export function systemCode(error: unknown): string {
  if (error instanceof Error && 'code' in error) return String(error.code)
  return String(error)
}

function literal(
  address: string,
  _options: unknown,
  callback: (error: null, address: string, family: number) => void,
): void {
  callback(null, address, 6)
}

function ignore(): void {}

/** Room for a burst; the kernel cuts it to net.core.wmem_max. */
const sendBuffer = 4 * 1024 * 1024
/** Discard; nothing is ever sent to it. */
const probePort = 9
