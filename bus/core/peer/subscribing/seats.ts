/**
 * The subscribing half of shared streams: asks publishers for seats, and says what is done.
 *
 * Each subscription that shares has one seat at each stream that it takes. It asks for it beside
 * attaching, confirms it once it has begun with the stream, and is then given what is for that seat.
 * Everything is repeated until the publisher has said that it has heard it. A seat outlives the
 * absence of its publisher, who may only have been out of reach.
 */
import type { Endpoint } from '../../output.ts'
import type { Context, Inflow, Remote } from '../context.ts'
import { type ControlOut, ENTRIES_MAX } from '../control.ts'
import { Deadlines } from '../../deadlines.ts'
import { doneOf, flagsOf, type Given, type HeldSeat, keyOf, type SharedBy } from './held-seat.ts'
import type { OwnSeats } from '../publishing/seating-parts.ts'
import { REST_MS, WAIT_MIN_MS, waitMs } from './share-waits.ts'
import { Begun } from '../../stream/begun.ts'
import type { Messages } from '../../stream/messages.ts'
import type { Record } from '../../wire/record.ts'
import { type SeatEntry, type SeatRecord, type ShareEntry } from '../../wire/share.ts'
import { VARINT_MAX } from '../../wire/varint.ts'

export class Seats {
  readonly #context: Context
  readonly #control: ControlOut
  readonly #sharingOf: (id: number) => SharedBy | undefined
  readonly #seats = new Map<string, HeldSeat>()
  readonly #seatsByInflow = new Map<Inflow, HeldSeat[]>()
  /** Those whose stream is not received, the first to go first. */
  readonly #idle = new Set<HeldSeat>()
  readonly #timed = new Deadlines<HeldSeat>()
  /** Subscriptions that give up their seats. */
  readonly #retired = new Set<number>()
  /** Seats at streams of this peer itself. */
  own: OwnSeats | undefined

  constructor(
    context: Context,
    control: ControlOut,
    sharingOf: (id: number) => SharedBy | undefined,
  ) {
    this.#context = context
    this.#control = control
    this.#sharingOf = sharingOf
  }

  /** The subscriptions that take a stream have changed. */
  match(now: number, inflow: Inflow, subscriptions: readonly number[]): void {
    const { binding, receiver } = inflow
    if (!binding.shared) return
    const sharing = subscriptions.filter((id) => this.#sharingOf(id))
    receiver.messages.takers ??= (record, index) => this.#takers(inflow, record, index)
    receiver.messages.members = () => sharing
    const before = this.#seatsByInflow.get(inflow) ?? []
    const ended = before.filter(({ id }) => !sharing.includes(id))
    for (const seat of ended) this.#leave(now, seat)
    const kept = before.filter(({ id }) => sharing.includes(id))
    const added = sharing.filter((id) => {
      return !this.#retired.has(id) && !before.some((seat) => seat.id === id)
    })
    const all = [...kept, ...added.map((id) => this.#take(now, inflow, id))]
    const alone = sharing.length === subscriptions.length
    for (const seat of all) if (seat.alone !== alone) this.#turn(now, seat, alone)
    if (all.length > 0) this.#seatsByInflow.set(inflow, all)
    else this.#seatsByInflow.delete(inflow)
    // At once: the last words may follow.
    if (ended.length > 0) this.onTimer(now)
  }

  /** What is given once more to one of a group is nothing to those who share nothing. */
  pass(messages: Messages): void {
    messages.takers = ({ again }) => (again === undefined ? messages.subscriptions : [])
  }

  /** A stream is not received any more; `leaves`: and this peer does not want it. */
  detach(now: number, inflow: Inflow, leaves: boolean): void {
    for (const seat of this.#seatsByInflow.get(inflow) ?? []) {
      seat.inflow = undefined
      this.#timed.delete(seat)
      this.#rest(seat)
      if (leaves) this.#leave(now, seat)
    }
    this.#seatsByInflow.delete(inflow)
  }

  /** A publisher has gone. */
  forget(remote: Remote): void {
    for (const seat of this.#idle) {
      if (seat.remote !== remote) continue
      seat.remote = undefined
      this.#timed.delete(seat)
    }
  }

  isRetired(id: number): boolean {
    return this.#retired.has(id)
  }

  /** A command: a subscription gives up its seats; what it has been given still comes to it. */
  retire(now: number, id: number): void {
    this.#retired.add(id)
    this.own?.retire(now, id)
    for (const seat of this.#seats.values()) {
      if (seat.id !== id || seat.leaves) continue
      seat.leaves = true
      this.#say(now, seat, { anew: true })
    }
    this.onTimer(now)
  }

  /** A subscription has ended: its seats at streams that are not received now are given up. */
  end(now: number, id: number): void {
    this.#retired.delete(id)
    for (const seat of this.#idle) if (seat.id === id && !seat.leaves) this.#leave(now, seat)
  }

  /** A publisher may have forgotten this peer, or is back: says everything once more. */
  again(now: number, remote: Remote): void {
    for (const seat of this.#seats.values()) {
      if (!seat.key.startsWith(`${remote.instance} `)) continue
      seat.remote = remote
      if (seat.inflow || seat.leaves) this.#say(now, seat, { anew: true })
    }
  }

  /** The stream has come further. */
  received(now: number, inflow: Inflow): void {
    for (const seat of this.#seatsByInflow.get(inflow) ?? []) {
      if (seat.seat > 0 && doneOf(seat) !== seat.heard) this.#soon(seat, now + LAZY_MS)
    }
  }

  /** The program has finished a message. */
  finish(now: number, given: Given): void {
    const { id, index, from, topic } = given
    if (from === this.#context.self.instance) return this.own?.finish(now, topic, { id, index })
    const seat = this.#seats.get(keyOf(given))
    if (!seat) return
    seat.begun.finish(index)
    if (seat.remote && !seat.leaves) this.#soon(seat, Math.max(now, seat.saidAt + GATHER_MS))
  }

  /** Whether a message that was given is still to be handled: another may have it meanwhile. */
  holds(given: Given): boolean {
    const { id, index, from, topic } = given
    if (from === this.#context.self.instance) return this.own?.holds(topic, { id, index }) ?? false
    return this.#seats.get(keyOf(given))?.begun.has(index) ?? false
  }

  onSeat(now: number, remote: Remote, { asker, entries }: SeatRecord): void {
    if (asker !== this.#context.self.instance) return
    for (const entry of entries) {
      const { stream, member: id, group } = entry
      const seat = this.#seats.get(keyOf({ from: remote.instance, stream, id }))
      if (seat && seat.remote === remote && seat.group === group) this.#hear(now, seat, entry)
    }
  }

  /** The `share` timer. */
  onTimer(now: number): void {
    const entriesByTo = new Map<string | Endpoint, { remote: Remote; entries: ShareEntry[] }>()
    for (const seat of this.#timed.due(now)) {
      const { remote, attempts } = seat
      if (!remote) this.#timed.delete(seat)
      const entry = remote && this.#entryOf(now, seat)
      if (!remote || !entry) continue
      const to = this.#context.wayTo(remote, attempts >= UNICAST_ATTEMPTS)
      const page = entriesByTo.get(to)
      if (page?.remote === remote && page.entries.length < ENTRIES_MAX) page.entries.push(entry)
      else {
        if (page) this.#send(to, page)
        entriesByTo.set(to, { remote, entries: [entry] })
      }
    }
    for (const [to, page] of entriesByTo) this.#send(to, page)
    if (this.#timed.next < Infinity) this.#context.timers.set('share', this.#timed.next)
  }

  #send(
    to: string | Endpoint,
    { remote, entries }: { readonly remote: Remote; readonly entries: readonly ShareEntry[] },
  ): void {
    this.#control.add(to, { type: 'share', target: remote.instance, entries })
  }

  /** What is to be said of a seat now, and sets when to look again. */
  #entryOf(now: number, seat: HeldSeat): ShareEntry | undefined {
    const { inflow, stream, group, id: member, leaves } = seat
    if (leaves && seat.attempts >= LEAVES_MAX) {
      this.#drop(seat)
      return undefined
    }
    const begun = inflow !== undefined && inflow.receiver.next > 0
    if (!leaves && seat.seat > 0) {
      // Not by a difference: what is rounded otherwise would be due for ever.
      const rested = now >= seat.saidAt + REST_MS
      if (begun && doneOf(seat) === seat.heard && !rested) {
        this.#timed.set(seat, seat.saidAt + REST_MS)
        return undefined
      }
      if (!begun) {
        this.#timed.set(seat, now + WAIT_MIN_MS)
        return undefined
      }
    }
    this.#timed.set(seat, now + waitMs(seat.attempts))
    const flags = flagsOf(seat, seat.attempts >= UNICAST_ATTEMPTS)
    seat.attempts += 1
    seat.saidAt = now
    const ageMs = Math.min(VARINT_MAX, Math.ceil(now - seat.since))
    const done = seat.seat > 0 ? doneOf(seat) : 0
    return { stream, group, member, flags, ageMs, seat: seat.seat, done }
  }

  #hear(now: number, seat: HeldSeat, { number, seat: given, heard }: SeatEntry): void {
    if (seat.leaves) {
      if (given !== seat.seat || given === 0) this.#drop(seat)
      return
    }
    if (given === 0) {
      this.#context.withheld.unshared(seat.remote!, seat.topic, 'seats')
      Object.assign(seat, { seat: 0, number: 0, heard: -1 })
      seat.begun.clear()
      return this.#timed.set(seat, now + FULL_MS)
    }
    // An answer that was late tells of a seat of before.
    if (number < seat.number || (number === seat.number && given < seat.seat)) return
    if (number !== seat.number || given !== seat.seat) {
      if (seat.seat > 0) seat.begun.clear()
      Object.assign(seat, { seat: given, number, heard: -1 })
      return this.#say(now, seat, { anew: true })
    }
    const came = heard - 1
    if (came < 0 || came < seat.heard) return
    seat.heard = came
    seat.attempts = 0
    if (doneOf(seat) === came) this.#timed.set(seat, seat.saidAt + REST_MS)
  }

  /** Whom one message of a shared stream goes to. */
  #takers(inflow: Inflow, { chosen, again }: Record, index: number): readonly number[] {
    const { subscriptions } = inflow.receiver.messages
    const found = again === undefined ? subscriptions.filter((id) => !this.#sharingOf(id)) : []
    if (!chosen) return found
    for (const { id, seat, number, begun } of this.#seatsByInflow.get(inflow) ?? []) {
      const place = seat > 0 ? chosen.find((one) => one.number === number) : undefined
      if (place?.seat !== seat || !subscriptions.includes(id)) continue
      if (begun.give(index)) found.push(id)
    }
    return found
  }

  /** A subscription takes a seat, or has the one that it had. */
  #take(now: number, inflow: Inflow, id: number): HeldSeat {
    const { binding, remote, attachAt } = inflow
    const { stream, topic } = binding
    const key = keyOf({ from: remote.instance, stream, id })
    const seat = this.#seats.get(key) ?? this.#seatOf({ key, id, stream, topic })
    this.#idle.delete(seat)
    this.#seats.set(key, seat)
    seat.inflow = inflow
    seat.remote = remote
    // In one packet with the question where the stream begins.
    this.#say(Math.max(now, attachAt < Infinity ? attachAt : now), seat, { anew: true })
    return seat
  }

  #seatOf(about: Pick<HeldSeat, 'key' | 'id' | 'stream' | 'topic'>): HeldSeat {
    const { group, again, since, questions = false } = this.#sharingOf(about.id)!
    const name = this.#context.keys.shareOf(group)
    const state = { number: 0, seat: 0, heard: -1, attempts: 0, saidAt: -Infinity, leaves: false }
    const absent = { inflow: undefined, remote: undefined, alone: false }
    return {
      ...about,
      group: name,
      again,
      questions,
      since,
      begun: new Begun(),
      ...absent,
      ...state,
    }
  }

  /** Others of this peer's subscriptions take the stream, or none does any more. */
  #turn(now: number, seat: HeldSeat, alone: boolean): void {
    seat.alone = alone
    // Said until it has been heard.
    seat.heard = -1
    if (seat.saidAt > -Infinity) this.#say(now, seat, { anew: true })
  }

  #leave(now: number, seat: HeldSeat): void {
    // It was given up before, and its publisher has heard it.
    if (!this.#seats.has(seat.key)) return
    seat.leaves = true
    seat.inflow = undefined
    this.#rest(seat)
    this.#say(now, seat, { anew: true })
  }

  /** Its stream is not received: so many of those are remembered. */
  #rest(seat: HeldSeat): void {
    this.#idle.add(seat)
    if (this.#idle.size <= IDLE_MAX) return
    for (const first of this.#idle) return this.#drop(first)
  }

  #drop(seat: HeldSeat): void {
    this.#timed.delete(seat)
    this.#idle.delete(seat)
    this.#seats.delete(seat.key)
  }

  /** What there is to say of a seat is said at this time. */
  #say(at: number, seat: HeldSeat, { anew }: { readonly anew: boolean }): void {
    if (anew) seat.attempts = 0
    if (anew) seat.saidAt = -Infinity
    if (!seat.remote) return
    this.#timed.set(seat, at)
    this.#context.timers.setBefore('share', at)
  }

  /** The same, unless it will be said before. */
  #soon(seat: HeldSeat, at: number): void {
    if (this.#timed.at(seat) <= at) return
    this.#timed.set(seat, at)
    this.#context.timers.setBefore('share', at)
  }
}

/** A seat that is given up is said to be so often enough for anybody who is there. */
const LEAVES_MAX = 20
const UNICAST_ATTEMPTS = 2
/** What is finished is said so often, and what others have finished. */
const GATHER_MS = 20
const LAZY_MS = 1000
/** A group that is full is asked again. */
const FULL_MS = 30_000
/** Seats at streams that are not received now. */
const IDLE_MAX = 1024
