/**
 * The sending half of parity: which rows of which block have left, and how many leave unasked.
 *
 * A receiver that lacks n symbols of a block needs any n rows that it does not have, and so do all
 * others that lack as many or fewer. What is on its way when a question comes counts for it.
 *
 * Behind each full block as many rows leave unasked as were needed lately, a little fewer: so most
 * receivers need not ask, and little is sent in vain. Where nothing is asked for they soon cease.
 */
import { Ring } from '../ring.ts'
import { BODY_OFFSET, bodyOf, epochOf } from '../wire/packet.ts'
import { BLOCK, blockOf, SYMBOL_PREFIX, symbolPrefixOf } from '../wire/parity.ts'
import { coefficient, ROWS } from './erasure.ts'
import { addProducts } from './galois.ts'
import type { History } from './history.ts'

/** One row that is to be sent. */
export interface RowOut {
  readonly row: number
  /** The last packet that it covers. */
  readonly last: number
  /** `Infinity` while it waits. */
  sentAt: number
}

/** A block that has been asked for, or rows of which have left. */
interface BlockOut {
  readonly rows: RowOut[]
  asked: boolean
}

export class Parity {
  readonly #blocks = new Map<number, BlockOut>()
  /** Full blocks that have not been judged, in order. */
  readonly #unjudged = new Ring<{ readonly base: number; readonly fullAt: number }>()
  /** Rows that leave unasked for each full block. */
  #unasked = 0

  /**
   * Somebody lacks `count` symbols of a block: how many more rows to send. What has left within
   * `holdMs` may not have been there when this was asked.
   */
  asked(now: number, base: number, { count, holdMs }: Asked): number {
    const block = this.#open(base)
    block.asked = true
    return count - block.rows.filter(({ sentAt }) => sentAt > now - holdMs).length
  }

  /** The next row over the packets of a block up to `last`, if there is one. */
  next(last: number): RowOut | undefined {
    const { rows } = this.#open(blockOf(last))
    if (rows.length >= ROWS) return undefined
    const row = { row: rows.length, last, sentAt: Infinity }
    rows.push(row)
    return row
  }

  /**
   * Packets up to `last` have left, and the block is full or the stream rests: how many rows to
   * send behind them.
   */
  behind(now: number, last: number): number {
    const base = blockOf(last)
    const count = last - base + 1
    if (count === BLOCK) {
      this.#judge(now)
      this.#unjudged.push({ base, fullAt: now })
    }
    const due = Math.floor((this.#unasked * count) / BLOCK)
    return due - (this.#blocks.get(base)?.rows.length ?? 0)
  }

  #open(base: number): BlockOut {
    const known = this.#blocks.get(base)
    if (known) return known
    const block = { rows: [], asked: false }
    this.#blocks.set(base, block)
    if (this.#blocks.size > BLOCKS_MAX) {
      for (const oldest of this.#blocks.keys()) {
        this.#blocks.delete(oldest)
        break
      }
    }
    return block
  }

  #more(needed: number): number {
    const lack = Math.max(0, needed - this.#unasked)
    return Math.min(UNASKED_MAX, this.#unasked + lack * LEARN)
  }

  get #fewer(): number {
    return Math.max(0, this.#unasked - Math.max(FORGET_MIN, this.#unasked * FORGET))
  }

  /** Learns from blocks that are so old that whoever lacks something of them has asked. */
  #judge(now: number): void {
    for (let full = this.#unjudged.first; full; full = this.#unjudged.first) {
      if (now < full.fullAt + JUDGED_MS) return
      this.#unjudged.shift()
      const block = this.#blocks.get(full.base)
      this.#unasked = block?.asked ? this.#more(block.rows.length) : this.#fewer
    }
  }
}

export interface Asked {
  readonly count: number
  readonly holdMs: number
}

/**
 * A row's sum over the packets from `base` to `last`, or `undefined` when one is not kept, or is of
 * another epoch than parity will be.
 */
export function sumOf(
  history: History,
  { last, row }: RowOut,
  epoch: number,
): Uint8Array | undefined {
  const base = blockOf(last)
  const prefixes: Uint8Array[] = []
  const bodies: Uint8Array[] = []
  const factors: number[] = []
  let size = 0
  for (let number = base; number <= last; number++) {
    const stored = history.get(number)
    if (!stored || epochOf(stored.packet) !== epoch) return undefined
    prefixes.push(symbolPrefixOf(stored.packet))
    bodies.push(bodyOf(stored.packet))
    factors.push(coefficient(row, number - base))
    size = Math.max(size, stored.packet.length - BODY_OFFSET)
  }
  const sum = new Uint8Array(SYMBOL_PREFIX + size)
  addProducts(sum, prefixes, factors)
  addProducts(sum.subarray(SYMBOL_PREFIX), bodies, factors)
  return sum
}

/** Blocks whose rows are remembered: what is asked for again later begins with row 0 again. */
const BLOCKS_MAX = 256
/** Questions for a block have come by then. */
const JUDGED_MS = 60
/** How much of a lack is made up for at once, and how much of a surplus is given up. */
const LEARN = 0.1
const FORGET = 0.1
const FORGET_MIN = 0.5
/** Whoever asks for more than there is need of makes nobody send more than this unasked. */
const UNASKED_MAX = BLOCK / 2
