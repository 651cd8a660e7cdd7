/** A group of actors as others speak to it: all of them by one packet, or one of them. */
import { pause } from '../api/matching.ts'
import type { AskingAll, AskOptions, Group } from '../api/actor-options.ts'
import { encodeValue } from '../api/codec.ts'
import { BusError } from '../api/errors.ts'
import type { GatherOptions } from '../api/request-options.ts'
import { checkOptions } from '../api/rules.ts'
import type { Budget } from '../core/stream/reorder.ts'
import { addressOf, addressText, isName } from './address.ts'
import { LiveAskingAll } from './asking-all.ts'
import { TIMEOUT_MS } from './defaults.ts'
import { groupTopic } from './host.ts'
import { LiveRef, type Post } from './ref.ts'
import { ASK, ASK_ALL } from './rules.ts'
import { type SaidKind, writeSaid } from './wire.ts'

export interface GroupPost extends Post {
  /** Bytes of replies that wait for their programs. */
  readonly replies: Budget
}

export class LiveGroup implements Group {
  readonly name: string
  readonly #topic: string
  readonly #sender: string
  readonly #post: GroupPost

  constructor(post: GroupPost, name: string, sender: string) {
    this.name = name
    this.#topic = groupTopic(name)
    this.#sender = sender
    this.#post = post
  }

  tell(message: unknown): void {
    this.#post.host.bus.publish(this.#topic, this.#said('tell', message))
  }

  async ask(message: unknown, options: AskOptions<unknown> = {}): Promise<unknown> {
    checkOptions('ask', options, ASK)
    const { timeout = TIMEOUT_MS, signal } = options
    const { host } = this.#post
    const endsAt = host.now() + timeout
    // What is no message is refused before anybody is asked.
    encodeValue(message, host.codec)
    const left = (): number => Math.max(1, Math.ceil(endsAt - host.now()))
    for (let tries = 1; ; tries++) {
      const member = await this.#member(left, signal)
      try {
        return await member.ask(message, { ...options, timeout: left() })
      } catch (error) {
        // It has stopped meanwhile, and done nothing.
        const isOver = !(error instanceof BusError) || error.code !== 'NO_ACTOR'
        if (isOver || tries === TRIES || endsAt <= host.now()) throw error
      }
    }
  }

  askAll(
    message: unknown,
    options: Omit<GatherOptions<unknown>, 'to' | 'max'> = {},
  ): AskingAll<unknown> {
    checkOptions('askAll', options, ASK_ALL)
    const { schema, ...how } = options
    const { host, replies: budget } = this.#post
    const gathering = host.bus.gather<unknown>(this.#topic, this.#said('ask', message), how)
    return new LiveAskingAll({ host, budget, schema, gathering })
  }

  /** The member that is to be asked. */
  async #member(left: () => number, signal: AbortSignal | undefined): Promise<LiveRef> {
    const { request, after, isYoung } = this.#post.host
    const question = this.#said('pick', null)
    for (;;) {
      try {
        const options = { timeout: left(), ...(signal && { signal }) }
        const about = `for group "${this.name}"`
        const { value, from } = await request(about, this.#topic, question, options)
        const name = String(value)
        if (!isName(name)) {
          this.#post.host.count('malformed')
          throw new BusError('INVALID_VALUE', `peer ${from} answers what no bus answers`)
        }
        const text = addressText(name, from)
        return new LiveRef(this.#post, { ...addressOf(text), text }, this.#sender)
      } catch (error) {
        if (!(error instanceof BusError) || error.code !== 'NO_RESPONDER') throw error
        if (!isYoung() || left() <= AGAIN_MS) throw this.#nobodyError()
      }
      await pause(after, AGAIN_MS)
    }
  }

  #nobodyError(): BusError {
    const fault = `nobody who is here has an actor of group "${this.name}"`
    const mend = 'is one running, in this realm and scope, with the same key?'
    return new BusError('NO_ACTOR', `${fault}: ${mend}`)
  }

  #said(kind: SaidKind, message: unknown): Uint8Array {
    const { codec, payload } = encodeValue(message, this.#post.host.codec)
    const about = { to: 0n, id: 0, name: '', sender: this.#sender }
    return writeSaid({ kind, ...about, codec, payload })
  }
}

const TRIES = 3
const AGAIN_MS = 100
