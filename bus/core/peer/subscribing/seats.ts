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
import type { Seating, Sharing } from '../publishing/seating.ts'
import { Begun } from '../../stream/begun.ts'
import type { Messages } from '../../stream/messages.ts'
import type { Record } from '../../wire/record.ts'
import { type SeatEntry, type SeatRecord, type ShareEntry, ShareFlag } from '../../wire/share.ts'
import { VARINT_MAX } from '../../wire/varint.ts'

interface Seat {
  readonly key: string
  readonly id: number
  readonly stream: number
  readonly topic: string
  readonly group: bigint
  readonly again: boolean
  readonly since: number
  readonly begun: Begun
  /** Absent while the stream is not received. */
  inflow: Inflow | undefined
  /** Absent while its publisher is not here. */
  remote: Remote | undefined
  /** Of the group; 0 while there is no seat. */
  number: number
  seat: number
  /** What the publisher has heard to be done; -1: nothing yet. */
  heard: number
  attempts: number
  saidAt: number
  leaves: boolean
}

/** A message that was given to a subscription. */
export interface Given {
  readonly id: number
  readonly from: bigint
  readonly stream: number
  readonly topic: string
  readonly index: number
}

export class Seats {
  readonly #context: Context
  readonly #control: ControlOut
  readonly #sharingOf: (id: number) => (Sharing & { readonly since: number }) | undefined
  readonly #seats = new Map<string, Seat>()
  readonly #seatsByInflow = new Map<Inflow, Seat[]>()
  /** Those whose stream is not received, the first to go first. */
  readonly #idle = new Set<Seat>()
  readonly #timed = new Deadlines<Seat>()
  /** Seats at streams of this peer itself. */
  own: Seating | undefined

  constructor(
    context: Context,
    control: ControlOut,
    sharingOf: (id: number) => (Sharing & { readonly since: number }) | undefined,
  ) {
    this.#context = context
    this.#control = control
    this.#sharingOf = sharingOf
  }

  /** The subscriptions that take a stream have changed. */
  match(now: number, inflow: Inflow, subscriptions: readonly number[]): void {
    const { binding, receiver } = inflow
    if (!binding.shared) return
    receiver.messages.takers ??= (record, index) => this.#takers(inflow, record, index)
    const sharing = subscriptions.filter((id) => this.#sharingOf(id))
    const before = this.#seatsByInflow.get(inflow) ?? []
    const ended = before.filter(({ id }) => !sharing.includes(id))
    for (const seat of ended) this.#leave(now, seat)
    const kept = before.filter(({ id }) => sharing.includes(id))
    const added = sharing.filter((id) => !before.some((seat) => seat.id === id))
    const all = [...kept, ...added.map((id) => this.#take(now, inflow, id))]
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

  /** A subscription has ended: its seats at streams that are not received now are given up. */
  end(now: number, id: number): void {
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
      const to = attempts < UNICAST_ATTEMPTS ? remote.endpoint : this.#context.controlGroup
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
  #entryOf(now: number, seat: Seat): ShareEntry | undefined {
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
    const unheard = seat.attempts >= UNICAST_ATTEMPTS ? ShareFlag.unheard : 0
    seat.attempts += 1
    seat.saidAt = now
    const flags = unheard | (seat.again ? ShareFlag.again : 0) | (leaves ? ShareFlag.leaves : 0)
    const ageMs = Math.min(VARINT_MAX, Math.ceil(now - seat.since))
    const done = seat.seat > 0 ? doneOf(seat) : 0
    return { stream, group, member, flags, ageMs, seat: seat.seat, done }
  }

  #hear(now: number, seat: Seat, { number, seat: given, heard }: SeatEntry): void {
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
  #take(now: number, inflow: Inflow, id: number): Seat {
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

  #seatOf(about: Pick<Seat, 'key' | 'id' | 'stream' | 'topic'>): Seat {
    const { group, again, since } = this.#sharingOf(about.id)!
    const name = this.#context.keys.shareOf(group)
    const state = { number: 0, seat: 0, heard: -1, attempts: 0, saidAt: -Infinity, leaves: false }
    const absent = { inflow: undefined, remote: undefined }
    return { ...about, group: name, again, since, begun: new Begun(), ...absent, ...state }
  }

  #leave(now: number, seat: Seat): void {
    seat.leaves = true
    seat.inflow = undefined
    this.#rest(seat)
    this.#say(now, seat, { anew: true })
  }

  /** Its stream is not received: so many of those are remembered. */
  #rest(seat: Seat): void {
    this.#idle.add(seat)
    if (this.#idle.size <= IDLE_MAX) return
    for (const first of this.#idle) return this.#drop(first)
  }

  #drop(seat: Seat): void {
    this.#timed.delete(seat)
    this.#idle.delete(seat)
    this.#seats.delete(seat.key)
  }

  /** What there is to say of a seat is said at this time. */
  #say(at: number, seat: Seat, { anew }: { readonly anew: boolean }): void {
    if (anew) seat.attempts = 0
    if (anew) seat.saidAt = -Infinity
    if (!seat.remote) return
    this.#timed.set(seat, at)
    this.#context.timers.setBefore('share', at)
  }

  /** The same, unless it will be said before. */
  #soon(seat: Seat, at: number): void {
    if (this.#timed.at(seat) <= at) return
    this.#timed.set(seat, at)
    this.#context.timers.setBefore('share', at)
  }
}

/** Tells seats apart: the instance comes first. */
function keyOf({ from, stream, id }: Pick<Given, 'from' | 'stream' | 'id'>): string {
  return `${from} ${stream} ${id}`
}

/** All of the seat's own before this index is done. */
function doneOf({ inflow, begun }: Seat): number {
  return begun.done(Math.max(0, inflow?.receiver.messages.index ?? 0))
}

/** Again after this wait, which doubles; rarely where nobody answers. */
function waitMs(attempts: number): number {
  if (attempts < ATTEMPTS_MAX) return Math.min(WAIT_MAX_MS, WAIT_MIN_MS * 2 ** attempts)
  return REST_MS
}

const WAIT_MIN_MS = 40
const WAIT_MAX_MS = 1000
const ATTEMPTS_MAX = 10
/** A seat that is given up is said to be so often enough for anybody who is there. */
const LEAVES_MAX = 20
const UNICAST_ATTEMPTS = 2
/** What is finished is said so often, and what others have finished. */
const GATHER_MS = 20
const LAZY_MS = 1000
/** A seat is confirmed anew, in case its publisher has forgotten it. */
const REST_MS = 10_000
/** A group that is full is asked again. */
const FULL_MS = 30_000
/** Seats at streams that are not received now. */
const IDLE_MAX = 1024
