/** Gives every event to each of many async iterators, with a bounded buffer for each. */
import type { Cancel } from './options.ts'
import { Pull } from './pull.ts'
import { Ring } from '../core/ring.ts'

/**
 * Events are news, not data: an iterator that falls behind loses the oldest ones, which are
 * counted, and nobody waits for it. Nothing is kept for those who come later.
 */
export class Broadcast<E extends object> {
  readonly #limit: number
  readonly #listeners = new Set<Listener<E>>()
  #closed = false
  #dropped = 0

  /** `limit` is how many events wait for one iterator at most. */
  constructor(limit: number = EVENTS_MAX) {
    this.#limit = limit
  }

  /** Events dropped so far because an iterator was behind, summed over the iterators. */
  get dropped(): number {
    return this.#dropped
  }

  /** Iterators that have not ended. */
  get listeners(): number {
    return this.#listeners.size
  }

  emit(event: E): void {
    for (const listener of this.#listeners) {
      if (listener.pull.offer(event)) continue
      if (listener.waiting.size === this.#limit) {
        listener.waiting.shift()
        this.#dropped++
      }
      listener.waiting.push(event)
    }
  }

  /**
   * The events from this call on. Ends by `break` or `close`; when the signal aborts, it forgets
   * what waits and rejects with the signal's reason.
   */
  iterate(options: Cancel = {}): AsyncIterableIterator<E, undefined> {
    const { signal } = options
    const waiting = new Ring<E>()
    const forget = (): void => {
      waiting.clear()
      signal?.removeEventListener('abort', abort)
      this.#listeners.delete(listener)
    }
    const listener: Listener<E> = {
      waiting,
      pull: new Pull({ take: () => waiting.shift(), drop: forget }),
      // A signal often outlives the bus: it must not keep what it could abort.
      release: () => signal?.removeEventListener('abort', abort),
    }
    const abort = (): void => {
      forget()
      listener.pull.end(signal?.reason)
    }
    if (signal?.aborted) abort()
    else if (this.#closed) listener.pull.end()
    else {
      signal?.addEventListener('abort', abort)
      this.#listeners.add(listener)
    }
    return listener.pull
  }

  /** Every iterator ends after the events that wait for it; later ones end at once. */
  close(): void {
    this.#closed = true
    for (const listener of this.#listeners) {
      listener.release()
      listener.pull.end()
    }
    this.#listeners.clear()
  }
}

interface Listener<E extends object> {
  readonly waiting: Ring<E>
  readonly pull: Pull<E>
  readonly release: () => void
}

/** Enough for every counter and interface to report at once, many times over. */
const EVENTS_MAX = 1024
