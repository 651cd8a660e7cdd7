/**
 * Byte arrays cut from larger ones: an allocation of memory costs as much as opening a packet.
 *
 * A piece keeps the whole that it is cut from, so wholes are small, and what may stay for long is
 * copied first (`apart`).
 */

export class Slab {
  #whole = NOTHING
  #used = 0

  /**
   * A piece of zeros. `ahead`: bytes that are wanted in all, now and soon, this piece among them;
   * so many are allocated at most when nothing is left.
   */
  cut(size: number, ahead: number): Uint8Array {
    if (this.#used + size > this.#whole.byteLength) {
      this.#whole = new ArrayBuffer(Math.max(size, Math.min(ahead, WHOLE_SIZE)))
      this.#used = 0
    }
    this.#used += size
    return new Uint8Array(this.#whole, this.#used - size, size)
  }

  /** The last piece is of no use, and nothing has been written into it. */
  putBack(size: number): void {
    this.#used -= size
  }
}

/** The bytes in memory of their own, of which they are the most part. */
export function apart(bytes: Uint8Array): Uint8Array {
  return bytes.buffer.byteLength > 2 * bytes.length ? new Uint8Array(bytes) : bytes
}

/** What a piece keeps at most: about thirteen packets of 1,232 bytes. */
export const WHOLE_SIZE: number = 16 * 1024
const NOTHING = new ArrayBuffer(0)
