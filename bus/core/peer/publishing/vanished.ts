/**
 * Receivers that fell silent before they had confirmed everything: one may be back in a moment.
 *
 * As long as the publisher has what they lack, its close waits for them, and then names them.
 */
import type { Remote } from '../context.ts'

export class Vanished {
  readonly #sizeMax: number
  readonly #ageMs: number
  /** In the order in which they were given up. */
  readonly #remotes = new Map<bigint, Remote>()

  /** `ageMs`: how long a message can be had again, and who lacks it is kept; `sizeMax` at most. */
  constructor(sizeMax: number, ageMs: number) {
    this.#sizeMax = sizeMax
    this.#ageMs = ageMs
  }

  add(remote: Remote): void {
    this.#remotes.delete(remote.instance)
    this.#remotes.set(remote.instance, remote)
    for (const [instance, oldest] of this.#remotes) {
      const isLate = this.until(oldest) <= remote.heardAt
      if (!isLate && this.#remotes.size <= this.#sizeMax) return
      this.#remotes.delete(instance)
    }
  }

  /** It is back, and asks for what it lacks. */
  delete(instance: bigint): void {
    this.#remotes.delete(instance)
  }

  /** Those who might still have got at `now` what they lack. */
  at(now: number): readonly Remote[] {
    return [...this.#remotes.values()].filter((remote) => this.until(remote) > now)
  }

  /** How long it makes sense to wait for it. */
  until({ heardAt }: Remote): number {
    return heardAt + this.#ageMs
  }
}
