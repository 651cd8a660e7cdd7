/**
 * The trunks of a relay: calls other relays until they answer, and keeps one trunk to each.
 *
 * Relays may call each other, and one relay may have several addresses. So each end looks whom it
 * has reached: itself, or a relay that it has a trunk to, are told of and called again rarely. Of
 * two calls that cross, that of the relay with the higher id stays.
 */
import { WebSocket } from 'ws'
import type { Logger } from '../bus/api/options.ts'
import { LINK_MESSAGE_MAX } from '../bus/core/wire/link.ts'
import { type Closing, CLOSINGS } from './closing.ts'
import { placeOf } from './places.ts'
import { Trunk, type TrunkHost } from './trunk.ts'
import { TRUNK_PROTOCOL, type TrunkRecord } from './trunk-wire.ts'

export interface TrunksHost extends Omit<
  TrunkHost,
  'isTaken' | 'fault' | 'opened' | 'record' | 'ended'
> {
  readonly log: Logger | undefined
  /** There is a trunk to that relay, or no more. */
  opened(relay: bigint): void
  closed(relay: bigint): void
  record(relay: bigint, record: TrunkRecord): void
  /** One is over, whether it was open or not. */
  ended(trunk: Trunk): void
}

/** One address that is called. */
interface Call {
  readonly url: string
  waitMs: number
  timer: NodeJS.Timeout | undefined
  trunk: Trunk | undefined
  /** Why there was none last, so that it is told once. */
  fault: string
}

export class Trunks {
  readonly #host: TrunksHost
  #calls: readonly Call[]
  readonly #all = new Set<Trunk>()
  readonly #openByRelay = new Map<bigint, Trunk>()
  #closed = false

  constructor(urls: readonly string[], host: TrunksHost) {
    this.#host = host
    this.#calls = [...new Set(urls)].map(callOf)
  }

  /** Every trunk, those that have not proved themselves yet included. */
  [Symbol.iterator](): Iterator<Trunk> {
    return this.#all.values()
  }

  open(): void {
    if (this.#closed) return // given up while the relay started
    for (const call of this.#calls) this.#dial(call)
  }

  /** Calls these relays from now on, and no others; the trunks to those that stay are kept. */
  call(urls: readonly string[]): void {
    if (this.#closed) return
    const before = this.#calls
    const stay = before.filter(({ url }) => urls.includes(url))
    const known = new Set(before.map(({ url }) => url))
    const added = [...new Set(urls)].filter((url) => !known.has(url)).map(callOf)
    this.#calls = [...stay, ...added]
    for (const call of before) if (!stay.includes(call)) this.#giveUp(call)
    for (const call of added) this.#dial(call)
  }

  /** Another relay has called. */
  accept(socket: WebSocket, at: string): void {
    this.#add(socket, at)
  }

  send(relay: bigint, record: TrunkRecord): void {
    this.#openByRelay.get(relay)?.send(record)
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const { timer } of this.#calls) clearTimeout(timer)
    await Promise.all([...this.#all].map((trunk) => trunk.ending('leaving')))
  }

  #add(socket: WebSocket, at: string, call?: Call): Trunk {
    const trunk: Trunk = new Trunk(
      socket,
      { calls: call !== undefined, at },
      {
        ...this.#host,
        isTaken: (relay) => this.#isTaken(relay),
        fault: (one, relay) => this.#fault(one, relay),
        opened: (one) => this.#onOpened(one, call),
        record: ({ relay }, record) => this.#host.record(relay, record),
        ended: (one) => this.#onEnded(one, call),
      },
    )
    this.#all.add(trunk)
    return trunk
  }

  #dial(call: Call): void {
    call.timer = undefined
    const socket = new WebSocket(call.url, TRUNK_PROTOCOL, {
      perMessageDeflate: false,
      maxPayload: LINK_MESSAGE_MAX,
      followRedirects: false,
    })
    call.trunk = this.#add(socket, call.url, call)
  }

  #giveUp({ timer, trunk }: Call): void {
    clearTimeout(timer)
    // One that is over has nothing to end.
    if (trunk && this.#all.has(trunk)) trunk.end('leaving')
  }

  async #isTaken(relay: bigint): Promise<boolean> {
    const before = this.#openByRelay.get(relay)
    if (before && (await before.probe())) return true
    // Another one may have come in while the one before was asked.
    const now = this.#openByRelay.get(relay)
    return now !== undefined && now !== before
  }

  #fault(trunk: Trunk, relay: bigint): Closing | undefined {
    const { id, limits } = this.#host
    if (relay === id) return 'self'
    const rivals = [...this.#all].filter((one) => {
      return one !== trunk && one.relay === relay && !one.isOver && (one.isOpen || one.calls)
    })
    if (trunk.calls && rivals.length > 0) return 'double'
    // The other relay would not call if it had a trunk, so one that it called itself is dead.
    if (id > relay && rivals.some(({ calls }) => calls)) return 'double'
    for (const rival of rivals) rival.end('double')
    return !trunk.calls && this.#isFull(trunk.at, limits.trunks) ? 'trunksFull' : undefined
  }

  /** The relay's own calls always have their place; of others half may be from one address. */
  #isFull(at: string, max: number): boolean {
    const called = [...this.#openByRelay.values()].filter(({ calls }) => !calls)
    if (called.length >= max) return true
    const place = placeOf(at)
    return called.filter((one) => placeOf(one.at) === place).length >= Math.max(1, max / 2)
  }

  #onOpened(trunk: Trunk, call: Call | undefined): void {
    const { relay, at } = trunk
    this.#openByRelay.set(relay, trunk)
    this.#host.counters.count('trunksOpened')
    if (call) Object.assign(call, { waitMs: 0, fault: '' })
    this.#host.log?.info({ relay: nameOf(relay), at }, 'trunk opened')
    this.#host.opened(relay)
  }

  #onEnded(trunk: Trunk, call: Call | undefined): void {
    const { relay, at, reason } = trunk
    this.#all.delete(trunk)
    const wasOpen = this.#openByRelay.get(relay) === trunk
    if (wasOpen) {
      this.#openByRelay.delete(relay)
      this.#host.counters.count('trunksClosed')
      this.#host.log?.info({ relay: nameOf(relay), at, reason }, 'trunk closed')
      this.#host.closed(relay)
    }
    this.#host.ended(trunk)
    if (call && !this.#closed && this.#calls.includes(call))
      this.#callLater(call, { trunk, wasOpen })
    // Whoever was linked already need not be any more.
    if (wasOpen) this.#hurry(relay)
  }

  #callLater(call: Call, { trunk, wasOpen }: { trunk: Trunk; wasOpen: boolean }): void {
    const { code, reason } = trunk
    if (!wasOpen && reason !== call.fault) {
      call.fault = reason
      this.#host.log?.warn({ at: call.url, reason }, 'no trunk')
    }
    call.waitMs = isLasting(code)
      ? LASTING_MS
      : Math.min(WAIT_MAX_MS, Math.max(WAIT_MIN_MS, call.waitMs * 2))
    this.#schedule(call, call.waitMs)
  }

  /** The trunk to a relay has ended: addresses that lead to it, too, are called soon. */
  #hurry(relay: bigint): void {
    if (this.#closed) return
    for (const call of this.#calls) {
      if (call.trunk?.relay !== relay || !call.timer) continue
      call.waitMs = WAIT_MIN_MS
      this.#schedule(call, WAIT_MIN_MS)
    }
  }

  /** Never all relays together. */
  #schedule(call: Call, waitMs: number): void {
    clearTimeout(call.timer)
    const [byte = 0] = this.#host.random(1)
    call.timer = setTimeout(() => this.#dial(call), waitMs * (0.5 + byte / 512))
  }
}

function callOf(url: string): Call {
  return { url, waitMs: 0, timer: undefined, trunk: undefined, fault: '' }
}

/** An id as logs show it. */
function nameOf(relay: bigint): string {
  return relay.toString(16).padStart(16, '0')
}

/** Whether calling again soon will not help. */
function isLasting(code: number): boolean {
  return (code >= 4400 && code < 4408) || code === CLOSINGS.double.code
}

const WAIT_MIN_MS = 100
const WAIT_MAX_MS = 5000
/** Somebody may have mended it. */
const LASTING_MS = 30_000
