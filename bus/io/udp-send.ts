/** Sends multicast by one interface, from a connected socket for each busy group. */
import type { Socket } from 'node:dgram'
import type { FastPath } from '../native/fast-path.ts'
import { isCurrent, type NetworkInterface } from './interfaces.ts'
import { Runs } from './udp-runs.ts'
import type { Run } from './udp-run.ts'
import {
  closeSocket,
  connectSocket,
  isOutOfFiles,
  openSendSocket,
  systemCode,
} from './udp-socket.ts'

export interface SenderOptions {
  readonly interface: NetworkInterface
  readonly port: number
  readonly hops: number
  /** True at scope `host`, where any address of the interface can be answered. */
  readonly hostOnly: boolean
  /** Joins what one turn sends to a group. */
  readonly fast?: FastPath | undefined
  /** The interface carries datagrams again, or does not any more and why. */
  readonly changed: (reason: string | undefined) => void
  /** A datagram was refused for a reason of its own. */
  readonly refused: (code: string) => void
}

/**
 * The kernel looks up route and source address once for a connected socket and each time for
 * another, which costs three times as much a datagram. Idle groups give way to busy ones; a group
 * without a socket of its own uses one that all such groups share.
 */
export class GroupSender {
  /** How many groups may have sockets of their own; 0: all share one. */
  socketsMax: number = defaultSocketsMax
  readonly #options: SenderOptions
  #interface: NetworkInterface
  readonly #socketByGroup = new Map<string, GroupSocket>()
  #spare: Socket | undefined
  #sparePort = 0
  #sent = 0
  #missed = 0
  #pending = 0
  #reason: string | undefined
  readonly #runs: Runs | undefined

  constructor(options: SenderOptions) {
    this.#options = options
    const { fast } = options
    const single = (group: string, datagram: Uint8Array): void => this.#single(group, datagram)
    const run = (group: string, joined: Run): void => this.#joined(group, joined)
    if (fast) this.#runs = new Runs({ fast, single, run })
    this.#interface = options.interface
  }

  /** Datagrams handed to the system but not yet reported as sent. */
  get pending(): number {
    return this.#pending
  }

  /** The port of the shared socket; 0 while there is none. */
  get sharedPort(): number {
    return this.#sparePort
  }

  /** Why nothing can leave, while nothing can. */
  get reason(): string | undefined {
    return this.#reason
  }

  send(group: string, datagram: Uint8Array): void {
    this.#pending += 1
    if (!this.#runs?.take(group, datagram)) this.#single(group, datagram)
  }

  #single(group: string, datagram: Uint8Array): void {
    const own = this.#socketByGroup.get(group) ?? this.#admit(group)
    try {
      if (own !== undefined) {
        own.usedAt = ++this.#sent
        own.socket.send(datagram, this.#done)
      } else {
        this.#spare ??= this.#openSpare()
        this.#spare.send(datagram, this.#options.port, this.#zoned(group), this.#done)
      }
    } catch (error) {
      // Later, as the system's own errors: the caller is in the middle of something.
      process.nextTick(this.#done, error)
    }
  }

  /** Several datagrams by one system call; one by one where that does not work. */
  #joined(group: string, run: Run): void {
    const { datagrams, size } = run
    const own = this.#socketByGroup.get(group) ?? this.#admit(group)
    const cutter = own && this.#cutterOf(own, { group, size })
    const oneByOne = (): void => {
      for (const datagram of datagrams) this.#single(group, datagram)
    }
    if (!cutter) return oneByOne()
    const done = (error: unknown): void => {
      const code = error === null || error === undefined ? '' : systemCode(error)
      if (uncut.has(code)) {
        this.#options.fast?.fail(`the system sends no joined datagrams (${code})`)
        return oneByOne()
      }
      for (let count = 0; count < datagrams.length; count++) this.#done(error)
    }
    own.usedAt = ++this.#sent
    try {
      cutter.socket.send(run.pieces, done)
    } catch (error) {
      process.nextTick(done, error)
    }
  }

  /** A second socket of the group, which cuts; what the first one sends is never cut. */
  #cutterOf(
    own: GroupSocket,
    { group, size }: { readonly group: string; readonly size: number },
  ): Cutter | undefined {
    const { fast } = this.#options
    const socket = own.cutter?.socket ?? this.#connected(group)
    if (!fast || !socket) return undefined
    own.cutter ??= { socket, size: 0 }
    if (own.cutter.size === size) return own.cutter
    // What waits in it is still to be cut as before.
    if (socket.getSendQueueCount() > 0) return undefined
    own.cutter.size = size
    if (fast.cut(socket, size)) return own.cutter
    fast.fail('the system does not cut datagrams')
    return undefined
  }

  /** The addresses of the interface have changed: sockets may send from one that is gone. */
  renew(by: NetworkInterface): void {
    this.#interface = by
    this.#reset()
  }

  #reset(): void {
    for (const own of this.#socketByGroup.values()) for (const one of socketsOf(own)) one.close()
    this.#spare?.close()
    this.#socketByGroup.clear()
    this.#spare = undefined
    this.#sparePort = 0
  }

  async close(): Promise<void> {
    this.#runs?.flush()
    const sockets = [...this.#socketByGroup.values()].flatMap(socketsOf)
    if (this.#spare !== undefined) sockets.push(this.#spare)
    this.#socketByGroup.clear()
    this.#spare = undefined
    await Promise.all(sockets.map(closeSocket))
  }

  /** One function for all sends: a callback is the only way to learn of an error. */
  readonly #done = (error: unknown): void => {
    this.#pending -= 1
    if (error === null || error === undefined) {
      if (this.#reason !== undefined) this.#change(undefined)
      return
    }
    const code = systemCode(error)
    if (passing.has(code)) return
    if (!unreachable.has(code)) return this.#options.refused(code)
    if (this.#reason !== undefined) return
    // Connected sockets keep a route and a source address that may be dead by now.
    this.#reset()
    this.#change(`${this.#interface.name}: ${code}`)
  }

  #change(reason: string | undefined): void {
    this.#reason = reason
    this.#options.changed(reason)
  }

  #admit(group: string): GroupSocket | undefined {
    // While nothing leaves, the shared socket tries; making sockets would be waste.
    if (this.#reason !== undefined || this.socketsMax === 0) return undefined
    if (this.#socketByGroup.size >= this.socketsMax) {
      // Making a socket costs as much as several datagrams, so one miss in many earns it.
      this.#missed += 1
      if (this.#missed % missesToAdmit !== 0) return undefined
      this.#evict()
    }
    return this.#connect(group)
  }

  #connect(group: string): GroupSocket | undefined {
    const socket = this.#connected(group)
    if (!socket) return undefined
    const own = { socket, usedAt: this.#sent, cutter: undefined }
    this.#socketByGroup.set(group, own)
    return own
  }

  #connected(group: string): Socket | undefined {
    let socket: Socket | undefined
    try {
      socket = this.#open()
      if (connectSocket(socket, this.#options.port, this.#zoned(group))) return socket
    } catch (error) {
      // The shared socket tells what is wrong, but it needs a descriptor, and so does the program.
      if (isOutOfFiles(systemCode(error))) this.#shrink()
    }
    socket?.close()
    return undefined
  }

  #openSpare(): Socket {
    const socket = this.#open()
    this.#sparePort = socket.address().port
    return socket
  }

  #open(): Socket {
    const by = this.#interface
    const { hops, hostOnly } = this.#options
    // A name that nobody has any more would mean the default interface.
    if (!isCurrent(by)) throw Object.assign(new Error('interface is gone'), { code: 'ENODEV' })
    const source = hostOnly ? by.addresses.find((address) => !address.includes('%')) : undefined
    if (source === undefined) return openSendSocket(by, hops)
    try {
      // Receivers look up the interface's name for each datagram from a link-local address, which
      // costs them as much as the rest.
      return openSendSocket(by, hops, source)
    } catch {
      return openSendSocket(by, hops) // The address is not ready yet.
    }
  }

  #zoned(group: string): string {
    return `${group}%${this.#interface.zone}`
  }

  #shrink(): void {
    this.socketsMax = Math.max(1, Math.floor(this.#socketByGroup.size / 2))
    while (this.#socketByGroup.size > this.socketsMax) this.#evict()
  }

  #evict(): void {
    let idlest: string | undefined
    let usedAt = Infinity
    for (const [group, own] of this.#socketByGroup) {
      if (own.usedAt >= usedAt) continue
      idlest = group
      usedAt = own.usedAt
    }
    if (idlest === undefined) return
    for (const one of socketsOf(this.#socketByGroup.get(idlest)!)) one.close()
    this.#socketByGroup.delete(idlest)
  }
}

interface GroupSocket {
  readonly socket: Socket
  /** The count of datagrams when it last sent. */
  usedAt: number
  cutter: Cutter | undefined
}

interface Cutter {
  readonly socket: Socket
  /** Of the datagrams that it cuts into. */
  size: number
}

function socketsOf({ socket, cutter }: GroupSocket): Socket[] {
  return cutter ? [socket, cutter.socket] : [socket]
}

/** Lost like any datagram; the path itself is sound. */
const passing = new Set(['ENOBUFS', 'ENOMEM', 'EAGAIN', 'ECANCELED', 'ECONNREFUSED'])
/** The interface is down, gone, without a route, or its address is not ready yet. */
const unreachable = new Set([
  'ENETUNREACH',
  'ENETDOWN',
  'EHOSTUNREACH',
  'EADDRNOTAVAIL',
  'ENODEV',
  'ENXIO',
])
/** What a kernel or an interface says that cannot cut. */
const uncut = new Set(['EINVAL', 'EIO', 'EMSGSIZE', 'ENOPROTOOPT', 'EOPNOTSUPP'])
const defaultSocketsMax = 256
const missesToAdmit = 64
