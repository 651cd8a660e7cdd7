/**
 * Before a publisher goes: whether everybody who is here knows its streams, and has what it wants.
 *
 * Who wants a stream attaches, and who does not says nothing: as long as a stream or a peer is
 * young, nobody can tell this silence from a lost packet. So a publisher that closes asks (`meet`),
 * and is answered (`met`). With each repetition it tells what else may have been lost: who it is,
 * to those that have not shown that they know it, and what its streams are.
 */
import type { Context, Remote } from '../context.ts'
import type { ControlOut } from '../control.ts'
import type { Greeter } from '../presence/hello.ts'
import type { Publisher } from './publisher.ts'
import { silenceMs } from '../../path/roster.ts'
import { crowdOf, toldSpread } from '../../service/presence.ts'
import { type Met, TARGETS_MAX } from '../../wire/meeting.ts'

export interface MeetingParts {
  readonly control: ControlOut
  readonly greeter: Greeter
  readonly publisher: Publisher
}

export interface Arrivals {
  /** When receivers have had the time to find this peer. */
  readonly settledAt: number
  /** When the newest peer came. */
  readonly joinedAt: number
  /** Since when strangers are waited for. */
  readonly from: number
}

export class Meeting {
  readonly #context: Context
  readonly #control: ControlOut
  readonly #greeter: Greeter
  readonly #publisher: Publisher
  readonly #asked = new WeakSet<Remote>()
  #askedAt = -Infinity
  #againAt = -Infinity
  #waitMs = AGAIN_MIN_MS
  #attempt = 0

  constructor(context: Context, parts: MeetingParts) {
    this.#context = context
    this.#control = parts.control
    this.#greeter = parts.greeter
    this.#publisher = parts.publisher
  }

  /**
   * Until when somebody may still be about to be met: who has just come, or a stranger that was
   * asked who it is. Whoever sends junk holds this up for a moment beyond `from` at most.
   */
  quietAt({ settledAt, joinedAt, from }: Arrivals): number {
    const strangerAt = Math.min(from + STRANGER_MAX_MS, this.#greeter.askedAt + NEWCOMER_MS)
    return Math.max(settledAt, joinedAt + NEWCOMER_MS, strangerAt, from + this.#crowdMs)
  }

  onMet(remote: Remote, { streams }: Met): void {
    remote.met = Math.max(remote.met, Math.min(streams, this.#publisher.streams.length))
  }

  /** Peers of whom nobody knows yet whether they want what is published here. */
  unmet(now: number): Remote[] {
    const { streams } = this.#publisher
    const newest = streams.at(-1)
    if (!newest) return []
    return [...this.#context.roster].filter((remote) => {
      const since = Math.max(newest.openedAt, remote.entry.since)
      // Older streams and peers have met: by beacons, which tell how many streams there are, by
      // data and by heartbeats. Of who has said nothing since then, nobody knows whether it is here.
      const isOpen = now - since < silenceMs(remote) || remote.heardAt <= since
      return isOpen && remote.met < streams.length
    })
  }

  /** How long others are waited for of whom those who are met tell by the interval that they state. */
  get #crowdMs(): number {
    const { roster } = this.#context
    let longestMs = 0
    for (const { intervalMs } of roster) longestMs = Math.max(longestMs, intervalMs)
    const crowd = crowdOf(longestMs)
    // This peer itself may be among them.
    return roster.size < crowd - 1 ? Math.min(CROWD_MAX_MS, crowd * CROWD_EACH_MS) : 0
  }

  /** Asks them: newcomers soon, the others after ever longer waits. Returns when to look again. */
  ask(now: number, unmet: readonly Remote[]): number {
    const fresh = unmet.filter((remote) => !this.#asked.has(remote))
    const again = now >= this.#againAt
    const due = fresh.length > 0 && now >= this.#askedAt + SPACING_MS
    if (again) this.#repeat(now, unmet)
    if (again || due) this.#send(now, again ? unmet : fresh)
    const soonAt = fresh.length > 0 && !again && !due ? this.#askedAt + SPACING_MS : Infinity
    return Math.min(soonAt, this.#againAt)
  }

  #repeat(now: number, unmet: readonly Remote[]): void {
    if (unmet.some((remote) => this.#asked.has(remote))) {
      this.#attempt += 1
      this.#publisher.announcer.repeat(now)
      this.#greeter.greet(
        now,
        unmet.filter((remote) => !remote.knows),
      )
    }
    this.#againAt = now + this.#waitMs + toldSpread(this.#context.roster.size)
    this.#waitMs = Math.min(AGAIN_MAX_MS, this.#waitMs * 2)
  }

  #send(now: number, remotes: readonly Remote[]): void {
    this.#askedAt = now
    for (const remote of remotes) this.#asked.add(remote)
    const all = remotes.length > TARGETS_MAX
    const targets = all ? [] : remotes.map(({ instance }) => instance)
    const { length: streams } = this.#publisher.streams
    const record = { type: 'meet', streams, attempt: this.#attempt, targets } as const
    this.#control.add(this.#context.controlGroup, record)
  }
}

/** A peer that has just come may still be about to attach. */
const NEWCOMER_MS = 100
/** So much later than it would, a process closes, or is sure, because strangers are heard. */
const STRANGER_MAX_MS = 300
/** So much longer for each of a crowd that is here and has not been met yet. */
const CROWD_EACH_MS = 20
const CROWD_MAX_MS = 3000
const SPACING_MS = 20
const AGAIN_MIN_MS = 30
const AGAIN_MAX_MS = 100
