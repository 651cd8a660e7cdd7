/**
 * Replay window after RFC 6479: a ring of bit blocks that never shifts bits.
 *
 * The ring is as long as what has come beyond the floor needs, until it has its full length: of a
 * thousand instances most are heard a few times only.
 *
 * The verdict has three values: only `new` numbers count; `replayed` ones were seen; `unknown`
 * ones are too old to tell, and are refused under another counter.
 */
export type ReplayVerdict = 'new' | 'replayed' | 'unknown'

const BLOCKS = 256
const BLOCK_BITS = 32
/** Numbers that the window remembers: one block is always being cleared. */
export const REPLAY_WINDOW: number = (BLOCKS - 1) * BLOCK_BITS

export class ReplayWindow {
  #blocks: number[] = [0]
  #highest: number
  readonly #floor: number

  /** Numbers up to and including `floor` are past from the beginning. */
  constructor(floor = 0) {
    this.#highest = floor
    this.#floor = floor
  }

  get highest(): number {
    return this.#highest
  }

  /** Judges a number without remembering it: what has not been authenticated changes nothing. */
  check(number: number): ReplayVerdict {
    if (number > this.#highest) return 'new'
    if (number <= this.#floor || number <= this.#highest - REPLAY_WINDOW) return 'unknown'
    return this.#blocks[this.#placeOf(blockOf(number))]! & bitOf(number) ? 'replayed' : 'new'
  }

  /** Remembers an authenticated number. */
  accept(number: number): void {
    const block = blockOf(number)
    const top = blockOf(this.#highest)
    if (block > top) this.#advance(top, block)
    if (number > this.#highest) this.#highest = number
    this.#blocks[this.#placeOf(block)]! |= bitOf(number)
  }

  /** Makes room for the blocks above `top`, up to `block`. */
  #advance(top: number, block: number): void {
    const needed = Math.min(BLOCKS, block - blockOf(this.#floor) + 1)
    if (needed > this.#blocks.length) this.#grow(top, needed)
    const passed = Math.min(block - top, this.#blocks.length)
    for (let i = 1; i <= passed; i++) this.#blocks[this.#placeOf(top + i)] = 0
  }

  #grow(top: number, needed: number): void {
    const before = this.#blocks
    let size = before.length
    while (size < needed) size *= 2
    this.#blocks = Array.from({ length: size }, () => 0)
    for (let i = 0; i < before.length && i <= top; i++) {
      this.#blocks[this.#placeOf(top - i)] = before[(top - i) % before.length]!
    }
  }

  #placeOf(block: number): number {
    return block % this.#blocks.length
  }
}

function blockOf(number: number): number {
  return Math.floor(number / BLOCK_BITS)
}

function bitOf(number: number): number {
  return 1 << (number % BLOCK_BITS)
}
