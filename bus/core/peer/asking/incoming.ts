/**
 * The answers of one instance to this peer, put together and in the order they were given in.
 *
 * Each answer names the one before it, so one that comes early waits for those. What the answerer
 * has given up, and what has not come for too long, is passed over.
 */
import { concat } from '../../bytes.ts'
import type { Limits } from '../../limits.ts'
import type { CounterName } from '../../metrics.ts'
import { DirectFlag, type DirectBody } from '../../wire/direct.ts'

export interface IncomingOptions {
  readonly limits: Pick<Limits, 'answerSize' | 'answersHeldSize' | 'answerAge'>
  /** What all instances together hold, bytes. */
  readonly pool: { size: number }
  readonly count: (name: CounterName) => void
  readonly deliver: (topic: string, payload: Uint8Array) => void
}

/** A piece of an answer, as it has come. */
export interface PieceIn extends DirectBody {
  readonly flags: number
  readonly topic: string
}

/** `known`: it is of no use, and acknowledged; `refused`: it is not. */
export type Fate = 'taken' | 'known' | 'refused' | 'malformed'

interface Held {
  readonly id: number
  readonly previous: number
  readonly topic: string
  readonly totalSize: number
  readonly since: number
  readonly charge: number
  /** By offset, until all are there. */
  readonly pieces: Map<number, Uint8Array>
  size: number
  /** Whole; `undefined` until then, and for ever when the answerer has given it up. */
  payload: Uint8Array | undefined
  isOver: boolean
}

export class Incoming {
  readonly #options: IncomingOptions
  readonly #heldById = new Map<number, Held>()
  /** Answers up to this one have been delivered or passed over. */
  #done = 0
  /** Those of them that were passed over: what comes of them late is not acknowledged. */
  #passed: { readonly from: number; readonly to: number }[] = []
  #size = 0

  constructor(options: IncomingOptions) {
    this.#options = options
  }

  /** Answers that wait. */
  get held(): number {
    return this.#heldById.size
  }

  take(now: number, piece: PieceIn): Fate {
    const { id, previous, totalSize, offset, bytes, flags } = piece
    if (id <= this.#done) return this.#isPassed(id) ? this.#late() : 'known'
    const known = this.#heldById.get(id)
    if (known?.isOver) return 'known'
    if (flags & DirectFlag.givenUp) return this.#takeEnd(now, known, piece)
    if (known?.pieces.has(offset)) return 'known'
    const isNext = previous <= this.#done
    if (isNext && bytes.length === totalSize && !known) {
      this.#deliver({ id, topic: piece.topic, payload: bytes })
      this.#advance()
      return 'taken'
    }
    const held = known ?? this.#begin(now, piece, isNext)
    if (!held) return 'refused'
    return this.#add(held, piece)
  }

  /** Called every now and then: nobody is waited for too long. */
  expire(now: number): void {
    const patience = 2 * this.#options.limits.answerAge
    for (;;) {
      const first = this.#lowest()
      if (!first || now - first.since < patience) return
      // It waits for one of which nothing has come, or for the rest of itself.
      const to = first.previous > this.#done ? first.previous : first.id
      this.#pass(to)
    }
  }

  /** Its sender is gone: what is whole is delivered, and nothing else is waited for. */
  end(): void {
    const last = Math.max(0, ...this.#heldById.keys())
    if (last > 0) this.#pass(last)
  }

  /** Nothing has come that could be told from another answer with this number. */
  #takeEnd(now: number, known: Held | undefined, piece: PieceIn): Fate {
    if (known) this.#drop(known)
    const held = this.#begin(now, piece, true)
    if (!held) return 'refused'
    held.isOver = true
    this.#advance()
    return 'taken'
  }

  #begin(now: number, piece: PieceIn, isNext: boolean): Held | undefined {
    const { id, previous, topic, totalSize } = piece
    const { limits, pool, count } = this.#options
    const charge = Math.max(HELD_COST, totalSize)
    // What is next can be finished whatever else waits; what is early must leave room for that.
    const total = isNext ? limits.answersHeldSize : limits.answersHeldSize / 2
    const own = isNext ? Infinity : limits.answersHeldSize / 8
    const fits = pool.size + charge <= total && this.#size + charge <= own
    if (totalSize > limits.answerSize || !fits || (!isNext && this.held >= EARLY_MAX)) {
      count('answersHeldFull')
      return undefined
    }
    const about = { id, previous, topic, totalSize, since: now, charge }
    const held = { ...about, pieces: new Map(), size: 0, payload: undefined, isOver: false }
    this.#heldById.set(id, held)
    this.#size += charge
    pool.size += charge
    return held
  }

  #add(held: Held, { previous, topic, totalSize, offset, bytes }: PieceIn): Fate {
    const same = held.previous === previous && held.topic === topic
    if (!same || held.totalSize !== totalSize || held.size + bytes.length > totalSize) {
      return 'malformed'
    }
    held.pieces.set(offset, bytes)
    held.size += bytes.length
    if (held.size < totalSize) return 'taken'
    held.payload = joined(held.pieces)
    held.isOver = true
    held.pieces.clear()
    // Pieces that lie over each other are nobody's answer.
    if (!held.payload) this.#options.count('malformed')
    this.#advance()
    return 'taken'
  }

  /** Delivers whatever need not wait any more. */
  #advance(): void {
    for (let one = this.#lowest(); one; one = this.#lowest()) {
      if (!one.isOver || one.previous > this.#done) return
      this.#drop(one)
      this.#deliver(one)
    }
  }

  /** What was given before it and has not come whole by now does not come any more. */
  #deliver({ id, topic, payload }: Pick<Held, 'id' | 'topic' | 'payload'>): void {
    if (this.held > 0) this.#passBelow(id)
    this.#done = id
    if (!payload) return
    this.#options.count('answersReceived')
    this.#options.deliver(topic, payload)
  }

  /** Gives up what has not come, up to this answer; what has is delivered. */
  #pass(to: number): void {
    this.#options.count('answersLost')
    this.#passed.push({ from: this.#done + 1, to })
    const [first, second] = this.#passed
    if (this.#passed.length > PASSED_MAX && first && second) {
      this.#passed.splice(0, 2, { from: first.from, to: second.to })
    }
    this.#passBelow(to + 1)
    this.#done = Math.max(this.#done, to)
    this.#advance()
  }

  #passBelow(id: number): void {
    const below = [...this.#heldById.values()].filter((one) => one.id < id)
    for (const one of below.toSorted((a, b) => a.id - b.id)) {
      this.#drop(one)
      if (one.payload) this.#deliver(one)
    }
  }

  #lowest(): Held | undefined {
    let lowest: Held | undefined
    for (const one of this.#heldById.values()) if (!lowest || one.id < lowest.id) lowest = one
    return lowest
  }

  #drop(held: Held): void {
    this.#heldById.delete(held.id)
    this.#size -= held.charge
    this.#options.pool.size -= held.charge
  }

  #isPassed(id: number): boolean {
    return this.#passed.some(({ from, to }) => id >= from && id <= to)
  }

  #late(): Fate {
    this.#options.count('late')
    return 'refused'
  }
}

/** The pieces in order, if they follow each other. */
function joined(pieces: ReadonlyMap<number, Uint8Array>): Uint8Array | undefined {
  const sorted = [...pieces].toSorted(([a], [b]) => a - b)
  let end = 0
  for (const [offset, bytes] of sorted) {
    if (offset !== end) return undefined
    end += bytes.length
  }
  return concat(...sorted.map(([, bytes]) => bytes))
}

/** What an answer costs that waits, however small it is. */
const HELD_COST = 256
/** Answers of one instance that wait for an earlier one. */
const EARLY_MAX = 1024
const PASSED_MAX = 16
