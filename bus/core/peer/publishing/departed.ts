/** Receivers that have gone, and what they had lost: a close names them as it does those who are there. */
import type { Remote } from '../context.ts'

export class Departed {
  readonly #sizeMax: number
  readonly #lostByInstance = new Map<bigint, { readonly remote: Remote; readonly lost: number }>()

  /** `sizeMax`: those that went first make room. */
  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax
  }

  add(remote: Remote, lost: number): void {
    if (lost === 0) return
    this.#lostByInstance.delete(remote.instance)
    this.#lostByInstance.set(remote.instance, { remote, lost })
    for (const oldest of this.#lostByInstance.keys()) {
      if (this.#lostByInstance.size <= this.#sizeMax) return
      this.#lostByInstance.delete(oldest)
    }
  }

  /** Who is back counts on from what it had lost, and may be here under another address. */
  [Symbol.iterator](): Iterator<{ readonly remote: Remote; readonly lost: number }> {
    return this.#lostByInstance.values()
  }
}
