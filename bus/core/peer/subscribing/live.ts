/**
 * Tells a subscription that it has been given everything that was there when it came.
 *
 * Who was there is settled when it subscribes or, for a process that has only just started, as
 * soon as it has had the time to meet the others. From each of those peers it has everything when
 * the topics are known that the peer had by then, and each stream of them that is older than the
 * subscription has come as far as its publisher was when it answered. Whoever leaves is waited for
 * no longer: what was missing of its streams has been reported as lost. Nor is a peer that is there
 * and answers nothing, or the mark would be at the mercy of each of them.
 */
import type { Context, Inflow, Remote } from '../context.ts'
import { matches, type Pattern } from '../../topic/pattern.ts'

interface Waiting {
  readonly id: number
  readonly pattern: Pattern
  readonly since: number
  /** The peers that were there, and how many streams each of them had; undefined: not settled. */
  remotes: { readonly remote: Remote; readonly streams: number }[] | undefined
  /** Streams of the last one looked at that have not come so far. */
  pending: Inflow[]
  /** Who has not answered by then is not waited for. */
  until: number
  early: boolean
}

export class Live {
  readonly #context: Context
  readonly #startedAt: number
  readonly #waiting = new Map<number, Waiting>()

  constructor(now: number, context: Context) {
    this.#context = context
    this.#startedAt = now
  }

  /** A new subscription wants to be told. */
  add(now: number, id: number, pattern: Pattern): void {
    const begin = { remotes: undefined, pending: [], until: Infinity, early: false }
    this.#waiting.set(id, { id, pattern, since: now, ...begin })
  }

  forget(id: number): void {
    this.#waiting.delete(id)
  }

  /** Looks after each input whether somebody is to be told. `joinedAt`: the newest peer's arrival. */
  step(now: number, joinedAt: number): void {
    if (this.#waiting.size === 0) return
    const { roster, timers } = this.#context
    const quietAt = Math.max(this.#startedAt + DISCOVERY_MS, joinedAt + NEWCOMER_MS)
    const settledAt = Math.min(this.#startedAt + DISCOVERY_MAX_MS, quietAt)
    if (now < settledAt) return timers.setBefore('live', settledAt)
    for (const waiting of this.#waiting.values()) {
      if (!waiting.remotes) {
        waiting.remotes = [...roster].map((remote) => ({ remote, streams: remote.streamCount }))
        waiting.until = now + SILENT_MS
      }
      if (!this.#isGiven(now, waiting, waiting.remotes)) {
        if (now < waiting.until) timers.setBefore('live', waiting.until)
        continue
      }
      if (waiting.early) this.#context.metrics.count('liveEarly')
      this.#waiting.delete(waiting.id)
      this.#context.emit({ type: 'live', subscription: waiting.id })
    }
  }

  /** What has come is never looked at again. */
  #isGiven(now: number, waiting: Waiting, remotes: NonNullable<Waiting['remotes']>): boolean {
    for (;;) {
      while (this.#hasCome(now, waiting)) waiting.pending.pop()
      if (waiting.pending.length > 0) return false
      const next = remotes.at(-1)
      if (!next) return true
      const { remote, streams } = next
      const here = this.#context.roster.get(remote.instance) === remote
      if (here && remote.bound < streams && this.#mayAnswer(now, waiting)) return false
      remotes.pop()
      waiting.pending = here ? pendingOf(waiting, remote) : []
    }
  }

  /** Whether the last pending stream has come so far, or has ended. */
  #hasCome(now: number, waiting: Waiting): boolean {
    const inflow = waiting.pending.at(-1)
    if (!inflow) return false
    const { remote, binding, replays } = inflow
    const here = this.#context.roster.get(remote.instance) === remote
    if (!here || remote.inflows.get(binding.stream) !== inflow) return true
    const lane = replays.find(({ subscription }) => subscription === waiting.id) ?? inflow
    if (lane.goal !== undefined) return lane.receiver.next > lane.goal
    return lane.attachAt === Infinity || !this.#mayAnswer(now, waiting)
  }

  #mayAnswer(now: number, waiting: Waiting): boolean {
    if (now < waiting.until) return true
    waiting.early = true
    return false
  }
}

/** The streams of a peer that were there before the subscription, and that keep what they had. */
function pendingOf({ pattern, since }: Waiting, remote: Remote): Inflow[] {
  return [...remote.inflows.values()].filter(({ binding }) => {
    const { delivery, openedAt, segments } = binding
    return openedAt < since && delivery === 'reliable' && matches(pattern, segments)
  })
}

/** How long a new process takes to meet the peers that are there. */
const DISCOVERY_MS = 500
/** While they keep coming it waits a little longer, up to this. */
const NEWCOMER_MS = 200
const DISCOVERY_MAX_MS = 3000
/** How long a peer that is there may take to say anything of its streams. */
const SILENT_MS = 30_000
