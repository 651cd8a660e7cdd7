/**
 * The bounded queue behind a subscription, read by one async iterator or by one handler.
 *
 * Theory of operation: messages wait in a ring of slots. Gaps are not slots: they stand before a
 * slot (or behind the last one) as Marks, which merge, so they need no room of their own. A message
 * that is dropped turns into a gap at the place where it stood: before the next slot for
 * 'drop-oldest', at the end for 'drop-newest' and 'fail', before its successor for 'latest'. So a
 * consumer that asked for gaps sees every sequence of a publisher's topic in order, once, either as
 * a message or in a gap.
 *
 * What waits in all queues of a bus together is bounded in bytes by a budget that they share: where
 * it is used up, a queue that has anything waiting counts as full.
 *
 * 'latest' lets a newer message take the slot of the waiting one of the same publisher and topic:
 * it keeps the place, so that a busy topic cannot be overtaken for ever. When `limit` of them wait,
 * a further one drops the oldest.
 */
import { Drops, gapOf, streamKey, type Traced } from './drops.ts'
import { BusError } from './errors.ts'
import { type Mark, Marks, type Tally } from './marks.ts'
import type { Gap, GapCause, Overflow } from './options.ts'
import { Pull } from './pull.ts'
import { Ring } from '../core/ring.ts'
import type { Budget } from '../core/stream/reorder.ts'

/** The callbacks come from a microtask, never from inside `push`. */
export interface QueueOptions {
  /** Most messages waiting: at least 1. */
  readonly limit: number
  /** Bytes that wait in all queues which share it. */
  readonly budget: Budget
  readonly overflow: Overflow
  /** True: the consumer gets gaps in order between the messages. */
  readonly gaps: boolean
  /** A message has been taken out. */
  readonly onTake?: () => void
  /** The clock that `expiresAt` is of. */
  readonly now?: () => number
  /** Messages were dropped; each gap covers consecutive ones of one publisher and topic. */
  readonly onDrop: (gaps: readonly Gap[]) => void
  /** One message was dropped: at once. */
  readonly onLost?: (message: Traced) => void
  /** Once, when the queue takes no more: closed, broken off, or failed by 'fail'. */
  readonly onStop?: () => void
}

export class MessageQueue<M extends Traced> implements AsyncIterable<M | Mark> {
  readonly #options: QueueOptions
  readonly #slots = new Ring<Slot<M>>()
  /** Only for 'latest': the slot of each publisher and topic. */
  readonly #slotsByKey = new Map<string, Slot<M>>()
  /** What stands behind the last slot. */
  #tail: Marks | undefined
  #tally: Tally = { gaps: 0 }
  readonly #pull: Pull<M | Mark>
  #consumed = false
  readonly #drops: Drops

  constructor(options: QueueOptions) {
    this.#options = options
    this.#drops = new Drops(options.onDrop)
    this.#pull = new Pull({ take: () => this.#take(), drop: () => this.cancel() })
  }

  /** Messages waiting. */
  get queued(): number {
    return this.#slots.size
  }

  /** Messages dropped because the queue was full, or a newer one came. */
  get dropped(): number {
    return this.#drops.count
  }

  /** True when no more is taken; messages may still wait for the consumer. */
  get closed(): boolean {
    return this.#pull.ended
  }

  /**
   * Takes in a message whose payload has `bytes`; one that comes after the end is ignored. It turns
   * into a gap if it still waits at `expiresAt`.
   */
  push(message: M, bytes: number, expiresAt?: number): void {
    if (this.closed || this.#pull.offer(message)) return
    const { overflow } = this.#options
    const size = bytes + MESSAGE_SIZE
    const taken: Slot<M> = { message, size, expiresAt, before: undefined, after: undefined }
    if (overflow === 'latest' && this.#replace(taken)) return
    if (overflow === 'drop-oldest' || overflow === 'latest') {
      while (this.#isFull(size)) this.#dropFirst('overflow')
      this.#append(taken)
    } else if (!this.#isFull(size)) {
      this.#append(taken)
    } else {
      this.#drop(message)
      if (this.#options.gaps) this.#mark(gapOf(message))
      if (overflow === 'fail') this.close(this.#overflowError())
    }
    this.#checkGaps()
  }

  /** One message is always taken, however large. */
  #isFull(size: number): boolean {
    if (this.#slots.size === 0) return false
    const { limit, budget } = this.#options
    return this.#slots.size >= limit || budget.used + size > budget.max
  }

  /** Takes in a gap, behind the messages that have come; nothing happens without `gaps`. */
  mark(gap: Gap): void {
    if (!this.#options.gaps || this.closed || this.#pull.offer(gap)) return
    this.#mark(gap)
    this.#checkGaps()
  }

  /** Says, behind the messages that have come, that nothing from before is to come any more. */
  live(): void {
    const mark = { type: 'live' } as const
    if (this.closed || this.#pull.offer(mark)) return
    this.#tail ??= new Marks(this.#tally)
    this.#tail.add(mark)
  }

  /**
   * Takes no more; the consumer still gets what waits, then the end or the rejection. It may never
   * take it: what waits is the program's own from now on, and keeps no room of others.
   */
  close(reason?: unknown): void {
    if (this.closed) return
    for (let place = 0; place < this.#slots.size; place++) {
      const slot = this.#slots.at(place)!
      this.#release(slot)
      slot.size = 0
    }
    this.#pull.end(reason)
    queueMicrotask(() => this.#options.onStop?.())
  }

  /** Forgets what waits and ends at once. */
  cancel(reason?: unknown): void {
    for (let slot = this.#slots.shift(); slot; slot = this.#slots.shift()) this.#release(slot)
    this.#slotsByKey.clear()
    this.#tail = undefined
    this.#tally = { gaps: 0 }
    this.close(reason)
  }

  /** The one consumer: a second would take messages away from the first, so it is an error. */
  [Symbol.asyncIterator](): AsyncIterator<M | Mark, undefined> {
    this.#claim()
    return this.#pull
  }

  /**
   * Calls the handler for one item after the other and awaits what it returns. What it throws goes
   * to `onError` and the next item follows. Ends as the iterator would.
   */
  async consume(
    handler: (item: M | Mark) => void | Promise<void>,
    onError: (error: unknown) => void,
  ): Promise<void> {
    this.#claim()
    for (;;) {
      // Only an idle queue or a handler that waits costs a promise.
      let item = this.#take()
      if (item === undefined) {
        const result = await this.#pull.next()
        if (result.done) return
        item = result.value
      }
      try {
        const handled = handler(item)
        if (handled !== undefined) await handled
      } catch (error) {
        onError(error)
      }
    }
  }

  #claim(): void {
    if (this.#consumed) {
      throw new TypeError('this subscription has a consumer: subscribe again for a second one')
    }
    this.#consumed = true
  }

  #take(): M | Mark | undefined {
    this.#dropExpired()
    const slot = this.#slots.first
    const mark = slot === undefined ? this.#tail?.shift() : slot.before?.shift()
    if (mark !== undefined || slot === undefined) return mark
    this.#removeFirst(slot)
    if (slot.after !== undefined) this.#markFirst(slot.after)
    this.#options.onTake?.()
    return slot.message
  }

  #append(slot: Slot<M>): void {
    slot.before = this.#tail
    this.#options.budget.used += slot.size
    this.#tail = undefined
    this.#slots.push(slot)
    if (this.#options.overflow === 'latest') this.#slotsByKey.set(keyOf(slot.message), slot)
  }

  /** False when no message of the same publisher and topic waits. */
  #replace({ message, size, expiresAt }: Slot<M>): boolean {
    const slot = this.#slotsByKey.get(keyOf(message))
    if (slot === undefined) return false
    this.#drop(slot.message)
    if (this.#options.gaps) {
      slot.before ??= new Marks(this.#tally)
      slot.before.add(gapOf(slot.message))
      slot.before.addAll(slot.after)
      slot.after = undefined
    }
    this.#options.budget.used += size - slot.size
    Object.assign(slot, { message, size, expiresAt })
    return true
  }

  /** What has waited for too long will not be handed out. */
  #dropExpired(): void {
    const { now } = this.#options
    for (let slot = this.#slots.first; slot?.expiresAt !== undefined; slot = this.#slots.first) {
      if (!now || now() < slot.expiresAt) return
      this.#dropFirst('expired')
    }
  }

  #dropFirst(cause: GapCause): void {
    const slot = this.#slots.first
    if (slot === undefined) return
    this.#removeFirst(slot)
    this.#drop(slot.message, cause)
    const { gaps } = this.#options
    if (!gaps && slot.before === undefined) return
    const marks = slot.before ?? new Marks(this.#tally)
    if (gaps) marks.add(gapOf(slot.message, cause))
    marks.addAll(slot.after)
    this.#markFirst(marks)
  }

  #drop(message: M, cause?: GapCause): void {
    this.#drops.add(message, cause)
    this.#options.onLost?.(message)
  }

  #removeFirst(slot: Slot<M>): void {
    this.#slots.shift()
    this.#release(slot)
    if (this.#options.overflow === 'latest') this.#slotsByKey.delete(keyOf(slot.message))
  }

  #overflowError(): BusError {
    const { size } = this.#slots
    if (size >= this.#options.limit) return overflowError(`queue of ${size} messages`, `'queue'`)
    const what = `share of the bytes in all queues, ${size} messages,`
    return overflowError(what, 'limits.queueSize')
  }

  #release(slot: Slot<M>): void {
    this.#options.budget.used -= slot.size
  }

  /** Puts gaps that have become the oldest in front of everything. */
  #markFirst(marks: Marks): void {
    const next = this.#slots.first
    marks.addAll(next === undefined ? this.#tail : next.before)
    if (next === undefined) this.#tail = marks
    else next.before = marks
  }

  /** A gap cannot be dropped, or loss would go unreported: too many of them end the queue. */
  #checkGaps(): void {
    if (this.#tally.gaps > GAPS_MAX) {
      this.close(overflowError(`list of ${GAPS_MAX} gaps`, `'queue'`))
    }
  }

  #mark(gap: Gap): void {
    // With 'latest' a newer message may take the slot: the gap has to move in front of it then.
    const slot = this.#slotsByKey.get(streamKey(gap.publisher, gap.topic))
    if (slot === undefined) (this.#tail ??= new Marks(this.#tally)).add(gap)
    else (slot.after ??= new Marks(this.#tally)).add(gap)
  }
}

interface Slot<M> {
  message: M
  size: number
  expiresAt: number | undefined
  before: Marks | undefined
  /** Only for 'latest': gaps of the same publisher and topic that came after the message. */
  after: Marks | undefined
}

function keyOf(message: Traced): string {
  return streamKey(message.from, message.topic)
}

function overflowError(what: string, raise: string): BusError {
  const mend = `consume faster, raise ${raise} or choose another 'overflow'`
  return new BusError('OVERFLOW', `the subscription's ${what} is full: ${mend}`)
}

/** What a message takes besides its payload, about. */
export const MESSAGE_SIZE = 512
/**
 * Most gaps waiting, about 10 MB. They merge, so that only a consumer that stands still in front of
 * tens of thousands of topics comes here.
 */
export const GAPS_MAX = 65_536
