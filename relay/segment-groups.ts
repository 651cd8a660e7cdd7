/**
 * The groups of one interface as a relay hears them: a socket each, so that it is known which group
 * a datagram was for.
 *
 * A peer's one wildcard socket hears every group that any process of the host has joined, and the
 * system does not tell which one it was. A socket that is bound to the group's own address hears
 * that group alone.
 */
import type { RemoteInfo, Socket } from 'node:dgram'
import type { NetworkInterface } from '../bus/io/interfaces.ts'
import type { GroupMemberships } from '../bus/io/udp-path.ts'
import { closeSocket, openSocket, systemCode } from '../bus/io/udp-socket.ts'

export interface GroupSocketsOptions {
  readonly interface: NetworkInterface
  readonly port: number
  readonly heard: (group: string, bytes: Uint8Array, from: RemoteInfo) => void
  readonly warn: (message: string) => void
  readonly closed: () => void
}

export class GroupSockets implements GroupMemberships {
  readonly #options: GroupSocketsOptions
  readonly #socketByGroup = new Map<string, Socket>()
  #closed = false

  constructor(options: GroupSocketsOptions) {
    this.#options = options
  }

  get interface(): NetworkInterface {
    return this.#options.interface
  }

  get closed(): boolean {
    return this.#closed
  }

  has(group: string): boolean {
    return this.#socketByGroup.has(group)
  }

  join(group: string): void {
    if (this.#socketByGroup.has(group)) return
    const { port, heard, warn } = this.#options
    const failed = (error: Error): void => warn(`receiving failed: ${systemCode(error)}`)
    // The zone keeps groups of the same name on other interfaces away.
    const address = `${group}%${this.#options.interface.zone}`
    const socket = openSocket({ address, port, shared: true, failed })
    try {
      socket.addMembership(group, this.#zone)
    } catch (error) {
      socket.close()
      throw error
    }
    enlarge(socket)
    socket.on('message', (bytes, from) => heard(group, bytes, from))
    this.#socketByGroup.set(group, socket)
  }

  leave(group: string): void {
    this.#socketByGroup.get(group)?.close()
    this.#socketByGroup.delete(group)
  }

  rejoin(group: string): void {
    const socket = this.#socketByGroup.get(group)
    if (!socket) return this.join(group)
    try {
      socket.dropMembership(group, this.#zone)
    } catch {
      // The interface has gone and has taken the membership with it.
    }
    try {
      socket.addMembership(group, this.#zone)
    } catch (error) {
      this.leave(group)
      throw error
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#options.closed()
    const sockets = [...this.#socketByGroup.values()]
    this.#socketByGroup.clear()
    await Promise.all(sockets.map(closeSocket))
  }

  get #zone(): string {
    return `::%${this.#options.interface.zone}`
  }
}

/** Bytes that may wait in the kernel while the relay is busy; it cuts them to its own bound. */
export function enlarge(socket: Socket): void {
  try {
    socket.setRecvBufferSize(RECEIVE_BUFFER)
  } catch {
    // The default will do.
  }
}

const RECEIVE_BUFFER = 4 * 1024 * 1024
