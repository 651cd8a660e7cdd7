/**
 * Replay window after RFC 6479: a ring of bit blocks that never shifts bits.
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
  readonly #blocks = new Uint32Array(BLOCKS)
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
    return this.#blocks[blockOf(number)]! & bitOf(number) ? 'replayed' : 'new'
  }

  /** Remembers an authenticated number. */
  accept(number: number): void {
    const block = Math.floor(number / BLOCK_BITS)
    const top = Math.floor(this.#highest / BLOCK_BITS)
    for (let i = 1; i <= Math.min(block - top, BLOCKS); i++) this.#blocks[(top + i) % BLOCKS] = 0
    if (number > this.#highest) this.#highest = number
    this.#blocks[blockOf(number)]! |= bitOf(number)
  }
}

function blockOf(number: number): number {
  return Math.floor(number / BLOCK_BITS) % BLOCKS
}

function bitOf(number: number): number {
  return 1 << (number % BLOCK_BITS)
}
