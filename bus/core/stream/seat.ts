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
  confirmed: boolean
  given: Ring<Held>
  /** So many of them, from the first, have no copy any more. */
  bare: number
  done: number
  /** Of what waits it gets so much at a time: others may come for the rest. */
  window: number
  movedAt: number
}

/** The first that was given to a seat and of which there is a copy. */
export function firstKept(seat: Seat): Held | undefined {
  while (seat.bare < seat.given.size && !seat.given.at(seat.bare)?.kept) seat.bare += 1
  return seat.given.at(seat.bare)
}

export function keyOf({ instance, id }: Member): string {
  return `${instance} ${id}`
}
