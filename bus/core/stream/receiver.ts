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
import type { Question } from './holes.ts'
import type { Overheard } from './lacking.ts'
import { Messages, type MessagesOptions } from './messages.ts'
import { Missing, type MissingOptions } from './missing.ts'
import { type Budget, type EarlyPacket, ReorderBuffer } from './reorder.ts'

/** An authenticated packet. */
export interface Arrival {
  readonly flags: number
  readonly body: Uint8Array
  /** Parity has given it back. */
  readonly mended?: boolean
}

export interface ReceiverOptions extends MessagesOptions, MissingOptions {
  /** Most packets that wait for an earlier one, and how far ahead one is taken. */
  readonly reorderPackets: number
  /** Bytes that may wait, shared by all streams of the process. */
  readonly budget: Budget
}

export class ReceiverStream {
  readonly options: ReceiverOptions
  readonly missing: Missing
  /** The number delivered next; 0 while the start is unknown. */
  next = 0
  /** When `ask` or `expire` has something to do, or `Infinity`. */
  deadline: number = Infinity
  /** The highest number that is known to have been sent. */
  #known = 0
  /** The last heartbeat's number and the index behind it. */
  #head = 0
  #headIndex = 0
  /** The start will not be told any more: the next packet is it. */
  #anywhere = false
  readonly #buffer: ReorderBuffer
  readonly messages: Messages

  constructor(options: ReceiverOptions) {
    this.options = options
    this.missing = new Missing(options)
    this.#buffer = new ReorderBuffer(options.reorderPackets, options.budget)
    this.messages = new Messages(options)
  }

  /** Packets that wait for an earlier one. */
  get early(): number {
    return this.#buffer.size
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
    this.missing.attach()
    if (head < this.next) return
    if (head >= this.#head) {
      this.#head = head
      this.#headIndex = Math.max(this.#headIndex, index)
    }
    this.missing.own(head)
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
      this.missing.again(number)
      const late = this.options.info.delivery !== 'reliable'
      this.options.metrics.count(late ? 'late' : 'duplicate')
      return false
    }
    if (!this.#buffer.has(number)) return true
    this.missing.again(number)
    this.options.metrics.count('duplicate')
    return false
  }

  /** Takes an authenticated packet that `wants` let pass. */
  accept(now: number, number: number, packet: Arrival): void {
    if (this.options.info.delivery !== 'reliable') {
      if (this.next > 0 && number > this.next) this.messages.pass('network')
      this.next = number + 1
      return this.messages.open(now, { ...packet, since: now })
    }
    if (this.next === 0) {
      if (!this.#anywhere) return this.#keep(number, { ...packet, since: now })
      this.#begin(now, number)
    }
    this.missing.came(now, number)
    if (number === this.next) {
      const since = this.missing.arrived(now, number, packet.mended)
      this.next += 1
      this.messages.open(now, { ...packet, since })
      this.#drain(now)
    } else if (this.#buffer.room(packet.body, number - this.next)) {
      this.#keep(number, { ...packet, since: this.missing.arrived(now, number, packet.mended) })
    } else {
      // The oldest go first: this one is asked for when there is room for it.
      this.options.metrics.count('reorderFull')
    }
    this.#know(now, number)
    this.#arm()
  }

  /** The publisher says that `head` was its last packet and `index` comes behind it. */
  heartbeat(now: number, head: number, index: number): void {
    // Nothing of another stream is asked for, however far a liar's numbers jump.
    if (this.options.info.delivery !== 'reliable') return
    if (head < this.next - 1 || head < this.#head) return
    this.#head = head
    this.#headIndex = Math.max(this.#headIndex, index)
    const news = this.next > 0 && head > this.#known
    this.#know(now, head)
    this.missing.rests(now, head, news)
    this.#arm()
  }

  /** What of the packets up to `limit` to ask for now, or `undefined`; call again until then. */
  ask(now: number, limit: number = Infinity): Question | undefined {
    if (this.next === 0 || now < this.missing.dueAt) return undefined
    const question = this.missing.ask(now, Math.min(limit, this.#lastOfUse))
    this.#arm()
    return question
  }

  /** Another receiver has asked for packets of this stream. */
  overheard(now: number, nak: Overheard): void {
    if (this.next === 0 || this.missing.dueAt === Infinity) return
    if (this.missing.overheard(now, nak)) this.options.metrics.count('naksSuppressed')
    this.#arm()
  }

  /** Whether parity of packets up to `last` may be of use, before it is opened. */
  lacks(last: number): boolean {
    const ahead = last - this.next
    if (this.next === 0 || ahead < 0 || ahead > this.options.reorderPackets) return false
    return last > this.missing.top || this.missing.inBlock(last).length > 0
  }

  /** Parity of packets up to `last` has come: those of them that are missing. */
  covered(now: number, last: number): number[] {
    this.#know(now, last)
    this.missing.covered(now, last)
    this.#arm()
    return this.missing.inBlock(last)
  }

  /** Gives what is missing its full time again. */
  postpone(now: number): void {
    this.missing.postpone(now)
    this.#arm()
  }

  /** Gives up what has been missing for too long. */
  expire(now: number): void {
    if (this.next === 0) return
    for (let hole = this.missing.expired(now); hole; hole = this.missing.expired(now)) {
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
    this.missing.clear()
    this.messages.reset()
    this.deadline = Infinity
  }

  /** Whether a number is no leap: the packets before it could still be waited for. */
  reaches(number: number): boolean {
    return this.next === 0 || number <= this.next + this.options.reorderPackets
  }

  /** The number up to which a packet could be kept if it came. */
  get #lastOfUse(): number {
    const window = this.next + this.options.reorderPackets
    if (!this.#buffer.crowded) return window
    return Math.min(window, Math.max(this.next, this.#buffer.highest ?? 0))
  }

  #begin(now: number, number: number): void {
    this.next = number
    this.missing.top = number - 1
    this.#buffer.dropBelow(number)
    for (const early of this.#buffer.sorted()) this.missing.arrived(now, early)
    this.#drain(now)
    this.#know(now, this.#known)
    this.#arm()
  }

  #keep(number: number, packet: EarlyPacket): void {
    this.#known = Math.max(this.#known, number)
    if (!this.#buffer.add(number, packet)) this.options.metrics.count('reorderFull')
    this.#arm()
  }

  /** Packets up to `number` have been sent: what is missing is asked for after `waitMs`. */
  #know(now: number, number: number, waitMs?: number): void {
    this.#known = Math.max(this.#known, number)
    if (this.next === 0) return
    this.missing.show(now, Math.min(this.#known, this.next + this.options.reorderPackets), waitMs)
  }

  /** Goes on at packet `number` without what is missing before it. */
  #skip(now: number, number: number, cause: GapCause): void {
    this.messages.pass(cause)
    this.next = number
    this.missing.skip(number)
    this.#drain(now)
  }

  #drain(now: number): void {
    for (let packet = this.#buffer.take(this.next); packet; packet = this.#buffer.take(this.next)) {
      this.next += 1
      this.messages.open(now, packet)
    }
  }

  #arm(): void {
    this.missing.settle()
    // Everything that was sent has come or was given up, and so is what it held.
    if (this.next > this.#head) this.messages.giveUp(this.#headIndex)
    this.deadline = this.next === 0 ? Infinity : this.missing.deadline
  }
}
