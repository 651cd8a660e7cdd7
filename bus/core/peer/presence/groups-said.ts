/**
 * What a peer that gets copies by unicast has said of the groups that it wants.
 *
 * It says them one by one, and each may be lost: so as long as it has said nothing, for a while
 * after its first word, and again when it has fallen silent, it counts as wanting everything.
 */
import type { Context } from '../context.ts'
import type { Interest } from '../../wire/interest.ts'

export class GroupsSaid {
  readonly #context: Context
  readonly #instance: bigint
  /** Whether each is wanted: no is kept of those groups that it was attached in. */
  readonly #wanted = new Map<string, boolean>()
  /** When all that it wants has been said, and until when that counts. */
  #knownAt = Infinity
  #until = -Infinity
  #isKnown = false
  /** It has said more than is remembered. */
  #isOver = false

  constructor(context: Context, instance: bigint) {
    this.#context = context
    this.#instance = instance
  }

  /** Nothing that it has said counts any more. */
  clear(): void {
    this.#wanted.clear()
    this.#knownAt = Infinity
    this.#until = -Infinity
    this.#isKnown = false
    this.#isOver = false
  }

  hear(now: number, { validMs, groups }: Interest): void {
    if (validMs > 0) {
      this.#knownAt = Math.min(this.#knownAt, now + SAYING_MS)
      this.#until = Math.max(this.#until, now + Math.min(validMs, VALID_MAX_MS))
      for (const group of groups) this.#want(group)
    } else {
      for (const group of groups) this.#leave(group)
    }
  }

  /** It has attached, or asks for a packet. */
  shown(group: string): void {
    if (this.#knownAt < Infinity) this.#want(group)
    else this.#wanted.delete(group)
  }

  /** Looks at the time. */
  judge(now: number): void {
    if (this.#knownAt < Infinity && now >= this.#until) this.clear()
    this.#isKnown = now >= this.#knownAt && !this.#isOver
  }

  /** Whether what goes to the group is to be sent to it. */
  wants(group: string): boolean {
    if (!this.#isKnown) return true
    return this.#wanted.get(group) ?? this.#context.attached(this.#instance, group)
  }

  #want(group: string): void {
    const { limits, metrics } = this.#context
    if (this.#wanted.size < limits.unicastGroups || this.#wanted.has(group)) {
      this.#wanted.set(group, true)
    } else if (!this.#isOver) {
      metrics.count('unicastGroupsFull')
      this.#isOver = true
    }
  }

  /** What it has attached to it would be sent, unless this is remembered. */
  #leave(group: string): void {
    if (!this.#context.attached(this.#instance, group)) this.#wanted.delete(group)
    else if (this.#wanted.size < this.#context.limits.unicastGroups || this.#wanted.has(group))
      this.#wanted.set(group, false)
  }
}

/** As long as saying everything three times takes, and a little more. */
const SAYING_MS = 1500
const VALID_MAX_MS = 20 * 60_000
