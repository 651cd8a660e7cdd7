/**
 * The receiving half of parity: packets that are kept until nothing of their block is missing.
 *
 * Packets are kept, those too that have been delivered, in the first ten seconds of a stream and
 * for ten seconds after each loss; where nothing is lost, nothing is kept. A block that does not
 * fit into the bound, or of which something came before, cannot be mended by parity: its missing
 * packets are asked for themselves.
 */
import type { Metrics } from '../metrics.ts'
import { epochOf } from '../wire/packet.ts'
import { Slab } from '../slab.ts'
import { BLOCK, blockOf, symbolOf, symbolSizeOf } from '../wire/parity.ts'
import { type Row, solve } from './erasure.ts'
import type { Budget } from './reorder.ts'

interface Block {
  /** By place. */
  readonly symbols: (Uint8Array | undefined)[]
  /** What they are in: they go together. */
  readonly slab: Slab
  kept: number
  rows: Row[]
  cost: number
}

/** A packet's symbol that parity has given back. */
export interface Mended {
  readonly number: number
  readonly symbol: Uint8Array
}

export class Blocks {
  readonly #budget: Budget
  readonly #metrics: Metrics
  readonly #blocks = new Map<number, Block>()
  /** Blocks that did not fit, or whose parity was wrong. */
  readonly #broken = new Set<number>()
  /** Every block from this one on has been kept from its beginning; 0 before there was any. */
  #from = 0
  /** The epoch of the packets that are kept: parity of another one is made of other bytes. */
  #epoch = -1
  /** Packets are kept until then. */
  #until = -Infinity
  #released = 0
  /** Parity that was wrong is not trusted until then. */
  #distrustUntil = -Infinity
  /** A number that came, and when: what the pace is measured from. */
  #markNumber = 0
  #markAt = -Infinity
  #msEach = Infinity

  constructor(budget: Budget, metrics: Metrics) {
    this.#budget = budget
    this.#metrics = metrics
  }

  /** Whether packets are being kept. */
  get active(): boolean {
    return this.#from > 0 && this.#from < Infinity
  }

  /** Something up to `number` is missing: what comes behind its block is kept. */
  lost(now: number, number: number): void {
    if (!this.active) this.#from = blockOf(number) + BLOCK
    this.#until = now + LOSSY_MS
  }

  #begin(now: number, base: number): void {
    this.#from = base
    this.#until = now + LOSSY_MS
  }

  /** A data packet has come. */
  keep(now: number, number: number, packet: Uint8Array): void {
    if (this.#from === 0) this.#begin(now, blockOf(number + BLOCK - 1))
    if (!this.active) return
    if (now > this.#until) return this.clear()
    if (!this.#isOfEpoch(epochOf(packet), number)) return
    this.#clock(now, number)
    const base = blockOf(number)
    const block = this.#open(base)
    if (!block || block.symbols[number - base]) return
    const size = symbolSizeOf(packet)
    if (!this.#charge(base, block, size)) return
    block.kept += 1
    // As much again as there is, so that a block of few packets stays small.
    const more = Math.min(block.kept, base + BLOCK - number)
    block.symbols[number - base] = symbolOf(packet, block.slab.cut(size, more * size))
  }

  /** Whether what is kept is of this epoch. */
  isIn(epoch: number): boolean {
    return epoch === this.#epoch
  }

  /** A packet that was kept was a forgery. */
  forget(number: number): void {
    const base = blockOf(number)
    const block = this.#blocks.get(base)
    if (block) block.symbols[number - base] = undefined
  }

  /** Whether parity can mend the block that begins with packet `base`. */
  able(now: number, base: number): boolean {
    return (
      this.active && base >= this.#from && !this.#broken.has(base) && now >= this.#distrustUntil
    )
  }

  /** How many of the `missing` packets of a block the rows at hand stand for. */
  worth(base: number, missing: readonly number[]): number {
    const rows = this.#blocks.get(base)?.rows ?? []
    let worth = 0
    // What covers the least first: it says nothing of what lies behind.
    for (const { count } of rows.toSorted((a, b) => a.count - b.count)) {
      const reached = missing.filter((number) => number < base + count).length
      if (worth < reached) worth += 1
    }
    return worth
  }

  /** Whether a row of a block is new, and may be of use. */
  wants(now: number, base: number, row: number): boolean {
    if (!this.able(now, base)) return false
    const rows = this.#blocks.get(base)?.rows
    return !rows || (rows.length < BLOCK && rows.every((held) => held.row !== row))
  }

  /** A row has come: returns what can be mended now of the `missing` packets of its block. */
  add(base: number, row: Row, missing: readonly number[]): Mended[] {
    const block = this.#open(base)
    if (!block || !this.#charge(base, block, row.sum.length)) return []
    block.rows.push(row)
    // A row over packets that have all come meanwhile tells nothing new.
    const [first = Infinity] = missing
    block.rows = block.rows.filter((held) => base + held.count > first)
    for (const count of new Set(block.rows.map((held) => held.count))) {
      const unknown = missing.map((number) => number - base).filter((place) => place < count)
      if (unknown.length === 0) continue
      const rows = block.rows.filter((held) => held.count <= count)
      if (!isKept(block, count, unknown)) continue
      const symbols = solve(rows, unknown, (place) => block.symbols[place]!)
      if (!symbols) continue
      return symbols.map((symbol, i) => ({ number: base + unknown[i]!, symbol }))
    }
    return []
  }

  /** Parity has given what is no packet: somebody lies. Packets themselves are asked for. */
  distrust(now: number, base: number): void {
    this.#distrustUntil = now + DISTRUST_MS
    this.#break(base)
  }

  /** Nothing below `number` is missing any more. */
  release(number: number): void {
    const base = blockOf(Math.max(1, number))
    if (base === this.#released) return
    this.#released = base
    for (const [held, block] of this.#blocks) {
      if (held >= base) continue
      this.#budget.used -= block.cost
      this.#blocks.delete(held)
    }
    for (const broken of this.#broken) if (broken < base) this.#broken.delete(broken)
  }

  clear(): void {
    for (const { cost } of this.#blocks.values()) this.#budget.used -= cost
    this.#blocks.clear()
    this.#broken.clear()
    this.#from = Infinity
  }

  /**
   * How long to wait for the rest of a block, ms, when `top` is the highest number so far: 0 when
   * there is no rest, or it would take too long.
   */
  restMs(now: number, top: number): number {
    if (!this.able(now, blockOf(top))) return 0
    const rest = blockOf(top) + BLOCK - 1 - top
    // Nothing of a block that is over is waited for, and nothing at a pace that is not known.
    if (rest === 0 || this.#msEach === Infinity) return 0
    const ms = rest * this.#msEach
    return ms > REST_MAX_MS ? 0 : ms * REST_SLACK
  }

  /** How long the next row may take, when one has come, ms. */
  get moreMs(): number {
    return this.#msEach < REST_MAX_MS ? this.#msEach * MORE : 0
  }

  /** A newer epoch has begun: its blocks are kept, and none that it shares with the one before. */
  #isOfEpoch(epoch: number, number: number): boolean {
    if (epoch < this.#epoch) this.#break(blockOf(number))
    if (epoch <= this.#epoch) return epoch === this.#epoch
    const isFirst = this.#epoch < 0
    this.#epoch = epoch
    if (isFirst) return true
    this.clear()
    this.#from = blockOf(number) + BLOCK
    return false
  }

  #open(base: number): Block | undefined {
    if (!this.active || base < this.#from || base < this.#released || this.#broken.has(base))
      return undefined
    const known = this.#blocks.get(base)
    if (known) return known
    if (this.#blocks.size + this.#broken.size >= BLOCKS_MAX) {
      // More than can be on its way: the numbers are not those of a stream that is received.
      this.#metrics.count('blocksFull')
      this.clear()
      return undefined
    }
    const block = { symbols: [], slab: new Slab(), kept: 0, rows: [], cost: 0 }
    this.#blocks.set(base, block)
    return this.#charge(base, block, BLOCK_COST) ? block : undefined
  }

  #charge(base: number, block: Block, size: number): boolean {
    const cost = size + SYMBOL_COST
    if (this.#budget.used + cost > this.#budget.max) {
      this.#metrics.count('blocksFull')
      this.#break(base)
      return false
    }
    this.#budget.used += cost
    block.cost += cost
    return true
  }

  #break(base: number): void {
    this.#budget.used -= this.#blocks.get(base)?.cost ?? 0
    this.#blocks.delete(base)
    this.#broken.add(base)
  }

  #clock(now: number, number: number): void {
    const count = number - this.#markNumber
    if (count < CLOCKED) return
    this.#msEach = (now - this.#markAt) / count
    this.#markNumber = number
    this.#markAt = now
  }
}

function isKept(block: Block, count: number, unknown: readonly number[]): boolean {
  for (let place = 0; place < count; place++) {
    if (!block.symbols[place] && !unknown.includes(place)) return false
  }
  return true
}

/** So long after a loss the next one is expected. */
const LOSSY_MS = 10_000
/** So long whoever sends parity that mends nothing is not believed again. */
const DISTRUST_MS = 10_000
/** What keeping a symbol takes besides its bytes, and what a block does. */
const SYMBOL_COST = 64
const BLOCK_COST = 768
/** Blocks of one stream: twice as many as packets that may wait for an earlier one fill. */
const BLOCKS_MAX = 256
/** Packets between two looks at the clock. */
const CLOCKED = 32
/** A block that takes longer than this is not waited for. */
const REST_MAX_MS = 30
/** A row that comes so many times later than packets do is not waited for. */
const MORE = 2
/** The rest of a block is given this much more time. */
const REST_SLACK = 1.5
