/**
 * How long a receiver waits for what proves the packet that is next, and when it asks for it.
 *
 * What proves packets is a packet behind them, and comes, or is missed and asked for, as all
 * others. But in its place there may be a forgery, which nobody can tell from a true packet
 * without it. So when the publisher, or a signature, has told of packets from there on, nothing is
 * missing, and the proof has not come, the publisher is asked for it by what it is to prove.
 */
import { LEAVES_MAX } from '../wire/signed.ts'
import type { Question } from './holes.ts'
import type { Missing } from './missing.ts'
import type { EarlyPacket, ReorderBuffer } from './reorder.ts'

interface ProofWaitOptions {
  /** Packets of the stream wait for a proof at all. */
  readonly proven?: boolean
  /** How long one waits, ms. */
  readonly repairAge: number
}

interface Parts {
  readonly buffer: ReorderBuffer
  readonly missing: Missing
}

export class ProofWait {
  /** The highest number that a signature has vouched for. */
  #vouched = 0
  /** This process stood still until then. */
  graceAt: number = -Infinity
  readonly #options: ProofWaitOptions
  readonly #parts: Parts
  /** The last packet that there was no room for. */
  #turnedAway = 0
  #asked = 0
  #askAt = -Infinity
  #waitMs = ASK_MIN_MS

  constructor(options: ProofWaitOptions, parts: Parts) {
    this.#options = options
    this.#parts = parts
  }

  /**
   * A signature vouches for packets up to `number`. What of them is missing is missed since then:
   * a forgery far ahead must not make what comes in good time look late.
   */
  vouch(now: number, number: number): void {
    if (number <= this.#vouched) return
    this.#parts.missing.vouched(now, this.#vouched + 1, number)
    this.#vouched = number
  }

  /** A packet is at hand. Since when it was due. */
  arrived(now: number, number: number, mended?: boolean): number {
    const shownAt = this.#parts.missing.arrived(now, number, mended)
    return this.#options.proven && number > this.#vouched ? now : shownAt
  }

  /**
   * The last packet of which a signature, or the publisher's `head` in a heartbeat, has told; where
   * nothing is proven `highest`, which has come or is missed, does so.
   */
  lastTold(head: number, highest: number): number {
    return Math.max(head, this.#options.proven ? this.#vouched : highest)
  }

  /** When packet `next` is given up, if it is here without its proof. */
  overdueAt(next: number): number {
    const packet = this.#waiting(next)
    return packet ? this.#since(packet) + this.#options.repairAge : Infinity
  }

  /** When its proof is to be asked for. */
  askAt(next: number, head: number): number {
    if (!this.#options.proven || next === 0 || next > this.lastTold(head, 0)) return Infinity
    const again = this.#asked === next ? this.#askAt : undefined
    const packet = this.#waiting(next)
    if (!packet) return this.#turnedAway === next ? (again ?? 0) : Infinity
    // What a forgery far ahead made seem missing will never come.
    const last = Math.min(next + LEAVES_MAX, Math.max(this.#vouched, head))
    if (this.#parts.missing.within(next, last).length > 0) return Infinity
    return again ?? this.#since(packet) + ASK_MIN_MS
  }

  /** There is no room for a packet: once it is known what proves it, the next one needs none. */
  turnedAway(number: number): void {
    this.#turnedAway = number
  }

  /** Asks for it, of the publisher alone, each time after twice the wait. */
  ask(now: number, next: number): Question {
    this.#waitMs = this.#asked === next ? Math.min(ASK_MAX_MS, 2 * this.#waitMs) : ASK_MIN_MS
    this.#asked = next
    this.#askAt = now + this.#waitMs
    const ask = { first: next, missing: Uint8Array.of(0x80), shownAt: now }
    return { ...ask, solo: true, toAll: false, parity: false, proof: true }
  }

  #waiting(next: number): EarlyPacket | undefined {
    const packet = this.#options.proven && next > 0 ? this.#parts.buffer.get(next) : undefined
    return packet?.unproven ? packet : undefined
  }

  #since({ since }: EarlyPacket): number {
    return Math.max(since, this.graceAt)
  }
}

/** More than twice as long as a signature takes at the publisher. */
const ASK_MIN_MS = 50
const ASK_MAX_MS = 1000
