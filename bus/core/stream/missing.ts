/**
 * What a receiver lacks of a stream: which packets, since when, and what to ask for now.
 *
 * Each number up to `top` has come or is in a hole. A hole is asked for when its time has come,
 * together with what else is missing of its block where parity can mend it: parity for a block
 * mends all of it, so the question waits until the block is over, if that is soon.
 */
import { BLOCK, blockOf } from '../wire/parity.ts'
import type { Blocks } from './blocks.ts'
import { type Hole, Holes, type Question } from './holes.ts'
import { coverage, isMendable, lessen, type Overheard } from './lacking.ts'
import { Loss } from './loss.ts'
import type { NakTiming } from './nak-timing.ts'
import { Patience } from './patience.ts'

export interface MissingOptions {
  /** How long a missing packet is asked for before it is given up, ms. */
  readonly repairAge: number
  readonly timing: NakTiming
  /** What parity mends; undefined where the stream has none. */
  readonly blocks: Blocks | undefined
}

export class Missing {
  readonly loss: Loss = new Loss()
  /** The highest number that has come or is a hole. */
  top = 0
  readonly #options: MissingOptions
  /** What was sent up to here, before this receiver attached, nobody else lacks. */
  #ownTo = 0
  /** When a packet of those last came. */
  #acceptedAt = -Infinity
  #attached = false
  readonly #patience = new Patience()
  /** The same with what was sent before it attached: others' packets are no answer to that. */
  readonly #own = new Patience()
  /** Times that a heartbeat, and no packet, has shown that something is missing. */
  #dark = 0
  /** What has been sent behind this number there is no room for yet. */
  #roomTo = Infinity
  readonly #holes = new Holes()
  /** When a standstill last put off what was due. */
  #graceAt = -Infinity

  constructor(options: MissingOptions) {
    this.#options = options
  }

  /** Whether heartbeats come through and packets do not, though they were asked for. */
  get dark(): boolean {
    return this.#dark >= DARK_MIN || (this.#dark > 0 && this.#patience.tried)
  }

  /** When there may be something to ask for. */
  get dueAt(): number {
    return this.#holes.dueAt
  }

  /** When something has to be asked for or given up. */
  get deadline(): number {
    const { first } = this.#holes
    return first ? Math.min(this.#holes.dueAt, this.#expiryOf(first)) : Infinity
  }

  /** The receiver has attached: packets up to `head` were sent before. */
  attach(): void {
    this.#attached = true
  }

  own(head: number): void {
    this.#ownTo = Math.max(this.#ownTo, head)
  }

  /** An authenticated packet has come, whether it can be kept or not. */
  came(now: number, number: number): void {
    this.#patience.rewarded()
    if (number > this.#ownTo) return
    this.#acceptedAt = now
    this.#own.rewarded()
  }

  /** A packet is at hand: what lies between it and the others is missing. Since when it was due. */
  arrived(now: number, number: number, mended = false): number {
    if (number <= this.top) {
      const hole = this.#holes.fill(now, number)
      if (!hole) return now
      const lost = mended || hole.askedAt > -Infinity
      this.#options.timing.filled(now - hole.shownAt, lost)
      this.loss.filled(number, now - hole.shownAt, lost)
      return hole.shownAt
    }
    this.#dark = 0
    this.show(now, number - 1)
    const whole = blockOf(number + 1) - 1
    if (whole > this.top) this.#over(now, whole)
    if (this.#attached) this.loss.add(0, 1)
    this.top = number
    return now
  }

  /** Both the packet and its repair have come: it was not lost but late. */
  again(number: number): void {
    const lateMs = this.loss.answered.take(number)
    if (lateMs === undefined || !this.#options.timing.alone) return
    this.#options.timing.late(lateMs)
    this.loss.late()
  }

  /** Packets up to `last` have been sent: what is missing is asked for after `waitMs`. */
  show(now: number, last: number, waitMs: number = this.#firstMs(now, last)): void {
    if (last <= this.top) return
    // What was sent before this receiver attached says nothing of the network.
    const own = last <= this.#ownTo
    if (!own) this.#blocks?.lost(now, last)
    if (this.#attached && !own) this.loss.add(last - this.top, last - this.top)
    this.#holes.show({ from: this.top + 1, to: last, shownAt: now, dueAt: now + waitMs })
    this.top = last
  }

  /** A heartbeat has told of packets that are `news`, or not. */
  rests(now: number, head: number, news: boolean): void {
    if (news) this.#dark += 1
    this.#over(now, head)
  }

  /** It is certain now that packets up to `to` were sent, and those from `from` on were not before. */
  vouched(now: number, from: number, to: number): void {
    this.#holes.restamp(from, to, now)
  }

  /** A packet that had come was a forgery. */
  reopen(now: number, number: number): void {
    this.#options.blocks?.forget(number)
    this.#holes.reopen(now, number)
  }

  /** Nothing from `number` on has been heard of. */
  forget(number: number): void {
    this.top = Math.min(this.top, number - 1)
    this.#holes.dropFrom(number)
  }

  /** Nothing below `number` is missed any more. */
  skip(number: number): void {
    this.top = Math.max(this.top, number - 1)
    this.#holes.dropBelow(number)
  }

  /** What to ask for now of the packets up to `last`; packets up to `known` have been sent. */
  ask(now: number, last: number, known: number = last): Question | undefined {
    this.#roomTo = known > last ? last : Infinity
    const { timing } = this.#options
    const againAt = this.#askedAgainAt(now, timing.again())
    const [blocks, holes, roomTo] = [this.#blocks, this.#holes, this.#roomTo]
    const parts = blocks?.active ? { blocks, holes, roomTo } : undefined
    const ask = holes.ask(now, {
      last,
      againAt,
      flowing: !this.#patience.tried,
      soonMs: timing.soon,
      // What is missing for long shares its questions soon, however it came to be missing.
      againSoonMs: Math.max(timing.soon, (againAt - now) / 2),
      block: parts ? BLOCK : 1,
      mendable: (base) => parts !== undefined && isMendable(now, base, parts),
    })
    if (!ask) return undefined
    const { tried, toAll } = this.#patience
    const far = ask.first <= this.#ownTo || now - ask.shownAt > FAR_BEHIND_MS
    const solo = !toAll && (timing.alone || far || tried)
    const parity = !solo && parts !== undefined && lessen(now, ask, parts)
    holes.inOrder = !parity
    return { ...ask, solo, toAll, parity }
  }

  /** A publisher that is busy with new packets may let who is behind wait. */
  #askedAgainAt(now: number, roundMs: number): number {
    const againAt = this.#patience.asked(now, roundMs)
    const { first } = this.#holes
    if (!first || first.from > this.#ownTo) return againAt
    return Math.max(againAt, this.#own.asked(now, roundMs))
  }

  /** Another receiver has asked. Returns whether a question was saved. */
  overheard(now: number, nak: Overheard): boolean {
    const [blocks, holes, roomTo] = [this.#blocks, this.#holes, this.#roomTo]
    const covered = coverage(now, nak, { blocks, holes, roomTo })
    return this.#holes.overheard(now, now + this.#options.timing.again(), covered)
  }

  /** Which packets from `first` to `last` are known to be missing. */
  within(first: number, last: number): number[] {
    return this.#holes.within(first, last)
  }

  /** What is missing of the block that ends with, or is still short of, packet `last`. */
  inBlock(last: number): number[] {
    return this.within(blockOf(last), last)
  }

  /** Parity of packets up to `last` has come. */
  covered(now: number, last: number): void {
    this.#patience.rewarded()
    this.#dark = 0
    // More of it may be behind; when it does not come, what still lacks is asked for.
    const moreMs = this.#options.blocks?.moreMs ?? 0
    this.#holes.renew(blockOf(last), last, now + moreMs + this.#options.timing.first())
  }

  /** Gives what is missing its full time again. */
  postpone(now: number): void {
    // On a busy machine one standstill follows the other: questions would be put off for ever.
    if (now >= this.#graceAt + STALL_REST_MS) this.#graceAt = now
    this.#holes.postpone(now, this.#graceAt + STALL_GRACE_MS)
  }

  /** What has been missing for too long. */
  expired(now: number): Hole | undefined {
    const { first } = this.#holes
    return first && now >= this.#expiryOf(first) ? first : undefined
  }

  /** Blocks of which nothing is missing need not be kept. */
  settle(): void {
    this.#options.blocks?.release(this.#holes.first?.from ?? this.top + 1)
  }

  clear(): void {
    this.#holes.clear()
    this.#options.blocks?.clear()
  }

  /** Where nobody else hears the stream, a packet mends as much as its parity. */
  get #blocks(): Blocks | undefined {
    return this.#options.timing.alone ? undefined : this.#options.blocks
  }

  /** Nothing more of the blocks up to packet `last` is on its way. */
  #over(now: number, last: number): void {
    if (this.#blocks?.active) this.#holes.hurry(last, now + this.#options.timing.first())
  }

  #firstMs(now: number, last: number): number {
    return this.#options.timing.first() + (this.#blocks?.restMs(now, last) ?? 0)
  }

  /** What was there before comes one after the other: while something does, nothing is in vain. */
  #expiryOf({ from, shownAt }: Hole): number {
    const since = from <= this.#ownTo ? Math.max(shownAt, this.#acceptedAt) : shownAt
    return since + this.#options.repairAge
  }
}

/** Heartbeats without a packet before the group is taken for dark. */
const DARK_MIN = 2
/** What has been missing for so long is this receiver's own affair. */
const FAR_BEHIND_MS = 1000
/** After a standstill the socket is read before anything is asked for. */
const STALL_GRACE_MS = 20
const STALL_REST_MS = 1000
