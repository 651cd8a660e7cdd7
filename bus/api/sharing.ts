/**
 * What a subscription that shares has been given, and says when it is done.
 *
 * A message is done when its handler's promise has settled, or the iterator has been asked for the
 * next one. What is dropped by the queue, or is not what the schema says, is done as well: another
 * member would do no better, and it has been told.
 */
import type { Given } from '../core/peer/subscribing/held-seat.ts'
import type { Output } from '../core/output.ts'
import type { Handler, Message } from './options.ts'

type Delivered = Extract<Output, { readonly type: 'deliver' }>
type Place = Omit<Given, 'id'>

export interface SharingHost {
  /** It is done. */
  finish(place: Place): void
  /** Whether it is still this subscription that is to do it. */
  holds(place: Place): boolean
}

export class Sharing {
  readonly #host: SharingHost
  readonly #places = new WeakMap<object, Place>()

  constructor(host: SharingHost) {
    this.#host = host
  }

  /** The message is that which was delivered. */
  note(message: Message, delivered: Delivered): void {
    this.#places.set(message, placeOf(delivered))
  }

  /** It will not be handled: it was refused, or dropped. */
  refuse(delivered: Delivered): void {
    this.#host.finish(placeOf(delivered))
  }

  finish(message: object): void {
    const place = this.#places.get(message)
    if (place) this.#host.finish(place)
  }

  /** Lets the handler do it, unless another one has it meanwhile. */
  async work(message: Message, handler: Handler<Message>): Promise<void> {
    if (!this.#holds(message)) return
    try {
      await handler(message)
    } finally {
      this.finish(message)
    }
  }

  /** Gives items on; what was given before is done when the next one is asked for. */
  iterate<T extends object>(inner: AsyncIterator<T, undefined>): AsyncIterator<T, undefined> {
    let given: T[] = []
    const next = async (): Promise<IteratorResult<T, undefined>> => {
      for (const one of given) this.finish(one)
      given = []
      for (;;) {
        const result = await inner.next()
        if (result.done) return result
        if (!this.#holds(result.value)) continue
        given.push(result.value)
        return result
      }
    }
    return {
      next,
      return: async () => (await inner.return?.()) ?? { done: true, value: undefined },
    }
  }

  /** What is no message is nobody's. */
  #holds(item: object): boolean {
    const place = this.#places.get(item)
    return !place || this.#host.holds(place)
  }
}

/** What is confirmed of a message that was delivered to a subscription which shares. */
export function placeOf({ stream, index, place = index }: Delivered): Place {
  return { from: stream.from, stream: stream.stream, topic: stream.topic, index: place }
}
