/**
 * Tells a subscription that it has been given everything that was there when it came.
 *
 * Who was there is settled when it subscribes or, for a process that has only just started, as
 * soon as it has had the time to meet the others. From each of those peers it has everything when
 * the topics are known that the peer had by then, and each stream of them that is older than the
 * subscription has come as far as its publisher was when it answered. Whoever leaves is waited for
 * no longer: what was missing of its streams has been reported as lost.
 */
import type { Context, Inflow, Remote } from './peer-context.ts'
import { matches, type Pattern } from './topic/pattern.ts'

interface Waiting {
  readonly id: number
  readonly pattern: Pattern
  readonly since: number
  /** The peers that were there, and how many streams each of them had; undefined: not settled. */
  remotes: { readonly remote: Remote; readonly streams: number }[] | undefined
  /** Streams of the last one looked at that have not come so far. */
  pending: Inflow[]
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
    this.#waiting.set(id, { id, pattern, since: now, remotes: undefined, pending: [] })
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
      waiting.remotes ??= [...roster].map((remote) => ({ remote, streams: remote.streamCount }))
      if (!this.#isGiven(waiting, waiting.remotes)) continue
      this.#waiting.delete(waiting.id)
      this.#context.emit({ type: 'live', subscription: waiting.id })
    }
  }

  /** What has come is never looked at again. */
  #isGiven(waiting: Waiting, remotes: NonNullable<Waiting['remotes']>): boolean {
    for (;;) {
      while (this.#hasCome(waiting)) waiting.pending.pop()
      if (waiting.pending.length > 0) return false
      const next = remotes.at(-1)
      if (!next) return true
      const { remote, streams } = next
      const here = this.#context.roster.get(remote.instance) === remote
      if (here && remote.bound < streams) return false
      remotes.pop()
      waiting.pending = here ? pendingOf(waiting, remote, streams) : []
    }
  }

  /** Whether the last pending stream has come so far, or has ended. */
  #hasCome({ id, pending }: Waiting): boolean {
    const inflow = pending.at(-1)
    if (!inflow) return false
    const { remote, binding, replays } = inflow
    const here = this.#context.roster.get(remote.instance) === remote
    if (!here || remote.inflows.get(binding.stream) !== inflow) return true
    const lane = replays.find(({ subscription }) => subscription === id) ?? inflow
    if (lane.goal !== undefined) return lane.receiver.next > lane.goal
    return lane.attachAt === Infinity
  }
}

/** The streams of a peer that were there before the subscription, and that keep what they had. */
function pendingOf({ pattern, since }: Waiting, remote: Remote, streams: number): Inflow[] {
  return [...remote.inflows.values()].filter(({ binding }) => {
    const { stream, delivery, openedAt, segments } = binding
    const older = stream <= streams && openedAt < since
    return older && delivery === 'reliable' && matches(pattern, segments)
  })
}

/** How long a new process takes to meet the peers that are there. */
const DISCOVERY_MS = 500
/** While they keep coming it waits a little longer, up to this. */
const NEWCOMER_MS = 200
const DISCOVERY_MAX_MS = 3000
