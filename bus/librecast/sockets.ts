/** The two sockets of a channel: one that hears its group and nothing else, one that sends. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { BusError } from '../api/errors.ts'
import type { ChannelInterface } from './interface.ts'

export interface Place {
  readonly group: string
  readonly port: number
  readonly hops: number
  readonly loopback: boolean
  readonly interface: ChannelInterface
}

/**
 * Bound to the group's own address, so that datagrams of other groups on the port stay away and
 * unicast to the port stays with the Librecast program that owns it. Windows has no such binding.
 */
export async function openReceiver(place: Place, listener: Listener): Promise<Socket> {
  const socket = createSocket({ type: 'udp6', reuseAddr: true, ipv6Only: true })
  try {
    await bind(socket, place.port, process.platform === 'win32' ? '::' : place.group)
    socket.addMembership(place.group, place.interface.zone)
  } catch (error) {
    socket.close()
    throw describe(error, place)
  }
  socket.on('message', (bytes, from) => {
    listener.message(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length), from)
  })
  socket.on('error', (error) => listener.failed(describe(error, place)))
  return socket
}

/** On a port of its own: a second socket on the shared port would take its unicast away. */
export async function openSender(
  place: Place,
  listener: Pick<Listener, 'failed'>,
): Promise<Socket> {
  const socket = createSocket({ type: 'udp6', ipv6Only: true })
  try {
    await bind(socket, 0, '::')
    socket.setMulticastInterface(place.interface.zone)
    socket.setMulticastTTL(place.hops)
    socket.setMulticastLoopback(place.loopback)
  } catch (error) {
    socket.close()
    throw describe(error, place)
  }
  socket.on('error', (error) => listener.failed(describe(error, place)))
  return socket
}

export function sendTo(socket: Socket, place: Place, datagram: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(datagram, place.port, place.group, (error) => {
      if (error) reject(describe(error, place))
      else resolve()
    })
  })
}

export function closeSocket(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.close(() => resolve())
  })
}

export interface Listener {
  message(bytes: Uint8Array, from: RemoteInfo): void
  failed(error: BusError): void
}

function bind(socket: Socket, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.bind({ port, address }, () => {
      socket.off('error', reject)
      resolve()
    })
  })
}

/** The system's code becomes one of the bus, with what to do about it. */
function describe(cause: unknown, place: Place): BusError {
  const { name } = place.interface
  switch (systemCode(cause)) {
    case 'EADDRINUSE':
      return new BusError('PORT_IN_USE', `port ${place.port} is not shared by its owner`, { cause })
    case 'EACCES':
    case 'EPERM':
      return new BusError('DENIED', `the system refused the socket on '${name}'`, { cause })
    case 'ENODEV':
    case 'EADDRNOTAVAIL':
      return new BusError('NO_INTERFACE', `interface '${name}' has gone or is starting`, { cause })
    case 'EMSGSIZE':
      return new BusError('TOO_LARGE', `interface '${name}' refused the datagram's size`, { cause })
    default:
      return new BusError('NO_PATH', `no multicast route by '${name}': is it up?`, { cause })
  }
}

function systemCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
