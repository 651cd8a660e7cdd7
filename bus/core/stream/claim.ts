/** What members say of their seats in a shared stream, and what its publisher is told of them. */
import type { ShareLoss } from '../output.ts'
import type { Budget } from './reorder.ts'
import type { Member } from './seat.ts'

export interface SharesOptions {
  readonly budget: Budget
  /** How long a group without members, and what was published before there was one, is kept, ms. */
  readonly age: number
  /** Who has confirmed nothing for so long, ms, though there is something to do, gets no more. */
  readonly patience: number
  /** So many messages will not be given to anybody any more. */
  readonly lost: (cause: ShareLoss, count: number) => void
  /** A group or a seat too many was asked for. */
  readonly full: () => void
  /** A question is now for this instance; nobody of a group will get it; this one gets no others. */
  readonly given: (index: number, instance: bigint) => void
  readonly nobody: (index: number) => void
  readonly apart: (instance: bigint) => void
  /** Groups come for questions: what is none is kept for nobody who comes later. */
  readonly forQuestions?: boolean
}

/** Who asks for a seat of which group. */
export interface Claim {
  readonly member: Member
  readonly group: bigint
  readonly again: boolean
  /** Its instance takes the stream by seats alone. */
  readonly alone: boolean
  /** The group answers: it is given questions and nothing else. */
  readonly questions: boolean
  /** How long it has wanted one. */
  readonly ageMs: number
}

/** What a member says of its seat: all of its own before the index `done` is done. */
export interface Confirmed {
  readonly seat: number
  readonly done: number
}

/** A seat as its member is told of it. */
export interface Seated {
  readonly number: number
  /** 0: there is none to be had. */
  readonly seat: number
  /** 0: not confirmed; else 1 and the `done` that has come. */
  readonly heard: number
}
