/**
 * Byte arrays cut from larger ones: an allocation of memory costs as much as opening a packet.
 *
 * A piece keeps the whole that it is cut from, so wholes are small, and what may stay for long is
 * copied first (`apart`).
 */

export class Slab {
  /** Makes memory of zeros. */
  make: (size: number) => ArrayBuffer = (size) => new ArrayBuffer(size)
  #whole = NOTHING
  #used = 0

  /**
   * A piece of zeros. `ahead`: bytes that are wanted in all, now and soon, this piece among them;
   * so many are allocated at most when nothing is left.
   */
  cut(size: number, ahead: number): Uint8Array {
    if (this.#used + size > this.#whole.byteLength) {
      this.#whole = this.make(Math.max(size, Math.min(ahead, WHOLE_SIZE)))
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

/**
 * A slab whose pieces come back: the memory of packets that are forgotten is that of the next ones.
 *
 * New memory costs more than sealing: zeros, pages of the system, garbage. What has come back is
 * used again only behind as much as leaves within a turn, twice: a system may not have taken it yet.
 */
export class Pool {
  #whole: Whole = { memory: NOTHING, used: 0, pieces: 0 }
  /** In the order in which they became free. */
  readonly #free: Whole[] = []
  #freeSize = 0
  readonly #wholeByMemory = new WeakMap<ArrayBufferLike, Whole>()

  /** A piece of any content: the caller writes all of it. */
  cut(size: number): Uint8Array {
    let whole = this.#whole
    if (whole.used + size > whole.memory.byteLength) whole = this.#next(size)
    const at = whole.used
    whole.used += size
    whole.pieces += 1
    return new Uint8Array(whole.memory, at, size)
  }

  /** The piece is of no use any more; one that was cut elsewhere is none of this pool. */
  giveBack({ buffer }: Uint8Array): void {
    const whole = this.#wholeByMemory.get(buffer)
    if (!whole) return
    whole.pieces -= 1
    if (whole.pieces === 0 && whole !== this.#whole) this.#release(whole)
  }

  #release(whole: Whole): void {
    // After a flood it is the collector's.
    if (this.#freeSize >= FREE_SIZE) return void this.#wholeByMemory.delete(whole.memory)
    whole.used = 0
    this.#free.push(whole)
    this.#freeSize += whole.memory.byteLength
  }

  #next(size: number): Whole {
    // All that it held may have come back already.
    if (this.#whole.used > 0 && this.#whole.pieces === 0) this.#release(this.#whole)
    const wanted = size <= WHOLE_SIZE / 2 ? WHOLE_SIZE : Math.max(size, LARGE_SIZE)
    this.#whole = this.#again(wanted) ?? this.#make(wanted)
    return this.#whole
  }

  #again(size: number): Whole | undefined {
    while (this.#freeSize > QUARANTINE_SIZE) {
      const whole = this.#free.shift()
      if (!whole) return undefined
      this.#freeSize -= whole.memory.byteLength
      if (whole.memory.byteLength >= size) return whole
      // Packets have become larger.
      this.#wholeByMemory.delete(whole.memory)
    }
    return undefined
  }

  #make(size: number): Whole {
    const whole = { memory: new ArrayBuffer(size), used: 0, pieces: 0 }
    this.#wholeByMemory.set(whole.memory, whole)
    return whole
  }
}

interface Whole {
  readonly memory: ArrayBuffer
  /** Bytes that are cut off. */
  used: number
  /** Those that have not come back. */
  pieces: number
}

/** The bytes in memory of their own, of which they are the most part. */
export function apart(bytes: Uint8Array): Uint8Array {
  return bytes.buffer.byteLength > 2 * bytes.length ? new Uint8Array(bytes) : bytes
}

/** What a piece keeps at most: about thirteen packets of 1,232 bytes. */
export const WHOLE_SIZE: number = 16 * 1024
/** The same of a pool for packets larger than half of that: one of 60,000 bytes. */
const LARGE_SIZE = 60 * 1024
/** So much stays free at most. */
const FREE_SIZE = 4 * 1024 * 1024
/** Twice a burst. */
const QUARANTINE_SIZE = 256 * 1024
const NOTHING = new ArrayBuffer(0)
