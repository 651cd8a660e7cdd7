/**
 * The transport of scope `host`: multicast where the host has it, and where it has none unicast on
 * `::1` to processes that meet at a few ports which all of the realm know.
 *
 * Whoever has one of these ports is a hub: it answers who says hello there as any peer does, and
 * its peer tells of others (`bus/core/peer/presence/gossip.ts`). Nothing else goes by it, so nothing is lost
 * when it dies. Without multicast packets to groups go nowhere by this transport: the peer sends
 * copies to each that it has met. One a second is tried all the same: multicast may come.
 */
import { BusError } from '../api/errors.ts'
import type { Endpoint } from '../core/output.ts'
import type { Clock } from './clock.ts'
import { HubPort, LOOPBACK, loopbackFault } from './hub-port.ts'
import type { Transport, TransportEvent, TransportListener } from './transport.ts'

export interface HubOptions {
  /** Sends and receives on this host alone; `unreachable` when no multicast leaves. */
  readonly base: Transport
  /** Whether the base may have multicast. */
  readonly multicast: boolean
  readonly ports: readonly number[]
  readonly clock: Clock
}

export class HubTransport implements Transport {
  readonly #options: HubOptions
  readonly #base: Transport
  readonly #port: HubPort
  #state: 'new' | 'opening' | 'open' | 'closed' = 'new'
  #listener: TransportListener | undefined
  #named: ((endpoints: readonly Endpoint[]) => void) | undefined
  /** Why there is no multicast, while there is none. */
  #missing: string | undefined
  #triedAt = -Infinity

  constructor(options: HubOptions) {
    this.#options = options
    this.#base = options.base
    if (!options.multicast) this.#missing = 'it is not wanted'
    this.#port = new HubPort({
      ports: options.ports,
      clock: options.clock,
      datagram: (bytes, { address, port }) => {
        if (this.#state === 'open') {
          this.#listener?.datagram(bytes, { address, port, rung: 'unicast' })
        }
      },
      taken: () => this.#name(),
    })
  }

  get datagramSize(): number {
    return this.#base.datagramSize
  }

  get port(): number {
    return this.#base.port
  }

  get pending(): number {
    return this.#base.pending
  }

  get path(): 'multicast' | 'hub' {
    return this.#missing === undefined ? 'multicast' : 'hub'
  }

  /** Rejects with NO_PATH when there is neither multicast nor `::1`. */
  async open(listener: TransportListener): Promise<void> {
    if (this.#state !== 'new') throw new BusError('CLOSED', 'a transport opens only once')
    this.#state = 'opening'
    this.#listener = listener
    await this.#base.open({
      datagram: (bytes, from) => listener.datagram(bytes, from),
      event: (event) => this.#on(event),
    })
    const fault = this.#missing === undefined ? undefined : loopbackFault()
    if (fault !== undefined) {
      await this.close()
      throw new BusError('NO_PATH', `${this.#missing}; and nothing can be on ::1 (${fault})`)
    }
    this.#state = 'open'
    if (this.#missing === undefined) return
    if (this.#options.multicast) {
      const message = `no multicast, so processes of this host meet on ::1: ${this.#missing}`
      this.#event({ type: 'warning', message })
    }
    this.#port.open()
  }

  /** `named` is told where to say hello, now and whenever that changes; the result ends it. */
  meet(named: (endpoints: readonly Endpoint[]) => void): () => void {
    this.#named = named
    this.#name()
    return () => (this.#named = undefined)
  }

  join(group: string): void {
    this.#base.join(group)
  }

  leave(group: string): void {
    this.#base.leave(group)
  }

  rejoin(group: string): void {
    this.#base.rejoin(group)
  }

  send(to: string | Endpoint, datagram: Uint8Array): void {
    if (typeof to === 'string' && this.#missing !== undefined && !this.#tries()) return
    this.#base.send(to, datagram)
  }

  async close(): Promise<void> {
    this.#state = 'closed'
    await Promise.all([this.#port.close(), this.#base.close()])
  }

  /** Whether a packet to a group is to try for multicast. */
  #tries(): boolean {
    const now = this.#options.clock.now()
    if (!this.#options.multicast || now - this.#triedAt < TRY_MS) return false
    this.#triedAt = now
    return true
  }

  #on(event: TransportEvent): void {
    switch (event.type) {
      case 'unreachable':
        return this.#turn(event.reason)
      case 'reachable':
        return this.#turn(undefined)
      default:
        return this.#event(event)
    }
  }

  #turn(missing: string | undefined): void {
    this.#missing = missing
    if (this.#state !== 'open') return
    if (missing === undefined) void this.#port.close()
    else this.#port.open()
    this.#name()
    const reason = missing ?? 'multicast is there'
    this.#event({ type: 'path', path: this.path, reason, greets: true })
  }

  /** Its own port is not for itself. */
  #name(): void {
    if (this.#state !== 'open') return
    const ports = this.#missing === undefined ? [] : this.#options.ports
    const others = ports.filter((port) => port !== this.#port.port)
    this.#named?.(others.map((port) => ({ address: LOOPBACK, port })))
  }

  #event(event: TransportEvent): void {
    if (this.#state !== 'closed') this.#listener?.event(event)
  }
}

const TRY_MS = 1000
