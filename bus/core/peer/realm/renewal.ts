/**
 * Seals anew what is still kept some time after an epoch has ended, so that no key of it is needed.
 *
 * Until then packets are sealed anew as they are sent again: most are forgotten before that.
 */
import type { Context } from '../context.ts'
import type { StreamKeys } from '../publishing/stream-keys.ts'
import { renewed } from '../../stream/history.ts'
import type { SenderStream } from '../../stream/sender.ts'

export class Renewal {
  readonly #context: Context
  readonly #keysByStream = new Map<SenderStream, StreamKeys>()
  #epoch: number
  /** When this was first seen to be another epoch, and packets are sealed anew. */
  #dueAt = Infinity

  constructor(context: Context) {
    this.#context = context
    this.#epoch = context.keys.epoch
  }

  add(stream: SenderStream, keys: StreamKeys): void {
    this.#keysByStream.set(stream, keys)
  }

  housekeep(now: number): void {
    const { keys, limits } = this.#context
    if (keys.epoch !== this.#epoch) {
      this.#epoch = keys.epoch
      this.#dueAt = now + limits.historyAge
    }
    if (now < this.#dueAt) return
    this.#dueAt = Infinity
    for (const [{ history, options }, sealing] of this.#keysByStream) {
      for (let number = history.first; number < history.next; number++) {
        renewed(options, history.get(number)!)
      }
      sealing.forget()
    }
  }
}
