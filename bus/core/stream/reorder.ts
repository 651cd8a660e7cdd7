/** Packets that came early, by number, bounded in count and, with all streams together, in bytes. */

import { apart } from '../slab.ts'
import { sameLeaf } from '../wire/signed.ts'

/** Bytes that many share, such as all streams of a process. */
export interface Budget {
  used: number
  readonly max: number
}

export interface EarlyPacket {
  readonly flags: number
  readonly body: Uint8Array
  /** When it came, or was first missed, ms of the driver's clock: the lives in it run from then. */
  readonly since: number
  /** Its digest, while no signature has vouched for it: until then it waits. */
  readonly unproven?: Uint8Array | undefined
}

export class ReorderBuffer {
  readonly #packets = new Map<number, EarlyPacket>()
  readonly #countMax: number
  readonly #budget: Budget
  #lowest: number | undefined
  #highest = 0

  constructor(countMax: number, budget: Budget) {
    this.#countMax = countMax
    this.#budget = budget
  }

  /** The lowest number at hand. */
  get lowest(): number | undefined {
    return this.#lowest
  }

  /** The highest number at hand. */
  get highest(): number | undefined {
    return this.#packets.size > 0 ? this.#highest : undefined
  }

  /** Whether little more fits: then only what lies below `highest` is of use. */
  get crowded(): boolean {
    const { used, max } = this.#budget
    return this.#packets.size > this.#countMax * CROWDED || used > max * CROWDED
  }

  /**
   * The number up to which a packet would be kept if it came, when `next` is delivered next; what
   * lies no more than `ahead` of that counts in any case.
   */
  lastOfUse(next: number, ahead: number): number {
    const window = next + this.#countMax
    return this.crowded ? Math.min(window, Math.max(next + ahead, this.highest ?? 0)) : window
  }

  /** The numbers at hand, in order. */
  sorted(): number[] {
    return [...this.#packets.keys()].sort((a, b) => a - b)
  }

  get size(): number {
    return this.#packets.size
  }

  get(number: number): EarlyPacket | undefined {
    return this.#packets.get(number)
  }

  /** Whether a packet is here, and is known to be the true one. */
  isSure(number: number): boolean {
    const held = this.#packets.get(number)
    return held !== undefined && !held.unproven
  }

  /** What is here unproven: nothing, the packet with this digest, or another one. */
  compare(number: number, digest: Uint8Array): 'none' | 'same' | 'other' {
    const held = this.#packets.get(number)?.unproven
    if (!held) return 'none'
    return sameLeaf(held, digest) ? 'same' : 'other'
  }

  /** A signature has vouched for a packet. */
  prove(number: number): void {
    const packet = this.#packets.get(number)
    if (packet) this.#packets.set(number, { ...packet, unproven: undefined })
  }

  has(number: number): boolean {
    return this.#packets.has(number)
  }

  /** Whether a body fits that lies `ahead` of what is delivered next. */
  room(body: Uint8Array, ahead: number): boolean {
    if (ahead > this.#countMax || this.#packets.size >= this.#countMax) return false
    return this.#budget.used + costOf(body) <= this.#budget.max
  }

  /** False when the bound is hit; the packet is then not kept. */
  add(number: number, packet: EarlyPacket): boolean {
    if (!this.room(packet.body, 0)) return false
    const body = apart(packet.body)
    this.#packets.set(number, body === packet.body ? packet : { ...packet, body })
    this.#budget.used += costOf(body)
    if (this.#lowest === undefined || number < this.#lowest) this.#lowest = number
    this.#highest = this.#packets.size === 1 ? number : Math.max(this.#highest, number)
    return true
  }

  take(number: number): EarlyPacket | undefined {
    const packet = this.#packets.get(number)
    if (!packet) return undefined
    this.#packets.delete(number)
    this.#budget.used -= costOf(packet.body)
    if (number === this.#lowest) this.#findLowest(number + 1)
    return packet
  }

  dropBelow(number: number): void {
    for (const held of this.#packets.keys()) if (held < number) this.take(held)
  }

  /** Forgets what lies from `number` on and returns how much that was. */
  dropFrom(number: number): number {
    const { size } = this
    for (const held of this.#packets.keys()) if (held >= number) this.take(held)
    this.#highest = Math.max(0, ...this.#packets.keys())
    return size - this.size
  }

  clear(): void {
    for (const packet of this.#packets.values()) this.#budget.used -= costOf(packet.body)
    this.#packets.clear()
    this.#lowest = undefined
  }

  /** Runs are the common case: try the following number before looking through all. */
  #findLowest(guess: number): void {
    this.#lowest = undefined
    if (this.#packets.size === 0) return
    if (this.#packets.has(guess)) {
      this.#lowest = guess
      return
    }
    let lowest = Infinity
    for (const held of this.#packets.keys()) if (held < lowest) lowest = held
    this.#lowest = lowest
  }
}

function costOf(body: Uint8Array): number {
  return body.length + PACKET_COST
}

/** What keeping a packet takes besides its body: empty ones must not come for nothing. */
const PACKET_COST = 256
/** Part of a bound from which on it counts as nearly reached. */
const CROWDED = 0.75
