/**
 * One simulated process: the real peer, a clock of its own, and a driver that keeps the contract.
 *
 * It does what bus/io/driver.ts does, in virtual time: one input, drain all outputs, arm one timer.
 * Datagrams wait in a receive buffer of the size that a stock kernel has while the process is busy
 * or stalled; what does not fit is lost.
 */
import type { Env } from '../../bus/core/env.ts'
import type { Endpoint, Output } from '../../bus/core/output.ts'
import { Peer, type PeerConfig } from '../../bus/core/peer.ts'
import type { Signatures, Signer } from './crypto.ts'
import type { Host, Station } from './host.ts'
import type { Random } from '../../bus/testing/random.ts'
import type { Slips } from './slips.ts'

/** Outputs that are for the program. */
export type Notice = Exclude<
  Output,
  {
    readonly type: 'transmit' | 'join' | 'leave' | 'rejoin' | 'heard' | 'sign' | 'verify' | 'unbox'
  }
>

/** Outputs that are for the network. */
export type Act = Extract<Output, { readonly type: 'transmit' | 'join' | 'leave' | 'rejoin' }>

/** What a process asks of the world. */
export interface Surroundings {
  readonly time: number
  after(delayMs: number, then: () => void): void
  act(process: Process, act: Act): void
  notice(process: Process, notice: Notice): void
  dropped(process: Process, datagram: Uint8Array): void
}

/** What a process knows of its realm when it starts. */
export type Known = Pick<PeerConfig, 'realm' | 'page'>

/** By instance: who did not confirm, and how many messages somebody has lost. */
export interface Told {
  readonly unconfirmed: readonly bigint[]
  readonly lostBy: ReadonlyMap<bigint, number>
  /** The epoch of others, which it has no key of. */
  readonly behind?: number | undefined
}

export interface ProcessOptions {
  readonly id: string
  readonly host: Host
  /** Number of the realm in the world. */
  readonly realm: number
  readonly port: number
  readonly signer: Signer
  readonly signatures: Signatures
  readonly random: Random
  readonly env: Env
  /** Ticks of its clock for each true millisecond. */
  readonly clockRate: number
  /** What else is wrong with its clock. */
  readonly slips?: Slips | undefined
  /** How long one datagram keeps it busy, ms. */
  readonly workMs: number
  /** How long a signature may take, ms; 0 answers at once, as node:crypto does. */
  readonly answerMs: number
  readonly config: Omit<PeerConfig, 'identity' | 'port' | 'wallOffset'>
}

export class Process implements Station {
  readonly groups: Set<string> = new Set()
  readonly options: ProcessOptions
  readonly peer: Peer
  readonly startedAt: number
  /** True time of its end; undefined while it lives. */
  endedAt: number | undefined
  /** `close` was called at this time. */
  closingAt: number | undefined
  readonly #world: Surroundings
  readonly #clockBase: number
  readonly #waiting: { readonly bytes: Uint8Array; readonly from: Endpoint }[] = []
  #waitingSize = 0
  #busyUntil = 0
  #stalledUntil = 0
  readonly #stalls: { readonly from: number; readonly until: number }[] = []
  #draining = false
  #turnSet = false
  #timer = 0
  #armedFor = Infinity
  #resuming = false

  constructor(world: Surroundings, options: ProcessOptions) {
    this.options = options
    this.#world = world
    this.startedAt = world.time
    this.#clockBase = options.random.between(0, 1e9)
    const { config, signer, env, port, random } = options
    const wallOffset = Math.floor(1.7e12 - this.#clockBase + random.between(-3.6e6, 3.6e6))
    const identity = signer.identity
    this.peer = new Peer(this.now, env, { ...config, identity, port, wallOffset })
  }

  get id(): string {
    return this.options.id
  }

  get port(): number {
    return this.options.port
  }

  get alive(): boolean {
    return this.endedAt === undefined
  }

  /** Whether the program may still publish and subscribe. */
  get open(): boolean {
    return this.alive && this.closingAt === undefined
  }

  /** Its own monotonic clock. */
  get now(): number {
    const { slips, clockRate } = this.options
    const { time } = this.#world
    return this.#clockBase + (slips?.shown(time) ?? time) * clockRate
  }

  get stalled(): boolean {
    return this.#world.time < this.#stalledUntil
  }

  /** Runs one input and carries out what follows from it. */
  command<T>(input: (peer: Peer, now: number) => T): T {
    const result = input(this.peer, this.now)
    this.#drain()
    return result
  }

  /** What was published may leave when the program's turn is over. */
  endTurn(): void {
    if (this.#turnSet) return
    this.#turnSet = true
    this.#world.after(0, () => {
      this.#turnSet = false
      this.#whenFree(() => this.command((peer, now) => peer.turnEnds(now)))
    })
  }

  receive(bytes: Uint8Array, from: Endpoint): void {
    if (!this.alive) return
    if (this.#world.time >= Math.max(this.#busyUntil, this.#stalledUntil) && !this.#resuming) {
      return this.#handle(bytes, from)
    }
    const size = keptSize(bytes)
    if (this.#waitingSize + size > RECEIVE_BUFFER_SIZE) return this.#world.dropped(this, bytes)
    this.#waiting.push({ bytes, from })
    this.#waitingSize += size
    this.#resume()
  }

  /** Nothing runs for a while, as in a collection of garbage or under SIGSTOP. */
  /** Whether it stood still at that time, or shortly before it. */
  stoodStillAt(time: number): boolean {
    return this.#stalls.some(({ from, until }) => time >= from && time < until + STALE_MS)
  }

  stall(durationMs: number): void {
    this.#stalls.push({ from: this.#world.time, until: this.#world.time + durationMs })
    this.#stalledUntil = Math.max(this.#stalledUntil, this.#world.time + durationMs)
  }

  /** It is gone, without a word. */
  end(): void {
    this.endedAt = this.#world.time
  }

  #handle(bytes: Uint8Array, from: Endpoint): void {
    this.#busyUntil = this.#world.time + this.options.workMs
    this.command((peer, now) => peer.handleDatagram(now, bytes, from))
  }

  /** Takes what waits, one by one, as soon as there is time. */
  #resume(): void {
    if (this.#resuming) return
    this.#resuming = true
    const freeAt = Math.max(this.#busyUntil, this.#stalledUntil, this.#world.time)
    this.#world.after(freeAt - this.#world.time, () => {
      this.#resuming = false
      if (!this.alive) return
      if (this.stalled) return this.#resume()
      const next = this.#waiting.shift()
      if (!next) return
      this.#waitingSize -= keptSize(next.bytes)
      this.#handle(next.bytes, next.from)
      if (this.#waiting.length > 0) this.#resume()
    })
  }

  /** How long it takes until its clock has gone on by so much. */
  #trueDelay(ownMs: number): number {
    const { slips, clockRate } = this.options
    const { time } = this.#world
    if (!slips) return ownMs / clockRate
    return slips.trueTime(time, slips.shown(time) + ownMs / clockRate) - time
  }

  #whenFree(then: () => void): void {
    if (!this.alive) return
    if (!this.stalled) return then()
    // A hair later than the datagrams that wait: they count before the deadlines do.
    const delayMs = this.#stalledUntil - this.#world.time + AFTER_DATAGRAMS_MS
    this.#world.after(delayMs, () => this.#whenFree(then))
  }

  #drain(): void {
    if (this.#draining) return
    this.#draining = true
    try {
      for (let output = this.peer.poll(); output; output = this.peer.poll()) this.#carryOut(output)
    } finally {
      this.#draining = false
    }
    if (this.alive) this.#arm()
  }

  #carryOut(output: Output): void {
    switch (output.type) {
      case 'transmit':
      case 'join':
      case 'leave':
      case 'rejoin':
        return this.#world.act(this, output)
      case 'heard':
        return undefined // of transports with several rungs
      case 'sign':
        return this.#answer(output.id, this.options.signer.sign(output.message))
      case 'verify': {
        const { message, signature, identity } = output
        const good = this.options.signatures.verify(message, signature, identity)
        return this.#answer(output.id, good)
      }
      case 'unbox':
        return this.#answer(output.id, this.options.signer.unbox?.(output) ?? false)
      default:
        return this.#world.notice(this, output)
    }
  }

  #answer(id: number, answer: Uint8Array | boolean): void {
    const { answerMs, random } = this.options
    if (answerMs === 0) return this.peer.handleAnswer(this.now, id, answer)
    this.#world.after(random.between(0, answerMs), () => {
      this.#whenFree(() => this.command((peer, now) => peer.handleAnswer(now, id, answer)))
    })
  }

  /** Timers of whole milliseconds that fire a little late, as those of Node do. */
  #arm(): void {
    const { deadline } = this.peer
    if (deadline === Infinity || this.#armedFor <= deadline) return
    this.#armedFor = deadline
    const token = ++this.#timer
    const delayMs = this.#trueDelay(Math.max(0, Math.ceil(deadline - this.now)))
    this.#world.after(delayMs + this.options.random.between(0, TIMER_LATE_MS), () => {
      if (token !== this.#timer) return
      this.#whenFree(() => {
        if (token !== this.#timer) return
        this.#armedFor = Infinity
        this.command((peer, now) => peer.handleTimeout(now))
      })
    })
  }
}

/** What the kernel charges the receive buffer for one datagram, roughly. */
function keptSize(datagram: Uint8Array): number {
  return datagram.length + 768
}

/** net.core.rmem_default. */
const RECEIVE_BUFFER_SIZE = 212_992
const TIMER_LATE_MS = 1
/** Until what has come meanwhile is read. */
const STALE_MS = 1000
const AFTER_DATAGRAMS_MS = 0.001
