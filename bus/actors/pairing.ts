/**
 * Brings the questions of a topic to actors in the order in which they stand among its messages.
 *
 * A question comes twice: as a message among the others, whose order counts, and to the responder,
 * whose answer it gets. Both come in the same turn, in either order; who comes first waits for the
 * other. A question that the responder turns away (BUSY) has a message, and nothing that waits;
 * nor has a message that only looks like one. So once a wait is over, whatever had come by then is
 * not waited for again: else a burst of such messages would hold up all that is behind it.
 */
import { orAborted } from '../api/abort.ts'
import type { After } from '../api/matching.ts'
import type { Message } from '../api/message.ts'

type Key = Pick<Message, 'from' | 'sequence'>

export class Pairing {
  readonly #after: After
  /** How many messages have come and not had their turn. */
  readonly #queued: () => number
  /** What questions do whose message has not had its turn. */
  readonly #tasks = new Map<string, () => void>()
  /** The message that waits for its question; others wait behind it. */
  #waiting: { readonly key: string; readonly go: () => void } | undefined
  /** So many messages from now on are questions that have come, or none. */
  #settled = 0

  constructor(after: After, queued: () => number) {
    this.#after = after
    this.#queued = queued
  }

  /** Does the task in the turn of the question's message; rejects when nobody waits any more. */
  question<T>(key: Key & { readonly signal: AbortSignal }, task: () => Promise<T>): Promise<T> {
    const text = textOf(key)
    const { signal } = key
    const done = new Promise<T>((resolve, reject) => {
      this.#tasks.set(text, () => {
        task().then(resolve, reject)
      })
    })
    signal.addEventListener('abort', () => this.#tasks.delete(text), { once: true })
    if (this.#waiting?.key === text) this.#waiting.go()
    return orAborted(done, signal)
  }

  /** The turn of a message, of whatever kind: all of them pass here. True: its turn is settled. */
  passed(): boolean {
    if (this.#settled === 0) return false
    this.#settled -= 1
    return true
  }

  /** The turn of a message that says that it is a question. */
  message(key: Key, isSettled: boolean): void | Promise<void> {
    const text = textOf(key)
    if (this.#do(text) || isSettled) return undefined
    return new Promise((resolve) => {
      const go = (): void => {
        this.#waiting = undefined
        cancel()
        this.#do(text)
        resolve()
      }
      this.#waiting = { key: text, go }
      const cancel = this.#after(0, () => {
        this.#settled = this.#queued()
        go()
      })
    })
  }

  #do(key: string): boolean {
    const task = this.#tasks.get(key)
    this.#tasks.delete(key)
    task?.()
    return task !== undefined
  }
}

function textOf({ from, sequence }: Key): string {
  return `${from}/${sequence}`
}
