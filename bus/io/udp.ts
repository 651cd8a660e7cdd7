/** The transport over IPv6 multicast: which interfaces carry it, and what happens when they change. */
import { BusError } from '../api/errors.ts'
import type { Scope } from '../api/options.ts'
import type { Endpoint } from '../core/output.ts'
import { InterfaceMonitor, type InterfaceChange, type RepeatTimer } from './interface-monitor.ts'
import {
  chooseInterfaces,
  listInterfaces,
  noPathError,
  requireInterfaces,
  type InterfaceWish,
  type NetworkInterface,
} from './interfaces.ts'
import type { Transport, TransportEvent, TransportListener } from './transport.ts'
import { type OwnParts, peerParts, type UdpParts, type UdpReceiver } from './udp-parts.ts'
import { UdpPath } from './udp-path.ts'
import { refusal } from './udp-refusal.ts'
import { defaultHops, defaultSize, probeGroup } from './udp-scope.ts'
import { TwinFinder } from './udp-twins.ts'
import { hasRoute, openError, probeRoute, systemCode } from './udp-socket.ts'

export interface UdpOptions {
  readonly scope: Scope
  /** Names or globs; absent: as `chooseInterfaces` says. */
  readonly interfaces?: readonly string[] | undefined
  /** The port that all peers of the bus share. */
  readonly port: number
  /** Hop limit of multicast. Default: 0 at host, 1 at link, 16 above. */
  readonly hops?: number | undefined
  /** Default: 60,000 at host, else 1232, which every IPv6 path carries whole. */
  readonly datagramSize?: number | undefined
  /** Opens also where no multicast leaves yet, and is `unreachable` then. */
  readonly waits?: boolean | undefined
  /** Bytes that may wait in the kernel while this process is busy. Default: 4 MiB. */
  readonly receiveBuffer?: number | undefined
  /** Tests look at interfaces of their own, when they want. */
  readonly interfaceList?: () => readonly NetworkInterface[]
  readonly timer?: RepeatTimer
}

export function udpTransport(options: UdpOptions, own?: OwnParts): Transport {
  return new UdpTransport(options, peerParts(own))
}

export class UdpTransport implements Transport {
  readonly datagramSize: number
  readonly #options: UdpOptions
  readonly #parts: UdpParts
  readonly #wish: InterfaceWish
  /** Groups, those of one interface alone with its name behind a `%`. */
  readonly #groups = new Set<string>()
  readonly #pathByName = new Map<string, UdpPath>()
  readonly #warned = new Set<string>()
  #state: 'new' | 'opening' | 'open' | 'closed' = 'new'
  #listener: TransportListener | undefined
  #receiver: UdpReceiver | undefined
  #monitor: InterfaceMonitor | undefined
  readonly #twins = new TwinFinder(() => {
    for (const name of this.#twins.muted) {
      this.#event({ type: 'warning', message: `${name} shares its segment: another one sends` })
    }
  })
  #unreachable = false
  #unicastPending = 0
  #own: ReadonlySet<string> = new Set()
  #lookedAt = -Infinity

  constructor(options: UdpOptions, parts: UdpParts) {
    const { scope, datagramSize = defaultSize(scope) } = options
    this.#options = options
    this.#parts = parts
    this.datagramSize = datagramSize
    const probe = probeGroup(scope)
    const carries = (loopback: NetworkInterface): boolean => hasRoute(loopback, probe)
    this.#wish = { scope, names: options.interfaces, carries }
  }

  get port(): number {
    return this.#receiver?.port ?? 0
  }

  get pending(): number {
    let sum = this.#unicastPending
    for (const { sender } of this.#pathByName.values()) sum += sender.pending
    return sum
  }

  async open(listener: TransportListener): Promise<void> {
    if (this.#state !== 'new') throw new BusError('CLOSED', 'a transport opens only once')
    this.#state = 'opening'
    this.#listener = listener
    try {
      const chosen = this.#require()
      this.#receiver = this.#parts.receiver({
        port: this.#options.port,
        receiveBuffer: this.#options.receiveBuffer ?? defaultReceiveBuffer,
        hostOnly: this.#options.scope === 'host',
        isOwn: (address) => this.#isOwn(address),
        datagram: (bytes, from) => this.#hear(bytes, from),
        warn: (message) => this.#warn(message),
      })
      const missing = await this.#routeFault(chosen)
      if (missing && !this.#options.waits) throw missing
      this.#start(chosen)
      if (!missing) return
      this.#unreachable = true
      this.#event({ type: 'unreachable', reason: missing.message })
    } catch (error) {
      await this.close()
      throw error
    }
  }

  /** Whether it came from this transport's own shared socket. */
  isEcho({ address, port }: Endpoint): boolean {
    const own = [...this.#pathByName.values()].some(({ sender }) => sender.sharedPort === port)
    return own && this.#isOwn(address)
  }

  /** Whether another interface has the same segment and sends for both. */
  isMuted(name: string): boolean {
    return this.#twins.muted.has(name)
  }

  /** On each interface, or on one alone. */
  join(group: string, name?: string): void {
    const key = placeOf(group, name)
    if (this.#state === 'closed' || this.#groups.has(key)) return
    this.#groups.add(key)
    for (const path of this.#paths(name)) path.join(group)
  }

  leave(group: string, name?: string): void {
    if (!this.#groups.delete(placeOf(group, name))) return
    for (const path of this.#paths(name)) path.leave(group)
  }

  rejoin(group: string): void {
    for (const [name, path] of this.#pathByName) {
      if (this.#groups.has(group) || this.#groups.has(placeOf(group, name))) path.rejoin(group)
    }
  }

  /** To a group by each interface, or by one alone. */
  send(to: string | Endpoint, datagram: Uint8Array, by?: string): void {
    if (this.#state !== 'open') return
    if (typeof to !== 'string') return this.#sendTo(to, datagram)
    const { muted } = this.#twins
    for (const [name, { sender }] of this.#pathByName) {
      if (!muted.has(name) && (by ?? name) === name) sender.send(to, datagram)
    }
    if (this.#pathByName.size === 0) this.#judge()
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#monitor?.close()
    this.#twins.close()
    const paths = [...this.#pathByName.values()]
    this.#pathByName.clear()
    await Promise.all([this.#receiver?.close(), ...paths.map((path) => path.close())])
  }

  #paths(name: string | undefined): Iterable<UdpPath> {
    if (name === undefined) return this.#pathByName.values()
    const path = this.#pathByName.get(name)
    return path ? [path] : []
  }

  #sendTo(to: Endpoint, datagram: Uint8Array): void {
    this.#unicastPending += 1
    try {
      this.#receiver?.send(to, datagram, this.#unicastDone)
    } catch {
      this.#unicastPending -= 1 // A port or address that nobody can have: lost on the way.
    }
  }

  /** Whether one peer can be reached says nothing about the group. */
  readonly #unicastDone = (error: Error | null): void => {
    this.#unicastPending -= 1
    if (error !== null && systemCode(error) === 'EMSGSIZE') this.#refused('EMSGSIZE')
  }

  #hear(bytes: Uint8Array, from: Endpoint): void {
    if (this.#state === 'open') this.#listener?.datagram(bytes, from)
  }

  #require(): readonly NetworkInterface[] {
    try {
      return requireInterfaces(this.#list(), this.#wish)
    } catch (error) {
      if (error instanceof BusError) throw error
      throw openError(error, this.#options.port)
    }
  }

  /** Resolves to nothing when datagrams leave by at least one interface. */
  async #routeFault(chosen: readonly NetworkInterface[]): Promise<BusError | undefined> {
    const group = probeGroup(this.#options.scope)
    const giveUpAt = performance.now() + addressWaitMs
    for (;;) {
      const codes = await Promise.all(chosen.map((one) => probeRoute(one, group)))
      if (codes.includes(undefined)) return undefined
      // A new address is checked for a second or two before it may be used.
      const soon = codes.includes('EADDRNOTAVAIL') && performance.now() < giveUpAt
      if (!soon || this.#state === 'closed') return this.#noPath(chosen, codes)
      await new Promise((resolve) => setTimeout(resolve, addressPollMs))
    }
  }

  #noPath(chosen: readonly NetworkInterface[], codes: readonly (string | undefined)[]): BusError {
    const tried = chosen.map(({ name }, at) => `${name} (${codes[at]})`)
    return noPathError(this.#wish, tried, this.#list())
  }

  #start(chosen: readonly NetworkInterface[]): void {
    if (this.#state === 'closed') throw new BusError('CLOSED', 'closed while opening')
    this.#state = 'open'
    for (const one of chosen) this.#addPath(one)
    this.#watchTwins()
    const { timer } = this.#options
    this.#monitor = new InterfaceMonitor(chosen, {
      look: () => this.#look(),
      report: (change) => this.#adapt(change),
      ...(timer !== undefined && { timer }),
    })
  }

  #look(): readonly NetworkInterface[] | undefined {
    for (const path of this.#pathByName.values()) path.retry()
    try {
      return chooseInterfaces(this.#list(), this.#wish)
    } catch {
      return undefined // No file descriptor was free to ask with: things stay as they are.
    }
  }

  #adapt(change: InterfaceChange): void {
    const { name } = change.interface
    if (change.type === 'addresses') {
      // A connected socket keeps its source address, even when the interface has lost it.
      this.#pathByName.get(name)?.sender.renew(change.interface)
      this.#pathByName.get(name)?.retry()
      return
    }
    void this.#pathByName.get(name)?.close()
    this.#pathByName.delete(name)
    if (change.type !== 'down') this.#addPath(change.interface)
    this.#watchTwins()
    this.#event({ type: 'interface', name, up: change.type !== 'down' })
    this.#judge()
  }

  #addPath(by: NetworkInterface): void {
    const { scope, port, hops = defaultHops(scope) } = this.#options
    const path = new UdpPath({
      interface: by,
      memberships: this.#parts.memberships(by),
      fast: this.#parts.fast,
      port,
      hops,
      hostOnly: scope === 'host',
      changed: () => this.#judge(),
      refused: (code) => this.#refused(code),
      warn: (message) => this.#warn(message),
    })
    this.#pathByName.set(by.name, path)
    // Joining anew makes the kernel report every membership: switches may have forgotten them.
    for (const place of this.#groups) {
      const [group = '', name = by.name] = place.split('%')
      if (name === by.name) path.join(group)
    }
    const fair = Math.max(socketsMin, Math.floor(socketsMax / this.#pathByName.size))
    const share = this.#parts.connects ? fair : 0
    for (const { sender } of this.#pathByName.values()) sender.socketsMax = share
  }

  #watchTwins(): void {
    if (this.#options.scope === 'host') return
    this.#twins.watch([...this.#pathByName.values()].map((path) => path.interface))
  }

  /** Tells once when nothing can leave, and once when something can again. */
  #judge(): void {
    const senders = [...this.#pathByName.values()].map((path) => path.sender)
    const unreachable = senders.every((sender) => sender.reason !== undefined)
    if (unreachable === this.#unreachable || this.#state !== 'open') return
    this.#unreachable = unreachable
    const reasons = senders.map((sender) => sender.reason).join(', ') || 'no interface is up'
    this.#event(unreachable ? { type: 'unreachable', reason: reasons } : { type: 'reachable' })
  }

  #refused(code: string): void {
    if (this.#warned.has(code)) return
    this.#warned.add(code)
    this.#warn(refusal(code, this.datagramSize))
  }

  #warn(message: string): void {
    this.#event({ type: 'warning', message })
  }

  #event(event: TransportEvent): void {
    if (this.#state !== 'closed') this.#listener?.event(event)
  }

  #list(): readonly NetworkInterface[] {
    const all = (this.#options.interfaceList ?? listInterfaces)()
    this.#own = new Set(all.flatMap((one) => one.addresses))
    return all
  }

  /** An address may be younger than the last look; strangers do not buy a look each. */
  #isOwn(address: string): boolean {
    if (this.#own.has(address)) return true
    const now = performance.now()
    if (now - this.#lookedAt < lookAgainMs) return false
    this.#lookedAt = now
    try {
      this.#list()
    } catch {
      return false
    }
    return this.#own.has(address)
  }
}

/** A group on each interface, or on one. */
function placeOf(group: string, name: string | undefined): string {
  return name === undefined ? group : `${group}%${name}`
}

const defaultReceiveBuffer = 4 * 1024 * 1024
/** Connected sockets of one transport, shared by its interfaces. */
const socketsMax = 256
const socketsMin = 16
const addressWaitMs = 3_000
const addressPollMs = 100
const lookAgainMs = 100
