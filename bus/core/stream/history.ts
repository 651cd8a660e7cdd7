/**
 * The sealed packets of one stream: those waiting for the pacer, then those kept for
 * repair and late attachers. Numbers are consecutive, so a packet is found by subtraction.
 */
import type { Endpoint } from '../output.ts'
import { Ring } from '../ring.ts'
import { Milestones } from './milestones.ts'

export interface StoredPacket {
  /** Sealed anew when it is sent in another epoch, with the same number and size. */
  packet: Uint8Array
  /** When its first message was published, ms of the driver's clock. */
  readonly at: number
  /** Index of the first message in it. */
  readonly index: number
  /** Bytes that count as waiting until it has left. */
  readonly charge: number
  /** When all that it holds has expired; absent when something never does. */
  readonly expiresAt?: number | undefined
  /** It holds no message, only what proves others. */
  readonly bare?: boolean
  /** When it left, ms of the driver's clock. */
  sentAt?: number | undefined
  /** It waits to be sent again. */
  repair?: Repair | undefined
  /** When, and to whom, it was last sent again. */
  repairedAt?: number
  repairedTo?: string | Endpoint
}

/** Whether nothing in a packet is of use any more. */
export function hasExpired(now: number, { expiresAt = Infinity }: StoredPacket): boolean {
  return expiresAt <= now
}

/** The packet as it is sent now. */
export function renewed({ renew }: Renews, stored: StoredPacket): Uint8Array {
  if (renew) stored.packet = renew(stored.packet)
  return stored.packet
}

/** What seals packets anew that were sealed in an epoch that is over. */
export interface Renews {
  readonly renew?: ((packet: Uint8Array) => Uint8Array) | undefined
}

/** One packet that is to be sent again. */
export interface Repair {
  to: string | Endpoint
  /** Several lack it: it goes before new packets. */
  urgent: boolean
}

export class History {
  readonly #packets = new Ring<StoredPacket>()
  #first = 1
  /** Index of the last packet that was forgotten. */
  #forgotten = -1
  #forgottenAt = -Infinity
  /** Made when the first packet is forgotten: most streams are young or silent. */
  #milestones: Milestones | undefined

  /** Number of the first packet kept; equal to `next` when none is. */
  get first(): number {
    return this.#first
  }

  /** Number that the next packet will have. */
  get next(): number {
    return this.#first + this.#packets.size
  }

  append(stored: StoredPacket): void {
    this.#packets.push(stored)
  }

  get(number: number): StoredPacket | undefined {
    return this.#packets.at(number - this.#first)
  }

  /** Whether a kept packet is the end of a message whose beginning is not kept any more. */
  isBroken({ index }: StoredPacket): boolean {
    return index === this.#forgotten
  }

  /** Forgets the first packet kept and returns its size in bytes. */
  shift(): number {
    const stored = this.#packets.shift()
    if (!stored) return 0
    this.#first += 1
    return stored.packet.length
  }

  /** The same of a stream that may be asked for it: remembers when that was. */
  forget(): number {
    const stored = this.#packets.first
    if (stored && !stored.bare) {
      this.#forgotten = stored.index
      this.#forgottenAt = stored.at
      this.#milestones ??= new Milestones()
      this.#milestones.add(stored)
    }
    return this.shift()
  }

  /** Number of the first packet published at or after `at`, or `next`. */
  firstSince(at: number): number {
    let low = this.#first
    let high = this.next
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      if (this.get(middle)!.at >= at) high = middle
      else low = middle + 1
    }
    return low
  }

  /** Index of a message published at or just before `at`, if one that is forgotten was so late. */
  forgottenSince(at: number): number | undefined {
    return this.#forgottenAt < at ? undefined : this.#milestones?.indexAt(at)
  }

  /**
   * Number of the packet in which message `index` begins, or of the first one behind it in which a
   * message begins. `behind`: index of the first message that is in no packet yet.
   */
  packetOf(index: number, behind: number): number {
    const number = this.#firstFrom(index)
    const found = this.get(number)
    if (found && this.isBroken(found)) return this.#firstFrom(found.index + 1)
    // Several small messages share a packet, which has the index of the first of them.
    const before = this.get(number - 1)
    const within = (found?.index ?? behind) > index && before && !this.isBroken(before)
    return within ? number - 1 : number
  }

  /** Number of the first packet whose first message is `index` or a later one. */
  #firstFrom(index: number): number {
    let low = this.#first
    let high = this.next
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      if (this.get(middle)!.index >= index) high = middle
      else low = middle + 1
    }
    return low
  }
}
