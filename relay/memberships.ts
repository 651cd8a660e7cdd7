/** Which groups a relay joins on which of its segments, as far as its bound goes. */
import type { Counters } from './counters.ts'

export interface MembershipsOptions {
  /** Memberships in all: each of them is a socket. */
  readonly max: number
  readonly counters: Counters
  readonly isWanted: (face: string, group: string) => boolean
  readonly join: (face: string, group: string) => void
  readonly leave: (face: string, group: string) => void
}

export class Memberships {
  readonly #options: MembershipsOptions
  readonly #groupsByFace = new Map<string, Set<string>>()
  /** Groups that found no room on some segment. */
  readonly #waiting = new Set<string>()
  readonly #renewedAt = new Map<string, number>()
  #size = 0

  constructor(options: MembershipsOptions) {
    this.#options = options
  }

  opened(face: string, wanted: Iterable<string>): void {
    this.#groupsByFace.set(face, new Set())
    for (const group of wanted) this.settle(group)
  }

  /** Whatever was joined there has gone with it. */
  closed(face: string): void {
    this.#size -= this.#groupsByFace.get(face)?.size ?? 0
    this.#groupsByFace.delete(face)
    this.#retry()
  }

  /** Somebody may want the group who did not, or no more. */
  settle(group: string): void {
    let left = false
    let lacking = false
    for (const [face, groups] of this.#groupsByFace) {
      const wanted = this.#options.isWanted(face, group)
      if (wanted === groups.has(group)) continue
      if (!wanted) {
        groups.delete(group)
        this.#size -= 1
        left = true
        this.#options.leave(face, group)
      } else if (this.#size < this.#options.max) {
        groups.add(group)
        this.#size += 1
        this.#options.join(face, group)
      } else lacking = true
    }
    if (lacking && !this.#waiting.has(group)) {
      this.#waiting.add(group)
      this.#options.counters.count('groupsFull')
    } else if (!lacking) this.#waiting.delete(group)
    if (!this.#isJoined(group)) this.#renewedAt.delete(group)
    if (left) this.#retry()
  }

  /** A switch hears of it for all at once, so one renewal is enough for a while. */
  mayRenew(now: number, group: string): boolean {
    if (!this.#isJoined(group) || now - (this.#renewedAt.get(group) ?? -Infinity) < RENEWAL_MS) {
      return false
    }
    this.#renewedAt.set(group, now)
    return true
  }

  #isJoined(group: string): boolean {
    for (const groups of this.#groupsByFace.values()) if (groups.has(group)) return true
    return false
  }

  #retry(): void {
    // Those that still find no room come back at the end of the set.
    let left = this.#waiting.size
    for (const group of this.#waiting) {
      if (left === 0 || this.#size >= this.#options.max) return
      left -= 1
      this.#waiting.delete(group)
      this.settle(group)
    }
  }
}

/** A membership is renewed at most this often. */
const RENEWAL_MS = 2000
