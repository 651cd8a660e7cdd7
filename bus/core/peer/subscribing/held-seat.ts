/** One seat of a subscription that shares, as its member knows it. */
import type { Inflow, Remote } from '../context.ts'
import type { Sharing } from '../publishing/seating-parts.ts'
import type { Begun } from '../../stream/begun.ts'
import { ShareFlag } from '../../wire/share.ts'

/** A subscription that shares. */
export interface SharedBy extends Sharing {
  /** When it was made, ms of the driver's clock. */
  readonly since: number
  /** It gives up its seats, and takes no others. */
  readonly isRetired: boolean
}

export interface HeldSeat {
  readonly key: string
  readonly id: number
  readonly stream: number
  readonly topic: string
  readonly group: bigint
  readonly again: boolean
  readonly questions: boolean
  /** This peer takes the stream by such seats alone. */
  alone: boolean
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

/** Tells seats apart: the instance comes first. */
export function keyOf({ from, stream, id }: Pick<Given, 'from' | 'stream' | 'id'>): string {
  return `${from} ${stream} ${id}`
}

/** All of the seat's own before this index is done. */
export function doneOf({ inflow, begun }: HeldSeat): number {
  return begun.done(Math.max(0, inflow?.receiver.messages.index ?? 0))
}

/** What a seat is said to be. */
export function flagsOf({ again, alone, questions, leaves }: HeldSeat, unheard: boolean): number {
  const kind = (again ? ShareFlag.again : 0) | (questions ? ShareFlag.questions : 0)
  const state = (alone ? ShareFlag.alone : 0) | (leaves ? ShareFlag.leaves : 0)
  return kind | state | (unheard ? ShareFlag.unheard : 0)
}
