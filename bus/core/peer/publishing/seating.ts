/**
 * The publishing half of shared streams: gives seats to members of groups, and messages to seats.
 *
 * What the seats of a stream are, and who has what, is in stream/shares.ts. Subscriptions of this
 * peer's own program have seats as well; they need no packet to be confirmed.
 */
import type { Context, Remote } from '../context.ts'
import { type ControlOut, ENTRIES_MAX } from '../control.ts'
import { deliverLocally } from './local.ts'
import { Begun } from '../../stream/begun.ts'
import type { Outgoing } from '../../stream/fading.ts'
import type { Budget } from '../../stream/reorder.ts'
import type { SenderStream } from '../../stream/sender.ts'
import { type Claim, type Seated, Shares } from '../../stream/shares.ts'
import {
  type Chosen,
  type SeatEntry,
  type Share,
  type ShareEntry,
  ShareFlag,
  writeChosen,
} from '../../wire/share.ts'

/** What a subscription says of its group. */
export interface Sharing {
  readonly group: string
  /** What it was given and has not done when it is gone may be given to another. */
  readonly again: boolean
}

/** The subscriptions of this peer. */
export interface OwnSubscriptions {
  matching(segments: readonly string[]): readonly number[]
  sharingOf(id: number): Sharing | undefined
  /** Told where seats of this peer's own streams are. */
  readonly seats: { own: Seating | undefined }
}

/** A message, and for whom it is. */
interface Given {
  readonly message: Outgoing
  readonly chosen: readonly Chosen[]
  /** It is the message with this index once more. */
  readonly again?: number
}

/** The seat of a subscription of this peer. */
interface OwnSeat extends Seated {
  readonly claim: Claim
  readonly begun: Begun
}

interface SeatingParts {
  readonly control: ControlOut
  /** Whether too much waits to be sent. */
  readonly pacer: { readonly overMark: boolean }
  readonly openings: {
    readonly streams: readonly SenderStream[]
    of(topic: string): SenderStream | undefined
  }
  readonly subscriber: OwnSubscriptions
  /** A stream has taken a message: `before` is what waited. */
  readonly took: (stream: SenderStream, before: number) => void
  /** What has been taken may leave. */
  readonly turn: (now: number) => void
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
  sharesOf(topic: string): Shares {
    const { limits, metrics } = this.#context
    return new Shares({
      budget: this.#budget,
      age: limits.historyAge,
      patience: limits.flowPatience,
      full: () => metrics.count('seatsFull'),
      lost: (cause, count) => {
        metrics.count('sharesLost', count)
        this.#context.emit({ type: 'share-lost', topic, count, cause })
      },
    })
  }

  /** Takes a message of a shared stream, which says for whom of each group it is. */
  publish(now: number, stream: SenderStream, message: Outgoing): void {
    const chosen = stream.options.shares!.choose(now, stream.index, message)
    this.#put(now, stream, { message, chosen })
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
    const sharing = stream.local.filter((id) => this.#parts.subscriber.sharingOf(id))
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
    for (const id of sharing) if (!own.has(id)) this.#sit(now, stream, id)
    this.#again(now, stream)
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
    const to = unheard ? this.#context.controlGroup : remote.endpoint
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
    const claim = { member, group, ageMs, again: (flags & ShareFlag.again) !== 0 }
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
    const claim = { member, group: keys.shareOf(sharing.group), again: sharing.again, ageMs: 0 }
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
    const { message, chosen, again } = given
    const written = chosen.length > 0 ? writeChosen(chosen) : undefined
    const sentAt = now + this.#context.config.wallOffset
    const index = stream.publish(now, sentAt, { ...message, chosen: written, again })
    const subscriptions = this.#takers(stream, index, given)
    const about = again === undefined ? { place: index } : { place: index, again: true }
    const settled = { ...message, index: again ?? index }
    deliverLocally(now, this.#context, { stream, message: settled, subscriptions, about })
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
