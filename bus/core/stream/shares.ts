/**
 * The groups of one shared stream: who has a seat, whom each message is for, and what is not done.
 *
 * Each group has numbered seats, which are never numbered twice. A message goes to the confirmed
 * seat with the least to do; where there is none it waits. What a seat that is gone had not done
 * waits too, if its member lets it be given again, and is published once more for another seat.
 * Of what may still be given to somebody a copy is kept, in a budget that all streams share: where
 * that is full the oldest gives way.
 *
 * What was published before a group had a member is kept for a while, since its first member may
 * have been there, and not known to the publisher.
 */
import { Ring } from '../ring.ts'
import { Asked, hasMembers, wait } from './asked.ts'
import type { Claim, Confirmed, Seated, SharesOptions } from './claim.ts'
import type { ShareLoss } from '../output.ts'
import { GROUPS_MAX, type Chosen } from '../wire/share.ts'
import { Copies, type Held } from './copies.ts'
import { Lately } from './lately.ts'
import type { Outgoing } from './fading.ts'
import {
  dropIdle,
  firstKept,
  GIVEN_MAX,
  type Group,
  keyOf,
  remove,
  type Seat,
  takes,
} from './seat.ts'
import { mix } from './spread.ts'

/** Publishes a message once more for a seat; returns its index, or -1 when too much waits. */
type Publish = (message: Outgoing, place: Chosen, first: number) => number

export class Shares {
  readonly #options: SharesOptions
  readonly #copies: Copies
  readonly #groups = new Map<bigint, Group>()
  readonly #lately: Lately
  /** The questions among them. */
  readonly asked: Asked
  #lastGroup = 0

  constructor(options: SharesOptions) {
    this.#options = options
    this.#copies = new Copies(options.budget)
    this.#lately = new Lately(this.#copies, options.age)
    this.asked = new Asked(this.#groups, this.#copies, options.nobody)
  }

  /** Messages that wait for a seat. */
  get waiting(): number {
    let sum = 0
    for (const { waiting } of this.#groups.values()) sum += waiting.size
    return sum
  }

  /** Whether somebody has asked for a seat and not confirmed it; questions wait for nobody. */
  get asking(): boolean {
    for (const { seats, questions } of this.#groups.values()) {
      if (questions) continue
      for (const { confirmed } of seats.values()) if (!confirmed) return true
    }
    return false
  }

  /** Decides for whom the message is that will be published with this index. */
  choose(now: number, index: number, message: Outgoing): readonly Chosen[] {
    this.#lately.forget(now)
    const asks = message.question !== undefined
    const kept = this.#isKept(asks) ? this.#copies.make(message, () => this.#evict()) : undefined
    this.#lately.push(now, index, kept)
    const chosen: Chosen[] = []
    for (const group of this.#groups.values()) {
      if (group.questions && !asks) continue
      const about = { index, first: index, at: now, asks: group.questions }
      const seat = group.waiting.size > 0 ? undefined : this.#freest(now, group, { index })
      const held = { ...about, kept }
      if (seat) this.#give(seat, held)
      else if (kept) group.waiting.push({ ...about, kept: this.#copies.use(kept) })
      else this.#lose(about, 'overflow')
      chosen.push({ number: group.number, seat: seat?.seat ?? 0 })
    }
    this.#copies.unuse(kept)
    return chosen
  }

  /**
   * Hands each message that waits, and for which there is a seat, to `publish`, which returns the
   * index that it has been given, or -1 when no more can be sent now.
   */
  again(now: number, publish: Publish): void {
    for (const group of this.#groups.values()) if (!this.#drain(now, group, publish)) return
  }

  /** A question is over, for all or for one instance: it has been answered, or is called off. */
  settle(now: number, index: number, instance?: bigint): void {
    this.asked.settle(now, index, instance)
    if (instance === undefined) this.#lately.drop(index)
  }

  /** A member asks for a seat: the one that it has, or another one. */
  ask(now: number, claim: Claim): Seated {
    const { member, again, alone } = claim
    const group = this.#groups.get(claim.group) ?? this.#open(now, claim)
    const seat = group?.seats.get(keyOf(member)) ?? this.#sit(now, group, claim)
    if (!alone) this.asked.forget(member.instance)
    if (!group || !seat) {
      this.#options.full()
      if (alone) this.asked.unseated(member.instance)
      return { number: 0, seat: 0, heard: 0 }
    }
    seat.again = again
    if (alone && !seat.alone) this.#options.apart(member.instance)
    seat.alone = alone
    const heard = seat.confirmed ? 1 + seat.done : 0
    return { number: group.number, seat: seat.seat, heard }
  }

  /** A member knows its seat, and has done all of its own before `done`; a void seat is replaced. */
  confirm(now: number, claim: Claim, { seat: number, done }: Confirmed): Seated {
    const group = this.#groups.get(claim.group)
    const seat = group?.seats.get(keyOf(claim.member))
    if (!group || seat?.seat !== number) return this.ask(now, claim)
    this.#finish(now, group, { seat, done })
    seat.confirmed = true
    return this.ask(now, claim)
  }

  /** A member gives its seat up. */
  leave(now: number, { group: name, member }: Claim, { seat: number, done }: Confirmed): void {
    const group = this.#groups.get(name)
    const seat = group?.seats.get(keyOf(member))
    if (!group || !seat || (seat.seat !== number && number !== 0)) return
    this.#finish(now, group, { seat, done })
    if (seat.alone) this.asked.unseated(member.instance)
    if (!group.questions) return this.#void(now, group, seat)
    // It answers what it has begun, and says of the rest that it does not.
    seat.leaving = true
    dropIdle(now, group, seat)
    if (!hasMembers(group)) this.asked.forsake(group)
  }

  /** An instance has gone, with all its seats. */
  forget(now: number, instance: bigint): void {
    this.asked.forget(instance)
    for (const group of this.#groups.values()) {
      for (const seat of group.seats.values()) {
        if (seat.member.instance === instance) this.#void(now, group, seat)
      }
    }
  }

  /** Forgets what nobody has come for. */
  expire(now: number): void {
    this.#lately.forget(now)
    for (const group of this.#groups.values()) {
      if (group.emptyAt + this.#options.age > now) continue
      this.#groups.delete(group.name)
      if (group.questions) this.asked.forsake(group)
      const { size } = group.waiting
      for (let held = group.waiting.shift(); held; held = group.waiting.shift()) {
        this.#copies.unuse(held.kept)
      }
      if (size > 0) this.#options.lost('no-member', size)
    }
  }

  /** Gives what waits in a group to its seats; false when no more can be sent now. */
  #drain(now: number, group: Group, publish: Publish): boolean {
    for (let held = group.waiting.first; held; held = group.waiting.first) {
      const kept = held.kept!
      const late = (kept.message.expiresAt ?? Infinity) <= now
      const free = late ? undefined : this.#freest(now, group, held)
      const seat = free && free.given.size < free.window ? free : undefined
      const over = late || isRefused(group, held)
      if (!seat && !over) return true
      if (seat) {
        const place = { number: group.number, seat: seat.seat }
        const index = publish(kept.message, place, held.first)
        if (index < 0) return false
        this.#give(seat, { ...held, index, at: now })
      } else this.#lose(held, 'expired')
      group.waiting.shift()
      this.#copies.unuse(kept)
    }
    return true
  }

  #open(now: number, { group: name, questions }: Claim): Group | undefined {
    if (this.#groups.size >= GROUPS_MAX) return undefined
    const number = ++this.#lastGroup
    const rest = { seats: new Map(), waiting: new Ring<Held>(), lastSeat: 0 }
    const group = { number, name, questions, ...rest, emptyAt: now, first: this.#lately.next }
    this.#groups.set(name, group)
    return group
  }

  /** What a new member could have had, and its group did not know of, waits for the group. */
  #reach(group: Group, from: number): void {
    const early = this.#lately.since(from, group)
    group.first = early[0]?.index ?? group.first
    if (early.length > 0) wait(group, early)
  }

  #sit(now: number, group: Group | undefined, { member, ageMs }: Claim): Seat | undefined {
    if (!group || group.seats.size >= SEATS_MAX) return undefined
    let own = 0
    for (const seat of group.seats.values()) if (seat.member.instance === member.instance) own += 1
    if (own >= MEMBER_SEATS_MAX) return undefined
    const number = ++group.lastSeat
    const rest = {
      again: true,
      alone: false,
      leaving: false,
      confirmed: false,
      bare: 0,
      done: 0,
      movedAt: now,
      window: WINDOW_MIN,
    }
    const seat = { seat: number, member, given: new Ring<Held>(), ...rest }
    group.seats.set(keyOf(member), seat)
    group.emptyAt = Infinity
    this.#lately.forget(now)
    this.#reach(group, now - ageMs - SLACK_MS)
    return seat
  }

  /** Whether somebody takes such messages, or may come for what was there before. */
  #isKept(asks: boolean): boolean {
    if (asks || !this.#options.forQuestions) return true
    for (const { questions } of this.#groups.values()) if (!questions) return true
    return false
  }

  /** The seat with the least to do; of equals that which the index falls on. */
  #freest(
    now: number,
    { seats, questions }: Group,
    { index, refused }: Pick<Held, 'index' | 'refused'>,
  ): Seat | undefined {
    const rules = { questions, patience: this.#options.patience }
    let best: Seat | undefined
    let score = 0
    for (const seat of seats.values()) {
      if (refused?.includes(seat.seat) || !takes(now, seat, rules)) continue
      if (best && seat.given.size > best.given.size) continue
      const own = mix(index, seat.seat)
      if (best && seat.given.size === best.given.size && own <= score) continue
      best = seat
      score = own
    }
    return best
  }

  #give(seat: Seat, held: Held): void {
    // A question may go to another one also where it may not be answered twice: it was not begun.
    const mayReturn = seat.again || held.asks
    const kept = mayReturn && held.kept ? this.#copies.use(held.kept) : undefined
    seat.given.push({ ...held, kept })
    if (held.asks) this.#options.given(held.first, seat.member.instance)
  }

  #finish(
    now: number,
    { questions }: Group,
    { seat, done }: { readonly seat: Seat; readonly done: number },
  ): void {
    if (!seat.confirmed || done > seat.done) seat.movedAt = now
    seat.done = Math.max(seat.done, done)
    // Questions are over when they are answered: they are in no order.
    if (questions) return
    const { size } = seat.given
    for (let held = seat.given.first; held && held.index < done; held = seat.given.first) {
      seat.given.shift()
      seat.bare = Math.max(0, seat.bare - 1)
      this.#copies.unuse(held.kept)
    }
    seat.window = Math.min(GIVEN_MAX, Math.max(WINDOW_MIN, 2 * (size - seat.given.size)))
  }

  #void(now: number, group: Group, seat: Seat): void {
    remove(now, group, seat)
    const back: Held[] = []
    let lost = 0
    for (let held = seat.given.shift(); held; held = seat.given.shift()) {
      if (held.kept && seat.again) back.push(held)
      else if (!held.asks) lost += 1
      if (!seat.again) this.#copies.unuse(held.kept)
    }
    if (lost > 0) this.#options.lost('member-gone', lost)
    if (back.length > 0) wait(group, back)
    if (group.questions && !hasMembers(group)) this.asked.forsake(group)
  }

  /** Nobody of the group will get it: of a question its asker is told. */
  #lose({ asks, first }: Pick<Held, 'asks' | 'first'>, cause: ShareLoss): void {
    if (asks) this.#options.nobody(first)
    else this.#options.lost(cause, 1)
  }

  /** Gives the oldest copy up; false when there is none. */
  #evict(): boolean {
    if (this.#lately.evict()) return true
    let oldest: Held | undefined
    let from: Seat | Group | undefined
    for (const group of this.#groups.values()) {
      for (const one of [group, ...group.seats.values()]) {
        const held = 'given' in one ? firstKept(one) : one.waiting.first
        if (!held?.kept || (oldest && held.first >= oldest.first)) continue
        oldest = held
        from = one
      }
    }
    if (!oldest?.kept || !from) return false
    this.#copies.unuse(oldest.kept)
    oldest.kept = undefined
    if ('given' in from) return true
    from.waiting.shift()
    this.#lose(oldest, 'overflow')
    return true
  }
}

/** Whether every seat that there is, or will be, has refused it. */
function isRefused({ seats }: Group, { refused }: Held): boolean {
  if (!refused) return false
  for (const { seat, leaving } of seats.values()) {
    if (!leaving && !refused.includes(seat)) return false
  }
  return true
}

/** Seats of one group, and of one instance among them. */
export const SEATS_MAX = 1024
export const MEMBER_SEATS_MAX = 64
/** Of what waits a seat gets this at once, and twice what it has said to have done at once. */
export const WINDOW_MIN = 16
/** A question took time to come. */
const SLACK_MS = 20
