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
import type { Hole, Question } from './holes.ts'
import type { Overheard } from './lacking.ts'
import { Messages } from './messages.ts'
import { Missing } from './missing.ts'
import { LEAVES_MAX } from '../wire/signed.ts'
import { ProofWait } from './proof-wait.ts'
import { type Arrival, dueSince, type ReceiverOptions } from './receiver-options.ts'
import { type EarlyPacket, ReorderBuffer } from './reorder.ts'

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
  readonly #proof: ProofWait
  readonly #buffer: ReorderBuffer
  readonly messages: Messages

  constructor(options: ReceiverOptions) {
    this.options = options
    this.missing = new Missing(options)
    this.#buffer = new ReorderBuffer(options.reorderPackets, options.budget)
    this.#proof = new ProofWait(options, { buffer: this.#buffer, missing: this.missing })
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
    this.#leap(now, number, { cause: 'history', index })
    this.settle(now)
  }

  /** Whether this packet has not come yet and, if it must wait, there is plenty of room for it. */
  couldUse(number: number): boolean {
    const ahead = number - this.next
    if (ahead <= 0) return ahead === 0 && !this.#buffer.isSure(number)
    // What proves others is of use where there is no room for it.
    const roomy = this.options.proven === true || !this.#buffer.crowded
    return roomy && ahead <= this.options.reorderPackets && !this.#buffer.isSure(number)
  }

  /** Whether a packet with this number is of use; counted when not. */
  wants(number: number): boolean {
    const past = this.next > 0 && number < this.next
    if (!past && !this.#buffer.isSure(number)) return true
    this.#again(number)
    return false
  }

  /** What has this number already: nothing, the packet with this digest, or another one. */
  holds(number: number, digest: Uint8Array): 'none' | 'same' | 'other' {
    const held = this.#buffer.compare(number, digest)
    if (held === 'same') this.#again(number)
    return held
  }

  /** Takes an authenticated packet that `wants` let pass. */
  accept(now: number, number: number, packet: Arrival): void {
    if (this.options.info.delivery !== 'reliable') {
      if (this.next > 0 && number > this.next) this.messages.pass('network')
      this.next = number + 1
      return this.messages.open(now, dueSince(now, packet))
    }
    if (this.next === 0) {
      if (!this.#anywhere) return this.#keep(number, dueSince(now, packet))
      this.#begin(now, number)
    }
    this.missing.came(now, number)
    if (number === this.next && !packet.unproven) {
      const since = this.#proof.arrived(now, number, packet.mended)
      this.next += 1
      this.messages.open(now, dueSince(since, packet))
      this.#drain(now)
    } else if (this.#buffer.room(packet.body, number - this.next)) {
      this.#keep(number, dueSince(this.#proof.arrived(now, number, packet.mended), packet))
    } else {
      // The oldest go first: this one is asked for when there is room for it, or its proof is here.
      this.options.metrics.count('reorderFull')
      if (number === this.next) this.#proof.turnedAway(number)
    }
    this.#know(now, number)
    this.#arm()
  }

  /** A signature says what packet `number` is: false when what is here is another one. */
  prove(now: number, number: number, leaf: Uint8Array): boolean {
    this.#proof.vouch(now, number)
    const held = this.#buffer.compare(number, leaf)
    if (held === 'same') this.#buffer.prove(number)
    if (held === 'other') this.#refute(now, number)
    return held !== 'other'
  }

  /** The packet with this digest is a forgery: the true one is asked for. */
  refute(now: number, number: number, digest: Uint8Array): void {
    if (this.#buffer.compare(number, digest) === 'same') this.#refute(now, number)
  }

  /** Delivers what can be, as when it has been proven. */
  settle(now: number): void {
    this.#drain(now)
    this.#know(now, this.#known)
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
    if (this.next === 0) return undefined
    if (now >= this.#proof.askAt(this.next, this.#head)) {
      const question = this.#proof.ask(now, this.next)
      this.#arm()
      return question
    }
    if (now < this.missing.dueAt) return undefined
    // What proves those that wait is always of use.
    const ahead = this.options.proven ? LEAVES_MAX : 0
    const last = this.#buffer.lastOfUse(this.next, ahead)
    const question = this.missing.ask(now, Math.min(limit, last), this.#known)
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
    this.#proof.graceAt = now
    this.#arm()
  }

  /** Gives up what has been missing for too long. */
  expire(now: number): void {
    if (this.next === 0) return
    for (let hole = this.missing.expired(now); hole; hole = this.missing.expired(now)) {
      this.#abandon(now, hole, 'network')
      this.#know(now, this.#known)
    }
    while (this.#proof.overdueAt(this.next) <= now) {
      this.#abandon(now, { from: this.next, to: this.next }, 'unproven')
    }
    this.#arm()
  }

  /** The publisher is gone: reports what is known to be missing and forgets the rest. */
  end(now: number): void {
    if (this.next > 0) {
      const last = this.#proof.lastTold(this.#head, this.#buffer.highest ?? 0)
      this.#leap(now, last + 1, { cause: 'publisher-gone' })
    }
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

  #begin(now: number, number: number): void {
    this.next = number
    this.missing.top = number - 1
    this.#buffer.dropBelow(number)
    for (const early of this.#buffer.sorted()) this.missing.arrived(now, early)
    this.settle(now)
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

  /** Goes on at packet `number`; what is at hand before it is delivered, if it has been proven. */
  #leap(now: number, number: number, why: { readonly cause: GapCause; readonly index?: number }) {
    let { cause } = why
    for (let at = this.#buffer.lowest; at !== undefined && at < number; at = this.#buffer.lowest) {
      if (at > this.next) this.#skip(now, at, cause)
      if (!this.#buffer.get(at)?.unproven) continue
      this.#buffer.take(at)
      this.#skip(now, at + 1, 'unproven')
      cause = 'unproven'
    }
    if (this.next >= number) return
    if (why.index !== undefined) this.messages.giveUp(why.index, cause)
    this.#skip(now, number, cause)
  }

  #again(number: number): void {
    this.missing.again(number)
    const { info, metrics } = this.options
    metrics.count(info.delivery === 'reliable' ? 'duplicate' : 'late')
  }

  #refute(now: number, number: number): void {
    this.#buffer.take(number)
    if (this.next > 0) this.missing.reopen(now, number)
    this.#arm()
  }

  /**
   * Goes on without these packets, as far as they are known to have been sent. What lies behind
   * only packets tell of that nobody vouches for: as if none had come.
   */
  #abandon(now: number, { from, to }: Pick<Hole, 'from' | 'to'>, cause: GapCause): void {
    const told = this.#proof.lastTold(this.#head, to)
    if (from <= told) return this.#leap(now, Math.min(to, told) + 1, { cause })
    this.options.metrics.count('unproven', this.#buffer.dropFrom(from))
    this.missing.forget(from)
    this.#known = from - 1
  }

  #drain(now: number): void {
    while (this.#buffer.size > 0) {
      const packet = this.#buffer.get(this.next)
      if (!packet || packet.unproven) return
      this.#buffer.take(this.next)
      this.next += 1
      this.messages.open(now, packet)
    }
  }

  #arm(): void {
    this.missing.settle()
    // Everything that was sent has come or was given up, and so is what it held.
    const { next } = this
    if (next > this.#head) this.messages.giveUp(this.#headIndex, undefined, next > this.#head + 1)
    const proofAt = Math.min(this.#proof.overdueAt(next), this.#proof.askAt(next, this.#head))
    this.deadline = next === 0 ? Infinity : Math.min(this.missing.deadline, proofAt)
  }
}
