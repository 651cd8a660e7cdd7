/**
 * What this peer still has to say, to one that sends it copies, of the groups that it wants.
 *
 * All of them are said when that one may not know them, three times, since each may be lost, and
 * refreshed at a rate that all peers share. What is joined or left meanwhile is said at once and
 * twice more, and so is at each round what was left of that one's streams while nobody told it.
 */
import type { Endpoint } from '../../output.ts'
import type { Context, Remote } from '../context.ts'
import type { ControlOut } from '../control.ts'
import { interestInterval } from '../../service/presence.ts'

/** How often something is still to be said, and when next. */
interface Again {
  left: number
  at: number
}

export class GroupsToSay {
  readonly #context: Context
  readonly #control: ControlOut
  readonly #remote: Remote
  /** Of all groups; 0 left: the next one is a refresh. */
  #all: Again = { left: TIMES, at: -Infinity }
  /** Groups that have been joined, or left. */
  readonly #changed = new Map<string, Again>()
  /** What is left of this round, and when it goes on. */
  #round: string[] = []
  #turnAt = -Infinity
  #validMs = 0

  constructor(context: Context, control: ControlOut, remote: Remote) {
    this.#context = context
    this.#control = control
    this.#remote = remote
  }

  /** The other one knows nothing of it any more. */
  reset(): void {
    this.#all = { left: TIMES, at: -Infinity }
    this.#changed.clear()
    this.#round = []
  }

  /** The group has been joined or left. */
  changed(group: string): void {
    this.#changed.set(group, { left: TIMES, at: -Infinity })
  }

  /** Says what is due; returns when more is. */
  step(now: number, to: Endpoint): number {
    if (now >= this.#turnAt && (this.#round.length > 0 || this.#begin(now))) {
      this.#turnAt = now + TURN_MS
      this.#say(to, this.#round.splice(0, GROUPS_A_TURN))
    }
    if (this.#round.length > 0) return this.#turnAt
    let next = this.#all.at
    for (const { at } of this.#changed.values()) next = Math.min(next, at)
    return Math.max(next, this.#turnAt)
  }

  /** Gathers what is due now; false when nothing is. */
  #begin(now: number): boolean {
    const due = new Set<string>()
    for (const [group, again] of this.#changed) {
      if (again.at > now) continue
      due.add(group)
      again.left -= 1
      again.at = now + AGAIN_MS
      if (again.left === 0) this.#changed.delete(group)
    }
    const isFull = now >= this.#all.at
    if (isFull) for (const group of this.#everything(now)) due.add(group)
    this.#round = [...due]
    return isFull || due.size > 0
  }

  #everything(now: number): readonly string[] {
    const { members, roster, controlGroup } = this.#context
    const wanted = [...members].filter((group) => group !== controlGroup)
    const interval = interestInterval(roster.size + 1, wanted.length)
    const left = Math.max(0, this.#all.left - 1)
    const waitMs = left > 0 ? AGAIN_MS : interval * (0.5 + this.#context.unit())
    this.#all = { left, at: now + waitMs }
    // Three refreshes, each of them as late as it may be.
    this.#validMs = Math.ceil(interval * 1.5 * 3)
    return [...wanted, ...this.#left()]
  }

  /** The groups of streams of that one which this peer was attached to: it may not know better. */
  #left(): readonly string[] {
    const { bindings, detached } = this.#remote
    const groups = [...detached.keys()].map((stream) => bindings.get(stream)?.group)
    return groups.filter((group) => group !== undefined)
  }

  /** What is wanted, were it nothing: whoever hears that knows that it has been told. */
  #say(to: Endpoint, page: readonly string[]): void {
    const groups = page.filter((group) => this.#context.isMember(group))
    const left = page.filter((group) => !this.#context.isMember(group))
    this.#control.add(to, { type: 'interest', validMs: this.#validMs, groups })
    if (left.length > 0) this.#control.add(to, { type: 'interest', validMs: 0, groups: left })
  }
}

/** How often something is said before it is left to refreshes. */
const TIMES = 3
const AGAIN_MS = 400
/** One packet; thousands of groups do not leave at once. */
const GROUPS_A_TURN = 64
const TURN_MS = 20
