/**
 * The sealed packets of one stream: those waiting for the pacer, then those kept for late
 * attachers. Numbers are consecutive, so a packet is found by subtraction.
 */

export interface StoredPacket {
  readonly packet: Uint8Array
  /** When its first message was published, ms of the driver's clock. */
  readonly at: number
  /** Index of the first message in it. */
  readonly index: number
}

export class History {
  #packets: StoredPacket[] = []
  /** Position in the array of the first packet kept. */
  #head = 0
  /** Number of the first packet kept. */
  #first = 1
  #size = 0

  /** Number of the first packet kept; equal to `next` when none is. */
  get first(): number {
    return this.#first
  }

  /** Number that the next packet will have. */
  get next(): number {
    return this.#first + this.#packets.length - this.#head
  }

  /** Bytes kept. */
  get size(): number {
    return this.#size
  }

  append(stored: StoredPacket): void {
    this.#packets.push(stored)
    this.#size += stored.packet.length
  }

  get(number: number): StoredPacket | undefined {
    if (number < this.#first) return undefined
    return this.#packets[this.#head + number - this.#first]
  }

  /** Forgets the first packet kept and returns its size. */
  shift(): number {
    const stored = this.#packets[this.#head]
    if (!stored) return 0
    this.#head += 1
    this.#first += 1
    this.#size -= stored.packet.length
    if (this.#head > COMPACT_MIN && this.#head * 2 > this.#packets.length) {
      this.#packets = this.#packets.slice(this.#head)
      this.#head = 0
    }
    return stored.packet.length
  }

  /** The first packet published at or after `at`, or `next`. */
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
}

const COMPACT_MIN = 64
