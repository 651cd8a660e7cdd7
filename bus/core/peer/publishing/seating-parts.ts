/** What the publishing half of shared streams knows of the rest of its peer. */
import type { ControlOut } from '../control.ts'
import type { SenderStream } from '../../stream/sender.ts'

/** What a subscription says of its group. */
export interface Sharing {
  readonly group: string
  /** What it was given and has not done when it is gone may be given to another. */
  readonly again: boolean
  /** The group answers: it is given questions and nothing else. */
  readonly questions?: boolean
}

/** Seats of this peer's subscriptions at its own streams. */
export interface OwnSeats {
  /** The program has finished what one of its subscriptions was given. */
  finish(now: number, topic: string, given: { readonly id: number; readonly index: number }): void
  /** Whether a subscription is still to handle what it was given. */
  holds(topic: string, given: { readonly id: number; readonly index: number }): boolean
  /** A subscription gives up its seats, and is subscribed for a while yet. */
  retire(now: number, id: number): void
}

/** The subscriptions of this peer. */
export interface OwnSubscriptions {
  matching(segments: readonly string[]): readonly number[]
  sharingOf(id: number): (Sharing & { readonly isRetired: boolean }) | undefined
  /** Told where seats of this peer's own streams are. */
  readonly seats: { own: OwnSeats | undefined }
}

export interface SeatingParts {
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
