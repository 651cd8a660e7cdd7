/** The two sockets of a channel: one that hears its group and nothing else, one that sends. */
import type { Socket } from 'node:dgram'
import { BusError } from '../api/errors.ts'
import { InterfaceMonitor, type InterfaceChange } from '../io/interface-monitor.ts'
import { listInterfaces } from '../io/interfaces.ts'
import { closeSocket, openError, openSendSocket, openSocket, systemCode } from '../io/udp-socket.ts'
import type { Place } from './place.ts'

export interface Listener {
  message(bytes: Uint8Array, from: string): void
  failed(error: BusError): void
}

export class ChannelSockets {
  readonly #place: Place
  readonly #receiver: Socket
  readonly #sender: Socket
  readonly #monitor: InterfaceMonitor
  #pendingSize = 0

  /** Throws PORT_IN_USE, DENIED or NO_PATH. */
  constructor(place: Place, listener: Listener) {
    this.#place = place
    this.#sender = openSender(place)
    try {
      this.#receiver = openReceiver(place, listener)
    } catch (error) {
      this.#sender.close()
      throw error
    }
    const { name } = place.interface
    this.#monitor = new InterfaceMonitor([place.interface], {
      look: () => listInterfaces().filter((one) => one.name === name),
      report: (change) => this.#follow(change),
    })
  }

  /** Resolves when the system has taken the datagram. */
  async send(datagram: Uint8Array): Promise<void> {
    const { port, group } = this.#place
    if (this.#pendingSize + datagram.length > PENDING_SIZE) {
      throw new BusError('OVERFLOW', `${PENDING_SIZE} bytes wait to be sent: await each send`)
    }
    this.#pendingSize += datagram.length
    try {
      await new Promise<void>((resolve, reject) => {
        this.#sender.send(datagram, port, group, (error) => (error ? reject(error) : resolve()))
      })
    } catch (error) {
      throw sendError(error, this.#place)
    } finally {
      this.#pendingSize -= datagram.length
    }
  }

  async close(): Promise<void> {
    this.#monitor.close()
    await Promise.all([closeSocket(this.#receiver), closeSocket(this.#sender)])
  }

  /** An interface that was made again has the name, but neither membership nor sockets. */
  #follow({ type, interface: by }: InterfaceChange): void {
    if (type === 'down' || type === 'addresses') return
    try {
      this.#sender.setMulticastInterface(`::%${by.zone}`)
      this.#receiver.addMembership(this.#place.group, `::%${by.zone}`)
    } catch {
      // It is a member still, or the interface has gone again, which the monitor will tell.
    }
  }
}

/**
 * Bound to the group's own address, so that datagrams of other groups on the port stay away and
 * unicast to the port stays with the Librecast program that owns it. Windows has no such binding.
 */
function openReceiver(place: Place, listener: Listener): Socket {
  const { group, port } = place
  const failed = (error: Error): void => listener.failed(openError(error, port))
  const address = process.platform === 'win32' ? '::' : group
  try {
    const socket = openSocket({ address, port, shared: true, failed })
    socket.on('message', (bytes, from) => {
      const { buffer, byteOffset, length } = bytes
      listener.message(new Uint8Array(buffer, byteOffset, length), from.address)
    })
    try {
      socket.addMembership(group, `::%${place.interface.zone}`)
    } catch (error) {
      socket.close()
      throw error
    }
    return socket
  } catch (error) {
    throw openError(error, port)
  }
}

/** On a port of its own: a second socket on the shared port would take its unicast away. */
function openSender(place: Place): Socket {
  try {
    const socket = openSendSocket(place.interface, place.hops)
    socket.setMulticastLoopback(place.loopback)
    return socket
  } catch (error) {
    throw openError(error, 0)
  }
}

function sendError(cause: unknown, { interface: { name } }: Place): BusError {
  const code = systemCode(cause)
  if (code === 'EMSGSIZE') {
    return new BusError('TOO_LARGE', `interface '${name}' refused the datagram's size`, { cause })
  }
  return new BusError('NO_PATH', `no multicast leaves by '${name}' (${code}): is it up?`, { cause })
}

/** Bytes handed to the system and not yet taken by it. */
const PENDING_SIZE = 4 * 1024 * 1024
