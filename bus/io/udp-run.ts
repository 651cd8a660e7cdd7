/** A run of datagrams that one system call can send: equal in size, but for a shorter last one. */

export class Run {
  readonly datagrams: Uint8Array[] = []
  #bytes = 0
  #isClosed = false

  /** Of each datagram but the last. */
  get size(): number {
    return this.datagrams[0]?.length ?? 0
  }

  /**
   * The same bytes in as few pieces as they have in memory, where packets mostly stand one behind the
   * other: Node makes an object of each.
   */
  get pieces(): Uint8Array[] {
    const pieces: Piece[] = []
    let last: Piece | undefined
    for (const { buffer, byteOffset, length } of this.datagrams) {
      if (last?.buffer === buffer && last.to === byteOffset) last.to += length
      else pieces.push((last = { buffer, from: byteOffset, to: byteOffset + length }))
    }
    return pieces.map(({ buffer, from, to }) => new Uint8Array(buffer, from, to - from))
  }

  /** False when it belongs into the next run. */
  add(datagram: Uint8Array): boolean {
    const { size, datagrams } = this
    const { length } = datagram
    if (datagrams.length > 0) {
      const isFull = datagrams.length >= DATAGRAMS_MAX || this.#bytes + length > BYTES_MAX
      if (isFull || this.#isClosed || length > size) return false
      this.#isClosed = length < size
    }
    this.#bytes += length
    datagrams.push(datagram)
    return true
  }
}

interface Piece {
  readonly buffer: ArrayBufferLike
  readonly from: number
  to: number
}

/** Larger ones are not joined: the kernel cuts into what one frame of Ethernet carries at most. */
export const RUN_DATAGRAM_MAX = 1452
/** UDP_MAX_SEGMENTS of older kernels. */
const DATAGRAMS_MAX = 64
/** A datagram to be cut may be as large as any. */
const BYTES_MAX = 65_000
