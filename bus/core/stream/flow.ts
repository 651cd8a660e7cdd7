/**
 * Paces a stream by its slowest receivers: none is sent more than a window beyond its cursor.
 *
 *     ... taken | next, the slowest cursor ... sent | held back
 *               |<-- at most `window` bytes  -->|
 *
 * Nobody may stop a stream. A receiver that says nothing slows it to a part of the rate after a
 * second; one that gets no further for `patience` does not count any more, until it has come
 * within the window again. Then it gets what is repaired, or a gap, as without flow control.
 */
import { Ring } from '../ring.ts'

export interface FlowOptions {
  /** Bytes, and messages, that may be sent beyond a cursor. */
  readonly windowSize: number
  readonly windowMessages: number
  /** How long somebody may stand still, ms. */
  readonly patience: number
  /** Bytes a second that leave in any case. */
  readonly floor: number
  /** A receiver does not count any more. */
  readonly dropped: () => void
}

interface Counted {
  next: number
  /** When it was last heard, and when it last came further, ms. */
  heardAt: number
  movedAt: number
}

interface Sent {
  readonly size: number
  readonly messages: number
  readonly at: number
}

export class Flow {
  readonly #options: FlowOptions
  readonly #counted = new Map<bigint, Counted>()
  /** Packets from number `#from` on: those that the slowest has not taken. */
  readonly #ahead = new Ring<Sent>()
  #from = 1
  #size = 0
  #messages = 0
  /** When the floor lets the next packet leave. */
  #floorAt = 0
  /** It is the floor that lets the next packet leave. */
  #atFloor = false
  #released = false

  constructor(options: FlowOptions) {
    this.#options = options
  }

  /** Receivers that count. */
  get count(): number {
    return this.#counted.size
  }

  /** A receiver has attached at packet `next`, or says that it waits for it. */
  hear(now: number, instance: bigint, next: number): void {
    const counted = this.#counted.get(instance)
    if (!counted) {
      // Whoever is far behind would stop the others: it comes back when it has caught up.
      if (next < this.#from || next > this.#end) return
      this.#counted.set(instance, { next, heardAt: now, movedAt: now })
      return
    }
    counted.heardAt = now
    if (next <= counted.next) return
    counted.next = Math.min(next, this.#end)
    counted.movedAt = now
    this.#settle()
  }

  forget(instance: bigint): void {
    this.#counted.delete(instance)
    this.#settle()
  }

  /** This process itself stood still for `ms`: nobody is to blame for that time. */
  forgive(ms: number): void {
    for (const counted of this.#counted.values()) {
      counted.heardAt += ms
      counted.movedAt += ms
    }
  }

  /** Waits for nobody any more. */
  release(): void {
    this.#released = true
  }

  /** The next packet has left. */
  sent(now: number, size: number, messages: number): void {
    if (this.#counted.size === 0) {
      this.#from = this.#end + 1
      return
    }
    this.#ahead.push({ size, messages, at: now })
    this.#size += size
    this.#messages += messages
    if (!this.#atFloor) return
    this.#floorAt =
      Math.max(now - FLOOR_BURST_MS, this.#floorAt) + (size / this.#options.floor) * 1000
  }

  /** When a packet may leave: `now`, or when to look again. */
  mayLeave(now: number, size: number, messages: number): number {
    this.#drop(now)
    const { windowSize, windowMessages } = this.#options
    const first = this.#ahead.first
    this.#atFloor = false
    if (!first || this.#released) return now
    const fits = this.#size + size <= windowSize && this.#messages + messages <= windowMessages
    if (fits) return now
    let at = Infinity
    let silent = true
    for (const counted of this.#counted.values()) {
      if (counted.next > this.#from) continue
      const { heardAt } = counted
      if (now < Math.max(heardAt, first.at) + SILENT_MS) silent = false
      at = Math.min(at, this.#stuckSince(counted) + this.#options.patience)
      at = Math.min(at, Math.max(heardAt, first.at) + SILENT_MS)
    }
    if (!silent) return Math.max(at, now + 1)
    this.#atFloor = true
    return this.#floorAt <= now ? now : Math.min(this.#floorAt, Math.max(at, now + 1))
  }

  /** Number behind the last packet sent. */
  get #end(): number {
    return this.#from + this.#ahead.size
  }

  /** Since when a receiver has had something to take, and has not. */
  #stuckSince({ next, movedAt }: Counted): number {
    const waiting = this.#ahead.at(next - this.#from)
    return waiting ? Math.max(movedAt, waiting.at) : Infinity
  }

  #drop(now: number): void {
    if (this.#ahead.size === 0) return
    for (const [instance, counted] of this.#counted) {
      if (now < this.#stuckSince(counted) + this.#options.patience) continue
      this.#counted.delete(instance)
      this.#options.dropped()
    }
    this.#settle()
  }

  /** Forgets what everybody who counts has taken. */
  #settle(): void {
    let slowest = this.#end
    for (const { next } of this.#counted.values()) slowest = Math.min(slowest, next)
    for (; this.#from < slowest; this.#from++) {
      const { size, messages } = this.#ahead.shift()!
      this.#size -= size
      this.#messages -= messages
    }
  }
}

/** Whoever has said nothing for so long, though there is something to say, may be dead. */
const SILENT_MS = 1000
/** Timers are late: the floor makes up for so much. */
const FLOOR_BURST_MS = 50
