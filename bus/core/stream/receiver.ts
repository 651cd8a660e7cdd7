/**
 * The receiving half of a stream: order, duplicates, what is missing.
 *
 * Packets are handed on by number, in order, once. One that comes early waits for the missing
 * ones. Those are asked for again (`ask`) until they come, the publisher says that it no longer
 * has them (`skipTo`), or their time is over (`expire`): then what they held is reported as a gap.
 *
 *     waiting   the start is not known: packets are kept, nothing is delivered
 *     live      `next` is the number that is delivered next
 *
 *     ... delivered | next ... holes and early packets ... top | known to exist ... known
 *
 * Each number from `next` to `top` has come early or is in a hole; what is only known to exist
 * shows at most `reorderPackets` ahead.
 */
import type { GapCause } from '../output.ts'
import type { Nak } from '../wire/nak.ts'
import { type Hole, Holes, type Question } from './holes.ts'
import { Answered } from './answered.ts'
import { Loss } from './loss.ts'
import { Messages, type MessagesOptions } from './messages.ts'
import type { NakTiming } from './nak-timing.ts'
import { Patience } from './patience.ts'
import { type Budget, type EarlyPacket, ReorderBuffer } from './reorder.ts'

export interface ReceiverOptions extends MessagesOptions {
  /** Most packets that wait for an earlier one, and how far ahead one is taken. */
  readonly reorderPackets: number
  /** How long a missing packet is asked for before it is given up, ms. */
  readonly repairAge: number
  /** Bytes that may wait, shared by all streams of the process. */
  readonly budget: Budget
  readonly timing: NakTiming
}

export class ReceiverStream {
  readonly options: ReceiverOptions
  readonly loss: Loss = new Loss()
  /** The number delivered next; 0 while the start is unknown. */
  next = 0
  /** When `ask` or `expire` has something to do, or `Infinity`. */
  deadline: number = Infinity
  /** The highest number that has come or is a hole. */
  #top = 0
  /** The highest number that is known to have been sent. */
  #known = 0
  /** The last heartbeat's number and the index behind it. */
  #head = 0
  #headIndex = 0
  /** What was sent up to here, before this receiver attached, nobody else lacks. */
  #ownTo = 0
  /** When a packet of those last came. */
  #acceptedAt = -Infinity
  #attached = false
  /** The start will not be told any more: the next packet is it. */
  #anywhere = false
  readonly #patience = new Patience()
  readonly #answered = new Answered()
  /** Times that a heartbeat, and no packet, has shown that something is missing. */
  #dark = 0
  readonly #buffer: ReorderBuffer
  readonly #holes = new Holes()
  readonly messages: Messages

  constructor(options: ReceiverOptions) {
    this.options = options
    this.#buffer = new ReorderBuffer(options.reorderPackets, options.budget)
    this.messages = new Messages(options)
  }

  /** Packets that wait for an earlier one. */
  get early(): number {
    return this.#buffer.size
  }

  /** Whether heartbeats come through and packets do not, though they were asked for. */
  get dark(): boolean {
    return this.#dark >= DARK_MIN || (this.#dark > 0 && this.#patience.tried)
  }

  /**
   * Begins at packet `number` with the message of this index; those from `wanted` to it, which were
   * asked for, are gone.
   */
  start(now: number, number: number, index: number, wanted: number = index): void {
    if (this.next > 0) return
    this.messages.begin(index, wanted)
    this.#begin(now, number)
  }

  /** Begins wherever the stream is: with the lowest packet at hand, or the next that comes. */
  startAnywhere(now: number): void {
    this.#anywhere = this.next === 0
    if (this.#anywhere && this.#buffer.lowest) this.#begin(now, this.#buffer.lowest)
  }

  /**
   * Packets up to `head` were sent before this receiver attached: it asks for them at once. `index`
   * is that of the first message behind them.
   */
  catchUp(now: number, head: number, index: number = 0): void {
    this.#attached = true
    if (head < this.next) return
    if (head >= this.#head) {
      this.#head = head
      this.#headIndex = Math.max(this.#headIndex, index)
    }
    this.#ownTo = Math.max(this.#ownTo, head)
    this.#know(now, head, 0)
    this.#arm()
  }

  /** What the publisher no longer has: nothing below `number` will come. */
  skipTo(now: number, number: number, index: number): void {
    if (this.next === 0 || number <= this.next) return
    while ((this.#buffer.lowest ?? number) < number)
      this.#skip(now, this.#buffer.lowest!, 'history')
    if (this.next < number) {
      this.messages.giveUp(index, 'history')
      this.#skip(now, number, 'history')
    }
    this.#know(now, this.#known)
    this.#arm()
  }

  /** Which packets from `first` to `last` are known to be missing. */
  missing(first: number, last: number): number[] {
    return this.#holes.within(first, last)
  }

  /** Whether this packet has not come yet and, if it must wait, there is plenty of room for it. */
  couldUse(number: number): boolean {
    const ahead = number - this.next
    if (ahead <= 0) return ahead === 0
    const near = ahead <= this.options.reorderPackets && !this.#buffer.crowded
    return near && !this.#buffer.has(number)
  }

  /** Whether a packet with this number is of use; counted when not. */
  wants(number: number): boolean {
    if (this.next > 0 && number < this.next) {
      this.#again(number)
      const late = this.options.info.delivery !== 'reliable'
      this.options.metrics.count(late ? 'late' : 'duplicate')
      return false
    }
    if (!this.#buffer.has(number)) return true
    this.#again(number)
    this.options.metrics.count('duplicate')
    return false
  }

  /** Takes an authenticated packet that `wants` let pass. */
  accept(now: number, number: number, packet: { flags: number; body: Uint8Array }): void {
    if (this.options.info.delivery !== 'reliable') {
      if (this.next > 0 && number > this.next) this.messages.pass('network')
      this.next = number + 1
      return this.messages.open(now, { ...packet, since: now })
    }
    if (this.next === 0) {
      if (!this.#anywhere) return this.#keep(number, { ...packet, since: now })
      this.#begin(now, number)
    }
    this.#patience.rewarded()
    if (number <= this.#ownTo) this.#acceptedAt = now
    if (number === this.next) {
      const since = this.#arrived(now, number)
      this.next += 1
      this.messages.open(now, { ...packet, since })
      this.#drain(now)
    } else if (this.#buffer.room(packet.body, number - this.next)) {
      this.#keep(number, { ...packet, since: this.#arrived(now, number) })
    } else {
      // The oldest go first: this one is asked for when there is room for it.
      this.options.metrics.count('reorderFull')
    }
    this.#know(now, number)
    this.#arm()
  }

  /** The publisher says that `head` was its last packet and `index` comes behind it. */
  heartbeat(now: number, head: number, index: number): void {
    if (head < this.next - 1 || head < this.#head) return
    this.#head = head
    this.#headIndex = Math.max(this.#headIndex, index)
    if (this.next > 0 && head > this.#known) this.#dark += 1
    this.#know(now, head)
    this.#arm()
  }

  /** What of the packets up to `limit` to ask for now, or `undefined`; call again until then. */
  ask(now: number, limit: number = Infinity): Question | undefined {
    if (this.next === 0 || now < this.#holes.dueAt) return undefined
    const { timing } = this.options
    const againAt = this.#patience.asked(now, timing.again())
    const last = Math.min(limit, this.#lastOfUse)
    const ask = this.#holes.ask(now, { last, againAt, soonMs: timing.soon })
    this.#arm()
    if (!ask) return undefined
    const { tried, toAll } = this.#patience
    const far = ask.first <= this.#ownTo || now - ask.shownAt > FAR_BEHIND_MS
    return { ...ask, solo: !toAll && (timing.alone || far || tried), toAll }
  }

  /** Another receiver has asked for packets of this stream. */
  overheard(now: number, nak: Pick<Nak, 'first' | 'missing'>): void {
    if (this.next === 0 || this.#holes.count === 0) return
    const all = this.#holes.overheard(nak, now, now + this.options.timing.again())
    if (all) this.options.metrics.count('naksSuppressed')
    this.#arm()
  }

  /** Gives what is missing its full time again. */
  postpone(now: number): void {
    this.#holes.postpone(now, now + STALL_GRACE_MS)
    this.#arm()
  }

  /** Gives up what has been missing for too long. */
  expire(now: number): void {
    for (let hole = this.#holes.first; hole && this.next > 0; hole = this.#holes.first) {
      if (now < this.#expiryOf(hole)) break
      this.#skip(now, hole.to + 1, 'network')
      this.#know(now, this.#known)
    }
    this.#arm()
  }

  /** The publisher is gone: reports what is known to be missing and forgets the rest. */
  end(now: number): void {
    while (this.next > 0 && this.#buffer.lowest !== undefined) {
      this.#skip(now, this.#buffer.lowest, 'publisher-gone')
    }
    if (this.next > 0 && this.#head >= this.next) this.#skip(now, this.#head + 1, 'publisher-gone')
    this.#arm()
    this.release()
  }

  /** Gives back what all streams share. */
  release(): void {
    this.#buffer.clear()
    this.#holes.clear()
    this.messages.reset()
    this.deadline = Infinity
  }

  /** The number up to which a packet could be kept if it came. */
  get #lastOfUse(): number {
    const window = this.next + this.options.reorderPackets
    if (!this.#buffer.crowded) return window
    return Math.min(window, Math.max(this.next, this.#buffer.highest ?? 0))
  }

  /** Both the packet and its repair have come: it was not lost but late. */
  #again(number: number): void {
    const lateMs = this.#answered.take(number)
    if (lateMs === undefined || !this.options.timing.alone) return
    this.options.timing.late(lateMs)
    this.loss.late()
  }

  #begin(now: number, number: number): void {
    this.next = number
    this.#top = number - 1
    this.#buffer.dropBelow(number)
    for (const early of this.#buffer.sorted()) this.#arrived(now, early)
    this.#drain(now)
    this.#know(now, this.#known)
    this.#arm()
  }

  #keep(number: number, packet: EarlyPacket): void {
    this.#known = Math.max(this.#known, number)
    if (!this.#buffer.add(number, packet)) this.options.metrics.count('reorderFull')
    this.#arm()
  }

  /** A packet is at hand: what lies between it and the others is missing. Since when it was due. */
  #arrived(now: number, number: number): number {
    if (number <= this.#top) {
      const hole = this.#holes.fill(now, number)
      if (!hole) return now
      const asked = hole.askedAt > -Infinity
      this.options.timing.filled(now - hole.shownAt, asked)
      if (asked) this.#answered.add(number, now - hole.shownAt)
      else this.loss.late()
      return hole.shownAt
    }
    this.#dark = 0
    this.#show(now, number - 1)
    if (this.#attached) this.loss.add(0, 1)
    this.#top = number
    return now
  }

  /** Packets up to `number` have been sent: what is missing is asked for after `waitMs`. */
  #know(now: number, number: number, waitMs?: number): void {
    this.#known = Math.max(this.#known, number)
    if (this.next === 0) return
    this.#show(now, Math.min(this.#known, this.next + this.options.reorderPackets), waitMs)
  }

  #show(now: number, last: number, waitMs = this.options.timing.first()): void {
    if (last <= this.#top) return
    // What was sent before this receiver attached says nothing of the network.
    if (this.#attached && last > this.#ownTo) this.loss.add(last - this.#top, last - this.#top)
    this.#holes.show({ from: this.#top + 1, to: last, shownAt: now, dueAt: now + waitMs })
    this.#top = last
  }

  /** Goes on at packet `number` without what is missing before it. */
  #skip(now: number, number: number, cause: GapCause): void {
    this.messages.pass(cause)
    this.next = number
    this.#top = Math.max(this.#top, number - 1)
    this.#holes.dropBelow(number)
    this.#drain(now)
  }

  #drain(now: number): void {
    for (let packet = this.#buffer.take(this.next); packet; packet = this.#buffer.take(this.next)) {
      this.next += 1
      this.messages.open(now, packet)
    }
  }

  #arm(): void {
    const first = this.#holes.first
    // Everything that was sent has come or was given up, and so is what it held.
    if (this.next > this.#head) this.messages.giveUp(this.#headIndex)
    if (this.next === 0 || !first) {
      this.deadline = Infinity
      return
    }
    this.deadline = Math.min(this.#holes.dueAt, this.#expiryOf(first))
  }

  /** What was there before comes one after the other: while something does, nothing is in vain. */
  #expiryOf({ from, shownAt }: Hole): number {
    const since = from <= this.#ownTo ? Math.max(shownAt, this.#acceptedAt) : shownAt
    return since + this.options.repairAge
  }
}

/** Heartbeats without a packet before the group is taken for dark. */
const DARK_MIN = 2
/** What has been missing for so long is this receiver's own affair. */
const FAR_BEHIND_MS = 1000
/** After a standstill the socket is read before anything is asked for. */
const STALL_GRACE_MS = 20
