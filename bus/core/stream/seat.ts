/** One seat of a group of a shared stream: whose it is, and what it has been given. */
import type { Ring } from '../ring.ts'
import type { Held } from './copies.ts'

/** Tells members apart: those of one instance by number. */
export interface Member {
  readonly instance: bigint
  readonly id: number
}

export interface Seat {
  readonly seat: number
  readonly member: Member
  again: boolean
  /** Its instance takes the stream by seats alone. */
  alone: boolean
  /** It is given up: it gets no more questions, and those that it has may still be answered. */
  leaving: boolean
  confirmed: boolean
  given: Ring<Held>
  /** So many of them, from the first, have no copy any more. */
  bare: number
  done: number
  /** Of what waits it gets so much at a time: others may come for the rest. */
  window: number
  movedAt: number
}

/** The seats that name the same group. */
export interface Group {
  readonly number: number
  readonly name: bigint
  /** It answers: it is given questions and nothing else. */
  readonly questions: boolean
  readonly seats: Map<string, Seat>
  readonly waiting: Ring<Held>
  lastSeat: number
  emptyAt: number
  /** Index of the first message that is for it. */
  first: number
}

/** What is given to one seat and not confirmed. */
export const GIVEN_MAX = 256

/** Whether a seat can be given one more message of so long `patience`. */
export function takes(now: number, seat: Seat, { questions, patience }: Rules): boolean {
  const { confirmed, leaving, given, movedAt } = seat
  if (!confirmed || leaving || given.size >= GIVEN_MAX) return false
  const { first } = given
  // How long an answer takes is between the program that asks and its timeout.
  return questions || !first || now - Math.max(movedAt, first.at) <= patience
}

interface Rules {
  readonly questions: boolean
  /** Who has confirmed nothing for so long, ms, though there is something to do, gets no more. */
  readonly patience: number
}

/** A seat that is given up, and has nothing any more, is gone. */
export function dropIdle(now: number, group: Group, seat: Seat): void {
  if (seat.leaving && seat.given.size === 0) remove(now, group, seat)
}

/** A seat is void. */
export function remove(now: number, group: Group, { member }: Seat): void {
  group.seats.delete(keyOf(member))
  if (group.seats.size === 0) group.emptyAt = now
}

/** The first that was given to a seat and of which there is a copy. */
export function firstKept(seat: Seat): Held | undefined {
  while (seat.bare < seat.given.size && !seat.given.at(seat.bare)?.kept) seat.bare += 1
  return seat.given.at(seat.bare)
}

export function keyOf({ instance, id }: Member): string {
  return `${instance} ${id}`
}
