/**
 * The transport over both multicast and a link to a relay, as the ladder says: native where that
 * reaches, by the relay for whom it does not.
 *
 * Either may be missing for a while, from the start as well; what comes and goes is told as events.
 * Endpoints bear the rung that they were heard by, so an answer goes back the same way.
 */
import { BusError } from '../api/errors.ts'
import { asError } from '../api/thrown.ts'
import type { Endpoint, Hearing } from '../core/output.ts'
import { Ladder, type LadderStep } from '../core/path/ladder.ts'
import { writeInstances, writeRung } from '../core/wire/link.ts'
import type { Clock } from './clock.ts'
import type { Transport, TransportEvent, TransportListener } from './transport.ts'
import type { Beside } from './websocket.ts'

/** The link, as the ladder needs it. */
export interface LadderLink extends Transport {
  say(record: Uint8Array): void
  /** The network may be another one. */
  hurry(): void
}

export interface LadderOptions {
  /** Made anew when there was no network. */
  readonly native: () => Transport
  readonly link: (beside: Beside) => LadderLink
  readonly clock: Clock
}

/** What the ladder joins. */
type Side = 'multicast' | 'relay'

export function ladderTransport(options: LadderOptions): Transport {
  return new LadderTransport(options)
}

class LadderTransport implements Transport {
  readonly #options: LadderOptions
  readonly #ladder = new Ladder()
  readonly #groups = new Set<string>()
  readonly #link: LadderLink
  #native: Transport | undefined
  #state: 'new' | 'opening' | 'open' | 'closed' = 'new'
  #listener: TransportListener | undefined
  #salt: Uint8Array | undefined
  /** Whether datagrams can leave by each. */
  #reaches = { multicast: false, relay: false }
  /** Whether the link is a member of the groups. */
  #joined = true
  #told: Side | 'none' = 'none'
  #cancelTick: (() => void) | undefined
  #cancelRetry: (() => void) | undefined

  constructor(options: LadderOptions) {
    this.#options = options
    this.#link = options.link({
      port: () => this.#native?.port ?? 0,
      hears: (yes, relay) => {
        this.#ladder.hears(this.#now, relay, yes)
        this.#settle()
      },
    })
  }

  get datagramSize(): number {
    const sizes = [this.#native?.datagramSize ?? Infinity]
    if (this.#reaches.relay || !this.#native) sizes.push(this.#link.datagramSize)
    return Math.min(...sizes)
  }

  get port(): number {
    return this.#native?.port ?? this.#link.port
  }

  get pending(): number {
    return (this.#native?.pending ?? 0) + this.#link.pending
  }

  get path(): Side | 'none' {
    const { multicast, relay } = this.#reaches
    if (multicast && (!relay || this.#ladder.near)) return 'multicast'
    return relay ? 'relay' : 'none'
  }

  /** Rejects when there is neither a network nor a relay. */
  async open(listener: TransportListener): Promise<void> {
    if (this.#state !== 'new') throw new BusError('CLOSED', 'a transport opens only once')
    this.#state = 'opening'
    this.#listener = listener
    const missing = await this.#openNative()
    const linking = this.#link.open(this.#listenerOf('relay')).then(
      () => this.#on('relay', { type: 'reachable', reason: 'a link to a relay' }),
      (error: unknown) => error,
    )
    // Who has a network need not wait for a relay that is not there.
    const unlinked = await (missing ? linking : Promise.race([linking, this.#patience()]))
    if (this.#isClosed) throw new BusError('CLOSED', 'closed while opening')
    if (missing && unlinked) throw bothOf(missing, unlinked)
    this.#state = 'open'
    if (missing) this.#retryLater(missing)
    this.#told = this.path
    this.#tickLater()
  }

  begin({ salt }: { readonly salt: Uint8Array }): void {
    this.#salt = salt
    this.#settle()
  }

  heard(hearing: Hearing): void {
    this.#ladder.heard(this.#now, hearing)
    this.#settle()
  }

  gone(instance: bigint): void {
    this.#ladder.gone(instance)
    this.#settle()
  }

  join(group: string): void {
    this.#groups.add(group)
    this.#native?.join(group)
    if (this.#joined) this.#link.join(group)
  }

  leave(group: string): void {
    this.#groups.delete(group)
    this.#native?.leave(group)
    this.#link.leave(group)
  }

  rejoin(group: string): void {
    this.#native?.rejoin(group)
    this.#link.rejoin(group)
  }

  send(to: string | Endpoint, datagram: Uint8Array): void {
    if (typeof to !== 'string') {
      const byLink = to.rung === 'relay' || !this.#native
      return (byLink ? this.#link : this.#native!).send(to, datagram)
    }
    this.#native?.send(to, datagram)
    if (!this.#native || !this.#ladder.near) this.#link.send(to, datagram)
  }

  async close(): Promise<void> {
    this.#state = 'closed'
    this.#cancelTick?.()
    this.#cancelRetry?.()
    await Promise.all([this.#native?.close(), this.#link.close()])
  }

  get #isClosed(): boolean {
    return this.#state === 'closed'
  }

  get #now(): number {
    return this.#options.clock.now()
  }

  /** Resolves to what stands in the way, if anything does. */
  async #openNative(): Promise<Error | undefined> {
    const native = this.#options.native()
    try {
      await native.open(this.#listenerOf('multicast'))
    } catch (error) {
      await native.close()
      return asError(error)
    }
    if (this.#isClosed) await native.close()
    this.#native = native
    this.#reaches.multicast = true
    this.#ladder.native(this.#now, true)
    return undefined
  }

  #patience(): Promise<void> {
    return new Promise((resolve) => this.#options.clock.after(LINK_PATIENCE_MS, resolve))
  }

  /** A network may come later. */
  #retryLater({ message }: Error): void {
    this.#event({ type: 'warning', message: `no multicast, so the relay alone: ${message}` })
    this.#cancelRetry = this.#options.clock.after(RETRY_MS, () => void this.#retry())
  }

  async #retry(): Promise<void> {
    const missing = await this.#openNative()
    if (this.#isClosed) return
    if (missing) {
      this.#cancelRetry = this.#options.clock.after(RETRY_MS, () => void this.#retry())
      return
    }
    for (const group of this.#groups) this.#native?.join(group)
    this.#settle()
    // The private port is another one now.
    this.#tell('multicast is there', true)
  }

  #listenerOf(rung: Side): TransportListener {
    return {
      datagram: (bytes, { address, port, rung: by = rung }) => {
        this.#listener?.datagram(bytes, { address, port, rung: by })
      },
      event: (event) => this.#on(rung, event),
    }
  }

  #on(rung: Side, event: TransportEvent): void {
    if (event.type === 'unreachable' || event.type === 'reachable') {
      const up = event.type === 'reachable'
      this.#reaches[rung] = up
      if (rung === 'relay') this.#ladder.link(this.#now, up)
      else this.#ladder.native(this.#now, up)
      this.#tell(event.reason ?? 'datagrams leave again', up)
      return this.#settle()
    }
    if (event.type === 'interface') this.#link.hurry()
    this.#event(event)
  }

  /** Says by which rung packets go now, if that is news; `greets`: whoever is there is new. */
  #tell(reason: string, greets = false): void {
    const { path } = this
    if (this.#state !== 'open' || (path === this.#told && !greets)) return
    this.#told = path
    if (path === 'none') this.#event({ type: 'unreachable', reason })
    else this.#event({ type: 'path', path, reason, greets })
  }

  /** Carries out what the ladder wants. */
  #settle(): void {
    // Before the peer has begun it has no name to give.
    if (!this.#salt) return
    for (let step = this.#ladder.poll(); step; step = this.#ladder.poll()) this.#carryOut(step)
  }

  #carryOut(step: LadderStep): void {
    switch (step.type) {
      case 'rung':
        this.#link.say(writeRung(step.near, this.#salt!))
        return this.#tell(step.reason)
      case 'members':
        this.#joined = step.joined
        for (const group of this.#groups) {
          if (step.joined) this.#link.join(group)
          else this.#link.leave(group)
        }
        return undefined
      case 'spare':
      case 'need':
        for (const record of writeInstances(step.type, step.instances)) this.#link.say(record)
        return undefined
      case 'peer': {
        const { instance, rung, reason } = step
        return this.#event({ type: 'peer', instance, path: rung, reason })
      }
    }
  }

  #tickLater(): void {
    this.#cancelTick = this.#options.clock.after(TICK_MS, () => {
      this.#ladder.tick(this.#now)
      this.#settle()
      this.#tickLater()
    })
  }

  #event(event: TransportEvent): void {
    if (!this.#isClosed) this.#listener?.event(event)
  }
}

function bothOf(missing: Error, unlinked: unknown): BusError {
  const relay = unlinked instanceof Error ? unlinked.message : String(unlinked)
  return new BusError('NO_PATH', `no multicast: ${missing.message}; and ${relay}`)
}

/** What a relay has to answer in, where there is a network as well. */
const LINK_PATIENCE_MS = 1000
/** A network that was not there is looked for this often. */
const RETRY_MS = 10_000
const TICK_MS = 250
