/**
 * The publishing half of shared streams: gives seats to members of groups, and messages to seats.
 *
 * What the seats of a stream are, and who has what, is in stream/shares.ts. Subscriptions of this
 * peer's own program have seats as well; they need no packet to be confirmed.
 */
import type { Choice } from '../../output.ts'
import type { Context, Remote } from '../context.ts'
import { ENTRIES_MAX } from '../control.ts'
import { deliverLocally } from './local.ts'
import type { SeatingParts } from './seating-parts.ts'
import { Begun } from '../../stream/begun.ts'
import type { Claim, Seated } from '../../stream/claim.ts'
import type { Outgoing } from '../../stream/fading.ts'
import type { Budget } from '../../stream/reorder.ts'
import type { SenderStream } from '../../stream/sender.ts'
import { Shares } from '../../stream/shares.ts'
import {
  type Chosen,
  type SeatEntry,
  type Share,
  type ShareEntry,
  ShareFlag,
  writeChosen,
} from '../../wire/share.ts'

/** A message, and for whom it is. */
interface Given {
  readonly message: Outgoing
  /** It is for all. */
  readonly everybody?: boolean
  readonly chosen: readonly Chosen[]
  /** It is the message with this index once more. */
  readonly again?: number
}

/** Which question, and of whom; absent: of all. */
interface Settled {
  readonly index: number
  readonly instance?: bigint
}

/** The seat of a subscription of this peer. */
interface OwnSeat extends Seated {
  readonly claim: Claim
  readonly begun: Begun
}

export class Seating {
  readonly #context: Context
  readonly #parts: SeatingParts
  readonly #budget: Budget
  readonly #ownByStream = new Map<SenderStream, Map<number, OwnSeat>>()
  /** When a member last came further. */
  movedAt: number = -Infinity

  constructor(context: Context, parts: SeatingParts) {
    this.#context = context
    this.#parts = parts
    this.#budget = { used: 0, max: context.limits.shareSize }
  }

  /** Bytes of messages that may still have to be given to somebody. */
  get held(): { readonly sharesSize: number } {
    return { sharesSize: this.#budget.used }
  }

  /** Messages that nobody has got. */
  get waiting(): number {
    return this.#shared().reduce((sum, { shares }) => sum + shares.waiting, 0)
  }

  /** Whether any stream has groups. */
  get isShared(): boolean {
    return this.#ownByStream.size > 0
  }

  /** Whether somebody asks for a seat, or something waits for one. */
  get busy(): boolean {
    return this.#shared().some(({ shares }) => shares.waiting > 0 || shares.asking)
  }

  /** The groups of a new stream. */
  sharesOf(topic: string, forQuestions: boolean): Shares {
    const { limits, metrics } = this.#context
    const tell = (choice: Choice): void => this.#context.emit({ type: 'asked', topic, ...choice })
    return new Shares({
      forQuestions,
      budget: this.#budget,
      age: limits.historyAge,
      patience: limits.flowPatience,
      full: () => metrics.count('seatsFull'),
      given: (index, instance) => tell({ state: 'given', index, instance }),
      nobody: (index) => tell({ state: 'nobody', index }),
      apart: (instance) => tell({ state: 'apart', instance }),
      lost: (cause, count) => {
        metrics.count('sharesLost', count)
        this.#context.emit({ type: 'share-lost', topic, count, cause })
      },
    })
  }

  /** Takes a message of a shared stream, which says for whom of each group it is. */
  publish(
    now: number,
    stream: SenderStream,
    { message, everybody }: { readonly message: Outgoing; readonly everybody: boolean },
  ): void {
    const chosen = everybody ? [] : stream.options.shares!.choose(now, stream.index, message)
    this.#put(now, stream, { message, chosen, everybody })
  }

  /** Whether a question waits for a member of some group. */
  awaits(topic: string, index: number): boolean {
    return this.#parts.openings.of(topic)?.options.shares?.asked.awaits(index) ?? false
  }

  /** A question has been answered by this instance, or is over for all. */
  answered(now: number, topic: string, { index, instance }: Settled): void {
    const stream = this.#parts.openings.of(topic)
    if (!stream?.options.shares) return
    stream.options.shares.settle(now, index, instance)
    this.#again(now, stream)
  }

  /** This instance will not answer: returns who of its group has the question now. */
  refused(now: number, topic: string, which: Required<Settled>): readonly bigint[] {
    const { index, instance } = which
    const stream = this.#parts.openings.of(topic)
    const asked = stream?.options.shares?.asked
    if (!stream || !asked?.refuse(now, index, instance)) return []
    this.#again(now, stream)
    return asked.holdersOf(index)
  }

  /** Whom a message goes to of the subscriptions of this peer. */
  #takers(stream: SenderStream, index: number, { chosen, again }: Given): readonly number[] {
    const own = this.#ownByStream.get(stream)
    return stream.local.filter((id) => {
      const seat = own?.get(id)
      if (!seat) return again === undefined && !this.#parts.subscriber.sharingOf(id)
      const place = chosen.find(({ number }) => number === seat.number)
      return place?.seat === seat.seat && seat.begun.give(index)
    })
  }

  /** The subscriptions of this peer that match a stream have changed. */
  settle(now: number, stream: SenderStream): void {
    const { shares, topic } = stream.options
    const sharing = this.#sharing(stream)
    if (!shares) {
      if (sharing.length === 0) return
      stream.local = stream.local.filter((id) => !sharing.includes(id))
      return this.#context.withheld.unshared(this.#context.self, topic, 'share')
    }
    const own = this.#ownByStream.get(stream) ?? new Map<number, OwnSeat>()
    this.#ownByStream.set(stream, own)
    for (const [id, { claim, seat }] of own) {
      if (sharing.includes(id)) continue
      own.delete(id)
      shares.leave(now, claim, { seat, done: 0 })
    }
    for (const id of sharing) {
      if (!own.has(id) && !this.#parts.subscriber.sharingOf(id)?.isRetired) {
        this.#sit(now, stream, id)
      }
    }
    this.#again(now, stream)
  }

  /** A subscription of this peer gives up its seats, and is subscribed for a while yet. */
  retire(now: number, id: number): void {
    for (const [stream, own] of this.#ownByStream) {
      const seat = own.get(id)
      if (!seat) continue
      own.delete(id)
      stream.options.shares?.leave(now, seat.claim, { seat: seat.seat, done: 0 })
      this.#again(now, stream)
    }
  }

  onShare(now: number, remote: Remote, { entries }: Share): void {
    const told: SeatEntry[] = []
    let unheard = false
    for (const entry of entries) {
      const stream = this.#parts.openings.streams[entry.stream - 1]
      if (stream?.options.delivery !== 'reliable' || !this.#mayHear(remote, stream)) continue
      unheard ||= (entry.flags & ShareFlag.unheard) !== 0
      const { number, seat, heard } = this.#answer(now, remote, { stream, entry })
      const { group, member } = entry
      told.push({ stream: entry.stream, group, member, number, seat, heard })
      this.#again(now, stream)
    }
    const to = this.#context.wayTo(remote, unheard)
    for (let i = 0; i < told.length; i += ENTRIES_MAX) {
      const page = told.slice(i, i + ENTRIES_MAX)
      this.#parts.control.add(to, { type: 'seat', asker: remote.instance, entries: page })
    }
  }

  /** The program has finished what one of its own subscriptions was given. */
  finish(now: number, topic: string, { id, index }: { id: number; index: number }): void {
    const stream = this.#parts.openings.of(topic)
    const own = stream && this.#ownByStream.get(stream)?.get(id)
    if (!stream || !own) return
    own.begun.finish(index)
    const done = own.begun.done(stream.index)
    this.movedAt = now
    stream.options.shares?.confirm(now, own.claim, { seat: own.seat, done })
    this.#again(now, stream)
  }

  /** Whether one of this peer's own subscriptions is to handle what it was given. */
  holds(topic: string, { id, index }: { id: number; index: number }): boolean {
    const stream = this.#parts.openings.of(topic)
    const seat = stream && this.#ownByStream.get(stream)?.get(id)
    return seat?.begun.has(index) ?? false
  }

  /** An instance has gone. */
  forget(now: number, instance: bigint): void {
    for (const { stream, shares } of this.#shared()) {
      shares.forget(now, instance)
      this.#again(now, stream)
    }
  }

  housekeep(now: number): void {
    for (const { stream, shares } of this.#shared()) {
      shares.expire(now)
      this.#again(now, stream)
    }
  }

  /** Subscriptions of this peer that share a stream. */
  #sharing({ local }: SenderStream): readonly number[] {
    return local.filter((id) => this.#parts.subscriber.sharingOf(id))
  }

  #shared(): { readonly stream: SenderStream; readonly shares: Shares }[] {
    return [...this.#ownByStream.keys()].flatMap((stream) => {
      const { shares } = stream.options
      return shares ? [{ stream, shares }] : []
    })
  }

  #answer(
    now: number,
    { instance }: Remote,
    { stream, entry }: { readonly stream: SenderStream; readonly entry: ShareEntry },
  ): Seated {
    const { shares } = stream.options
    const { group, ageMs, seat, done, flags } = entry
    const member = { instance, id: entry.member }
    if (!shares) return NO_SEAT
    const again = (flags & ShareFlag.again) !== 0
    const alone = (flags & ShareFlag.alone) !== 0
    const questions = (flags & ShareFlag.questions) !== 0
    const claim = { member, group, ageMs, again, alone, questions }
    if (flags & ShareFlag.leaves) {
      shares.leave(now, claim, { seat, done })
      return NO_SEAT
    }
    if (seat === 0) return shares.ask(now, claim)
    this.movedAt = now
    return shares.confirm(now, claim, { seat, done })
  }

  /** A subscription of this peer takes a seat. */
  #sit(now: number, stream: SenderStream, id: number): void {
    const { shares, topic } = stream.options
    const { self, keys, withheld } = this.#context
    const sharing = this.#parts.subscriber.sharingOf(id)
    if (!shares || !sharing) return
    const member = { instance: self.instance, id }
    const group = keys.shareOf(sharing.group)
    const { again, questions = false } = sharing
    // Whether this peer answers itself is known without being said.
    const claim = { member, group, again, questions, alone: false, ageMs: 0 }
    const { number, seat } = shares.ask(now, claim)
    if (seat === 0) return withheld.unshared(self, topic, 'seats')
    shares.confirm(now, claim, { seat, done: stream.index })
    this.#ownByStream.get(stream)?.set(id, { claim, number, seat, heard: 0, begun: new Begun() })
  }

  /** Publishes once more what waits, as far as there are seats for it. */
  #again(now: number, stream: SenderStream): void {
    const { shares } = stream.options
    if (!shares || shares.waiting === 0) return
    let put = false
    shares.again(now, (message, place, first) => {
      if (this.#parts.pacer.overMark) return -1
      this.#context.metrics.count('sharesAgain')
      put = true
      const before = stream.waiting
      const index = this.#put(now, stream, { message, chosen: [place], again: first })
      this.#parts.took(stream, before)
      return index
    })
    if (put) this.#parts.turn(now)
  }

  /** Publishes a message and returns its index. */
  #put(now: number, stream: SenderStream, given: Given): number {
    const { message, chosen, again, everybody = false } = given
    const written = chosen.length > 0 ? writeChosen(chosen) : undefined
    const sentAt = now + this.#context.config.wallOffset
    const index = stream.publish(now, sentAt, { ...message, chosen: written, again })
    const subscriptions = this.#takers(stream, index, given)
    const isQuestion = message.question !== undefined
    const members = isQuestion ? this.#sharing(stream) : undefined
    const about = { place: index, members, ...(again !== undefined && { again: true }) }
    const settled = { ...message, index: again ?? index }
    const heard = everybody && isQuestion && stream.local.length > 0
    deliverLocally(now, this.#context, { stream, message: settled, subscriptions, about, heard })
    return index
  }

  /** Whether its rights let it subscribe to the stream's topic. */
  #mayHear({ rights }: Remote, { options }: SenderStream): boolean {
    if (rights?.allows('subscribe', options.segments) !== false) return true
    this.#context.reject('denied')
    return false
  }
}

const NO_SEAT: Seated = { number: 0, seat: 0, heard: 0 }
