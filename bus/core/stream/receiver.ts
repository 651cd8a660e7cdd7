/**
 * The receiving half of a stream: order, duplicates, gaps.
 *
 * Packets are handed on by number, in order, once. One that comes early waits for the missing ones
 * until a deadline; then what is missing is given up and reported as a gap. How many messages a
 * gap holds is known exactly, because each packet says the index of its first message and a
 * heartbeat says the index behind the last one.
 *
 *     waiting   the start is not known: packets are kept, nothing is delivered
 *     live      `next` is the number that is delivered next
 */
import type { GapCause, Output, StreamInfo } from '../output.ts'
import type { Metrics } from '../metrics.ts'
import { Flag } from '../wire/packet.ts'
import { readFragment, readRecords, type Record } from '../wire/record.ts'
import { Assembly, type AssemblyPool } from './assembly.ts'
import { type Budget, ReorderBuffer } from './reorder.ts'

/** How long an early packet waits for a missing one, ms. */
export const REORDER_MS = 100
/** The same while a late attacher is being given what it missed. */
const CATCH_UP_MS = 1000

export interface ReceiverOptions {
  readonly info: StreamInfo
  /** Most packets that wait for an earlier one. */
  readonly reorderPackets: number
  /** Bytes that may wait, shared by all streams of the process. */
  readonly budget: Budget
  /** What unfinished messages may hold, shared by all streams of the process. */
  readonly pool: AssemblyPool
  readonly messageSize: number
  readonly metrics: Metrics
  readonly emit: (output: Output) => void
}

export class ReceiverStream {
  readonly options: ReceiverOptions
  /** Whom the messages go to. */
  subscriptions: readonly number[] = []
  /** The number delivered next; 0 while the start is unknown. */
  next = 0
  /** When missing packets are given up, or `Infinity`. */
  deadline: number = Infinity
  /** Index of the next message, or -1 when unknown. */
  #index = -1
  #head = 0
  #headIndex = 0
  #headAt = 0
  #catchUpTo = 0
  /** What is missing gets its full time from here on. */
  #waitsFrom = -Infinity
  /** The start will not be told any more: the next packet is it. */
  #anywhere = false
  readonly #buffer: ReorderBuffer
  readonly #assembly: Assembly

  constructor(options: ReceiverOptions) {
    this.options = options
    this.#buffer = new ReorderBuffer(options.reorderPackets, options.budget)
    this.#assembly = new Assembly(options.messageSize, options.pool)
  }

  /** Index of the message delivered next, or -1 when unknown. */
  get index(): number {
    return this.#index
  }

  /** Packets that wait for an earlier one. */
  get early(): number {
    return this.#buffer.size
  }

  /** Whether everything up to `number` has been delivered or given up. */
  past(number: number): boolean {
    return this.next > number
  }

  /** Begins at packet `number`, whose first message has this index. */
  start(now: number, number: number, index: number): void {
    if (this.next > 0) return
    this.#waitsFrom = now
    this.next = number
    this.#index = index
    this.#buffer.dropBelow(number)
    this.#drain()
  }

  /** Begins wherever the stream is: with the lowest packet at hand, or the next that comes. */
  startAnywhere(now: number): void {
    if (this.next > 0) return
    this.#anywhere = true
    this.#waitsFrom = now
    this.next = this.#buffer.lowest ?? 0
    this.#drain()
  }

  /** Packets up to `head` are on their way again: give them more time. */
  catchUp(now: number, head: number): void {
    if (head < this.next) return
    this.#catchUpTo = Math.max(this.#catchUpTo, head)
    this.#waitsFrom = now
    this.heartbeat(now, head, 0)
    this.#arm()
  }

  /** What the publisher no longer has: nothing below `number` will come. */
  skipTo(now: number, number: number, index: number): void {
    if (this.next === 0 || number <= this.next) return
    this.#giveUp(index, 'history')
    this.#waitsFrom = now
    this.next = number
    this.#buffer.dropBelow(number)
    this.#drain()
  }

  /** Whether a packet with this number is of use; counted when not. */
  wants(number: number): boolean {
    if (this.next > 0 && number < this.next) {
      const late = this.options.info.delivery !== 'reliable'
      this.options.metrics.count(late ? 'late' : 'duplicate')
      return false
    }
    if (!this.#buffer.has(number)) return true
    this.options.metrics.count('duplicate')
    return false
  }

  /** Takes an authenticated packet that `wants` let pass. */
  accept(now: number, number: number, packet: { flags: number; body: Uint8Array }): void {
    if (this.options.info.delivery !== 'reliable') {
      this.next = number + 1
      this.#open(packet.flags, packet.body)
      return
    }
    if (this.next === 0 && this.#anywhere) this.next = number
    // As long as some of it comes, the rest may be waiting for its turn.
    if (number <= this.#catchUpTo) this.#waitsFrom = now
    if (number === this.next) {
      this.next += 1
      this.#open(packet.flags, packet.body)
      this.#drain()
      return
    }
    this.#makeRoom(number, packet.body)
    if (number === this.next) return this.accept(now, number, packet)
    if (number < this.next) return
    if (!this.#buffer.add(number, { ...packet, at: now })) this.options.metrics.count('reorderFull')
    if (this.deadline === Infinity) this.#arm()
  }

  /** The publisher says that `head` was its last packet and `index` comes behind it. */
  heartbeat(now: number, head: number, index: number): void {
    // Nothing more will show that what came behind the last delivered message is lost.
    if (this.next > 0 && head === this.next - 1) return this.#giveUp(index, 'network')
    if (this.next === 0 || head < this.next || head < this.#head) return
    if (head > this.#head) this.#headAt = now
    this.#head = head
    this.#headIndex = Math.max(this.#headIndex, index)
    if (this.deadline === Infinity) this.#arm()
  }

  /** What is missing has been asked for again: it gets the time of a late attacher. */
  hold(now: number): void {
    this.#catchUpTo = Math.max(this.#catchUpTo, this.#head, (this.#buffer.lowest ?? 1) - 1)
    this.#waitsFrom = now
    this.#arm()
  }

  /** Gives what is missing its full time again. */
  postpone(now: number): void {
    this.#waitsFrom = now
    if (this.deadline < Infinity) this.#arm()
  }

  /** Gives up what has not come by its deadline; holes that are as old go with it. */
  expire(now: number): void {
    while (now >= this.deadline && this.next > 0) {
      const lowest = this.#buffer.lowest
      if (lowest === undefined) this.#giveUp(this.#headIndex, 'network')
      this.#skip(lowest ?? this.#head + 1)
    }
  }

  /** The publisher is gone: reports what is known to be missing and forgets the rest. */
  end(): void {
    while (this.next > 0 && this.#buffer.lowest !== undefined) this.#skip(this.#buffer.lowest)
    if (this.next > 0 && this.#head >= this.next) {
      this.#giveUp(this.#headIndex, 'publisher-gone')
      this.next = this.#head + 1
    }
    this.release()
  }

  /** Gives back what all streams share. */
  release(): void {
    this.#buffer.clear()
    this.#assembly.reset()
    this.deadline = Infinity
  }

  /** Gives up the oldest missing packets until one more fits, or is the next. */
  #makeRoom(number: number, body: Uint8Array): void {
    while (this.next > 0 && number > this.next && !this.#buffer.room(body, number - this.next)) {
      this.options.metrics.count('reorderFull')
      this.#skip(Math.min(number, this.#buffer.lowest ?? number))
    }
  }

  /** Goes on at packet `number` without what is missing before it. */
  #skip(number: number): void {
    this.#assembly.reset()
    this.next = number
    this.#drain()
  }

  #drain(): void {
    for (;;) {
      const packet = this.#buffer.take(this.next)
      if (!packet) break
      this.next += 1
      this.#open(packet.flags, packet.body)
    }
    this.#arm()
  }

  /** Each hole has its own time, from when it showed: many of them do not add up. */
  #arm(): void {
    const shownAt = this.#buffer.lowestAt ?? (this.#head >= this.next ? this.#headAt : Infinity)
    const wait = this.next <= this.#catchUpTo ? CATCH_UP_MS : REORDER_MS
    this.deadline = this.next > 0 ? Math.max(shownAt, this.#waitsFrom) + wait : Infinity
  }

  #open(flags: number, body: Uint8Array): void {
    if (flags & Flag.fragment) return this.#openFragment(body)
    const records = readRecords(body)
    if (!records) return this.options.metrics.count('malformed')
    this.#assembly.reset()
    if (!this.#reach(records.index)) return
    for (const record of records.records) this.#deliver(record, records.sentAt)
  }

  #openFragment(body: Uint8Array): void {
    const fragment = readFragment(body)
    if (!fragment) return this.options.metrics.count('malformed')
    // Who begins in the middle of a message begins behind it.
    if (this.#index < 0 && fragment.offset > 0) this.#index = fragment.index + 1
    if (!this.#reach(fragment.index)) return
    const step = this.#assembly.add(fragment)
    if (step.type === 'done') this.#deliver(step.record, fragment.sentAt)
  }

  /** Comes to the message with this index; false when it is past. */
  #reach(index: number): boolean {
    if (this.#index < 0) this.#index = index
    if (index > this.#index) this.#giveUp(index, 'network')
    return index === this.#index
  }

  /** Reports the messages before `index` as lost. */
  #giveUp(index: number, cause: GapCause): void {
    const from = this.#index
    if (from < 0 || index <= from) return
    this.#index = index
    this.options.metrics.count('messagesLost', index - from)
    if (this.options.info.delivery === 'latest') return
    const { info, emit } = this.options
    emit({
      type: 'gap',
      subscriptions: this.subscriptions,
      stream: info,
      from,
      to: index - 1,
      cause,
    })
  }

  #deliver(record: Record, sentAt: number): void {
    const { info, emit, metrics } = this.options
    metrics.count('messagesDelivered', this.subscriptions.length)
    emit({
      type: 'deliver',
      subscriptions: this.subscriptions,
      stream: info,
      index: this.#index,
      sentAt,
      codec: record.codec,
      payload: record.payload,
    })
    this.#index += 1
  }
}
