/**
 * The lingering close: everything leaves, receivers confirm, then the goodbye.
 *
 * The final numbers are repeated until each attached receiver has reported a cursor behind them,
 * or `linger` has passed since the last packet, or the last repair, left. A process that has only just started waits
 * until receivers have had the time to find it.
 */
import type { Confirmation } from './output.ts'
import type { Context, Remote } from './peer-context.ts'
import { DISCOVERY_MS, type Publisher } from './peer-publisher.ts'
import type { SenderStream } from './stream/sender.ts'

export class Closing {
  readonly #context: Context
  readonly #publisher: Publisher
  readonly #lingerMs: number
  readonly #done: (confirmation: Confirmation) => void
  readonly #settledAt: number
  /** When everything had left. */
  #idleAt = Infinity
  #waitMs = FINAL_MIN_MS
  #finalAt = 0
  #ended = false

  constructor(
    context: Context,
    publisher: Publisher,
    options: {
      readonly lingerMs: number
      readonly startedAt: number
      readonly done: (confirmation: Confirmation) => void
    },
  ) {
    this.#context = context
    this.#publisher = publisher
    this.#lingerMs = options.lingerMs
    this.#done = options.done
    const published = publisher.streams.length > 0
    this.#settledAt = published && options.lingerMs > 0 ? options.startedAt + DISCOVERY_MS : 0
  }

  /** Looks whether it is over; called after each input. `joinedAt`: the newest peer's arrival. */
  step(now: number, joinedAt: number): void {
    if (this.#ended) return
    if (this.#lingerMs === 0) this.#publisher.hurry(now)
    if (this.#idleAt === Infinity && !this.#publisher.idle) return
    if (this.#idleAt === Infinity) this.#idleAt = Math.max(now, this.#settledAt)
    const deadline = this.#deadline
    const waiting = this.#unconfirmed()
    const quietAt = Math.max(this.#settledAt, this.#lingerMs > 0 ? joinedAt + NEWCOMER_MS : 0)
    const settled = now >= quietAt && waiting.length === 0
    if (settled || now >= deadline) return this.#end()
    if (waiting.length > 0 && now >= this.#finalAt) this.#repeat(now, waiting)
    const next = waiting.length > 0 ? this.#finalAt : quietAt
    this.#context.timers.setBefore('close', Math.min(deadline, next))
  }

  /** Who still gets repairs has more time, but not for ever. */
  get #deadline(): number {
    const last = Math.max(this.#idleAt, this.#publisher.repairedAt)
    return Math.min(last + this.#lingerMs, this.#idleAt + this.#lingerMs * LINGER_FACTOR)
  }

  /** Says again where the streams end, each time after twice the wait. */
  #repeat(now: number, waiting: readonly SenderStream[]): void {
    this.#publisher.finalHeartbeat(waiting)
    this.#finalAt = now + this.#waitMs
    this.#waitMs = Math.min(FINAL_MAX_MS, this.#waitMs * 2)
  }

  #end(): void {
    this.#ended = true
    this.#context.timers.clear('close')
    const unconfirmed = new Set<Remote>()
    const lostOf = new Map<Remote, number>()
    for (const stream of this.#publisher.streams) {
      for (const [instance, { next, lost }] of stream.attached) {
        const remote = this.#context.roster.get(instance)
        if (!remote) continue
        if (next <= stream.sent) unconfirmed.add(remote)
        if (lost > 0) lostOf.set(remote, (lostOf.get(remote) ?? 0) + lost)
      }
    }
    this.#done({
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
/** A peer that has just come may still be about to attach. */
const NEWCOMER_MS = 100
