/**
 * The lingering close: everything leaves, receivers confirm, then the goodbye.
 *
 * The final numbers are repeated until each attached receiver has reported a cursor behind them,
 * and every answer has been acknowledged, or `linger` has passed since the last packet or repair
 * left, an answer was acknowledged, or the last peer came. Who fell silent meanwhile may come back
 * (peer/publishing/vanished.ts), and others may be in an epoch that is still to be caught up with (peer/realm/lag.ts).
 * A process that has only just started waits until receivers have had the time
 * to find it, and until those who are here have said that they have met it (peer/publishing/meeting.ts).
 */
import type { Confirmation } from '../../output.ts'
import type { Context, Remote } from '../context.ts'
import type { Direct } from '../asking/direct.ts'
import type { Missing } from '../realm/lag.ts'
import type { Meeting } from './meeting.ts'
import { DISCOVERY_MS, type Publisher } from './publisher.ts'
import type { SenderStream } from '../../stream/sender.ts'

export class Closing {
  readonly #context: Context
  readonly #publisher: Publisher
  readonly #meeting: Meeting
  readonly #direct: Direct
  readonly #lingerMs: number
  readonly #done: (confirmation: Confirmation) => void
  readonly #settledAt: () => number
  /** When everything had left. */
  #idleAt = Infinity
  #waitMs = FINAL_MIN_MS
  #finalAt = 0
  #ended = false
  /** When the program asked for the close. */
  readonly #beganAt: number

  constructor(
    context: Context,
    parts: {
      readonly publisher: Publisher
      readonly meeting: Meeting
      readonly direct: Direct
    },
    options: {
      readonly lingerMs: number
      /** When this peer and the others have had the time to find each other. */
      readonly settledAt: () => number
      readonly now: number
      readonly done: (confirmation: Confirmation) => void
    },
  ) {
    this.#context = context
    this.#publisher = parts.publisher
    this.#meeting = parts.meeting
    this.#direct = parts.direct
    this.#lingerMs = options.lingerMs
    this.#done = options.done
    this.#beganAt = options.now
    const waits = parts.publisher.streams.length > 0 && options.lingerMs > 0
    this.#settledAt = waits ? options.settledAt : () => 0
  }

  /** Looks whether it is over; called after each input. `joinedAt`: the newest peer's arrival. */
  step(now: number, joinedAt: number): void {
    if (this.#ended) return
    if (this.#lingerMs === 0) this.#publisher.hurry(now)
    const unmet = this.#lingerMs > 0 ? this.#meeting.unmet(now) : []
    const askAt = unmet.length > 0 ? this.#meeting.ask(now, unmet) : Infinity
    if (askAt < Infinity) this.#context.timers.setBefore('close', askAt)
    if (this.#idleAt === Infinity && !this.#publisher.idle) return
    if (this.#idleAt === Infinity) this.#idleAt = Math.max(now, this.#settledAt())
    const deadline = this.#deadline(joinedAt)
    const waiting = this.#unconfirmed()
    const quietAt = this.#quietAt(joinedAt)
    const lacking = this.#lacking(now)
    const shared = this.#lingerMs === 0 || !this.#publisher.sharing
    const told =
      shared && waiting.length === 0 && unmet.length === 0 && this.#direct.awaited.size === 0
    const isBehind = this.#missing(now)?.isComing === true
    const settled = now >= quietAt && told && lacking === -Infinity && !isBehind
    if (settled || now >= deadline) return this.#end(now, unmet)
    if (waiting.length > 0 && now >= this.#finalAt) this.#repeat(now, waiting)
    const next = waiting.length > 0 ? this.#finalAt : now < quietAt ? quietAt : Infinity
    const lackingUntil = lacking > now ? lacking : Infinity
    this.#context.timers.setBefore('close', Math.min(deadline, next, lackingUntil))
  }

  /** Until when somebody who fell silent may come back for what it lacks; `-Infinity`: nobody. */
  #lacking(now: number): number {
    const { vanished } = this.#publisher.responder
    if (this.#lingerMs === 0) return -Infinity
    return vanished.at(now).reduce((last, one) => Math.max(last, vanished.until(one)), -Infinity)
  }

  /** The epoch of others who do not hear what was published here. */
  #missing(now: number): Missing | undefined {
    return this.#publisher.streams.length > 0 ? this.#context.lag.missing(now) : undefined
  }

  /** Those of the epoch that this peer has caught up with meet it from then on. */
  get #caughtUpAt(): number {
    return this.#publisher.streams.length > 0 ? this.#context.lag.caughtUpAt : -Infinity
  }

  /** Until then somebody may still be about to be met. */
  #quietAt(joinedAt: number): number {
    if (this.#lingerMs === 0) return 0
    const settledAt = Math.max(this.#settledAt(), this.#caughtUpAt + DISCOVERY_MS)
    return this.#meeting.quietAt({ settledAt, joinedAt, from: settledAt })
  }

  /** Who still gets repairs, or has just come, has more time, but not for ever. */
  #deadline(joinedAt: number): number {
    const { repairedAt, seating } = this.#publisher
    const heardAt = Math.max(repairedAt, seating.movedAt, this.#direct.acknowledgedAt)
    const last = Math.max(this.#idleAt, heardAt, joinedAt, this.#caughtUpAt)
    return Math.min(last + this.#lingerMs, this.#idleAt + this.#lingerMs * LINGER_FACTOR)
  }

  /** Says again where the streams end, each time after twice the wait. */
  #repeat(now: number, waiting: readonly SenderStream[]): void {
    this.#publisher.finalHeartbeat(waiting)
    this.#finalAt = now + this.#waitMs
    this.#waitMs = Math.min(FINAL_MAX_MS, this.#waitMs * 2)
  }

  #end(now: number, unmet: readonly Remote[]): void {
    this.#ended = true
    this.#context.timers.clear('close')
    const vanished = this.#publisher.responder.vanished.at(this.#beganAt)
    const unconfirmed = new Set<Remote>([...unmet, ...this.#direct.awaited, ...vanished])
    const lostOf = new Map<Remote, number>()
    for (const stream of this.#publisher.streams) {
      for (const [instance, { next, lost }] of stream.attached) {
        const remote = this.#context.roster.get(instance)
        if (!remote) continue
        if (next <= stream.sent) unconfirmed.add(remote)
        if (lost > 0) lostOf.set(remote, (lostOf.get(remote) ?? 0) + lost)
      }
    }
    for (const { remote, lost } of this.#publisher.responder.departed) {
      const here = this.#context.roster.get(remote.instance) ?? remote
      lostOf.set(here, Math.max(lost, lostOf.get(here) ?? 0))
    }
    this.#direct.end()
    const behind = this.#missing(now)?.epoch
    const unshared = this.#publisher.seating.waiting
    this.#done({
      ...(unshared > 0 && { waiting: unshared }),
      ...(behind !== undefined && { behind }),
      unconfirmed: [...unconfirmed].map(({ entry }) => entry),
      incomplete: [...lostOf].map(([{ entry }, lost]) => ({ peer: entry, lost })),
    })
  }

  #unconfirmed(): SenderStream[] {
    return this.#publisher.streams.filter((stream) => {
      for (const { next } of stream.attached.values()) if (next <= stream.sent) return true
      return false
    })
  }
}

/** The close ends after so many times `linger`, whoever still asks. */
const LINGER_FACTOR = 10
const FINAL_MIN_MS = 10
const FINAL_MAX_MS = 250
