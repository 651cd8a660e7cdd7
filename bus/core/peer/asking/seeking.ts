/**
 * Whom the questions of this peer reach, and who may do what.
 *
 * Whether everybody who is here knows the topics of this peer, and has attached to those that it
 * wants: then who has not attached does not listen, and a question to nobody need not wait.
 *
 * Where it is not known yet, those in question are asked (peer/publishing/meeting.ts), a moment later: most
 * who want something attach by themselves within it.
 */
import type { Context } from '../context.ts'
import { Meeting, type MeetingParts } from '../publishing/meeting.ts'
import { DISCOVERY_MS } from '../publishing/publisher.ts'
import type { Seating } from '../publishing/seating.ts'
import type { Audience } from '../../publication.ts'
import type { ActionName } from '../../wire/grant.ts'

export class Seeking {
  readonly #context: Context
  readonly #parts: MeetingParts
  readonly #startedAt: number
  /** When receivers have had the time to find this peer, as long as its hello left at once. */
  #settledAt: number
  /** Set while the program wants to know. */
  #meeting: Meeting | undefined
  #soughtAt = 0
  /** The same, with no standstill added. */
  #beganAt = 0

  constructor(startedAt: number, context: Context, parts: MeetingParts) {
    this.#context = context
    this.#parts = parts
    this.#startedAt = startedAt
    this.#settledAt = startedAt + DISCOVERY_MS
  }

  /** Who gets the messages of a topic from which index on, and the index of the next one. */
  audience(topic: string): Audience {
    return this.#parts.publisher.audience(topic)
  }

  /** Which members of groups have this peer's questions. */
  get seating(): Seating {
    return this.#parts.publisher.seating
  }

  /**
   * Whether the realm lets a peer do something, this one or another: in a realm with an owner, what
   * it shows rights to.
   */
  allows(instance: bigint, action: ActionName, segments: readonly string[]): boolean {
    const { self, config, rights, roster } = this.#context
    if (!config.realm.owner) return true
    const shown = instance === self.instance ? rights : roster.get(instance)?.rights
    return shown?.allows(action, segments) === true
  }

  /** When this peer and those who are here have had the time to find each other. */
  get settledAt(): number {
    const saidAt = Math.min(this.#parts.greeter.saidAt, this.#startedAt + PENDING_MS)
    return Math.max(this.#settledAt, saidAt + DISCOVERY_MS)
  }

  /** This process stood still for `ms`: what has come meanwhile is still to be read, and answered. */
  forgive(now: number, ms: number): void {
    const settledAt = Math.max(Math.min(now, this.#settledAt) + ms, now + RESUMED_MS)
    // On a busy machine one standstill follows the other.
    const until = this.#meeting ? this.#beganAt + STALLS_MAX_MS : Infinity
    this.#settledAt = Math.max(this.#settledAt, Math.min(settledAt, until))
    this.#soughtAt += ms
  }

  /** A command: whether `met` is to be told when everybody who is here has met this peer. */
  seek(now: number, wanted: boolean): void {
    if (!wanted) {
      this.#meeting = undefined
      this.#context.timers.clear('seek')
    } else if (!this.#meeting) {
      this.#meeting = new Meeting(this.#context, this.#parts)
      this.#soughtAt = this.#beganAt = now
      this.#context.timers.setBefore('seek', now)
    }
  }

  /** Looks whether it is so; called after each input. `joinedAt`: the newest peer's arrival. */
  step(now: number, joinedAt: number): void {
    if (!this.#meeting) return
    // This process stood still: its timers come behind what is still to be read.
    if (now - this.#context.timers.next > LATE_MS) return
    const { caughtUpAt } = this.#context.lag
    const settledAt = Math.max(this.settledAt, caughtUpAt + DISCOVERY_MS)
    const from = Math.max(settledAt, this.#soughtAt)
    const quietAt = this.#meeting.quietAt({ settledAt, joinedAt, from })
    const unmet = this.#meeting.unmet(now)
    // Who has slept through a rotation is heard by nobody until it has caught up.
    const behindUntil = this.#context.lag.missing(now)?.isComing ? from + BEHIND_MS : -Infinity
    // A hello may be among what is being verified.
    const pendingUntil = this.#context.awaiting ? from + PENDING_MS : -Infinity
    // Who is heard and has not answered is busy, or somebody sends junk.
    const { unansweredAt } = this.#parts.greeter
    const strangerUntil = Math.min(from + STRANGERS_MAX_MS, unansweredAt + STRANGER_MS)
    const nextAt = [quietAt, behindUntil, pendingUntil, strangerUntil].find((at) => now < at)
    if (unmet.length === 0) {
      if (nextAt !== undefined) return this.#context.timers.setBefore('seek', nextAt)
      this.seek(now, false)
      return this.#context.emit({ type: 'met' })
    }
    const askAt = this.#soughtAt + PATIENCE_MS
    const again = now < askAt ? askAt : this.#meeting.ask(now, unmet)
    this.#context.timers.setBefore('seek', again)
  }
}

/** How long those who want something have to attach by themselves. */
const PATIENCE_MS = 60
/** How long signatures are waited for, the own one and those of others. */
const PENDING_MS = 3000
/** A timer that is overdue by more than this is on its way. */
const LATE_MS = 20
/** Behind a standstill: so long until what has come meanwhile is read, and answered. */
const RESUMED_MS = 100
/** So long after a question has begun standstills put off that nobody answers it. */
const STALLS_MAX_MS = 3000
/** Strangers that are heard have so long to say who they are, and all of them together. */
const STRANGER_MS = 1000
const STRANGERS_MAX_MS = 10_000
/** How long the keys of another epoch are waited for. */
const BEHIND_MS = 2000
