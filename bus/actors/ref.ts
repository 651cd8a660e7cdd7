/** An actor as others speak to it, wherever it is. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { ActorRef, AskOptions, DeliverOptions } from '../api/actor-options.ts'
import { decodeValue, encodeValue, type Snapshot } from '../api/codec.ts'
import { BusError } from '../api/errors.ts'
import { checkOptions } from '../api/rules.ts'
import { validate } from '../api/schema.ts'
import type { PeerId } from '../api/terms.ts'
import type { LiveActor } from './actor.ts'
import type { Address } from './address.ts'
import { type Answer, confirming, crossing, replying } from './answer.ts'
import type { ActorMetrics } from './counters.ts'
import { TIMEOUT_MS } from './defaults.ts'
import type { ActorsHost } from './host.ts'
import type { Mail } from './mailbox.ts'
import type { Letter, Outbox, Waiting } from './outbox.ts'
import { ASK, DELIVER } from './rules.ts'

/** How refs reach actors. */
export interface Post {
  readonly id: PeerId
  readonly host: ActorsHost
  readonly metrics: ActorMetrics
  readonly outbox: Outbox
  /** An actor of this bus. */
  find(name: string): LiveActor | undefined
}

export class LiveRef implements ActorRef {
  readonly address: string
  readonly #to: Address
  readonly #sender: string
  readonly #post: Post

  constructor(post: Post, to: Address & { readonly text: string }, sender: string) {
    this.address = to.text
    this.#to = to
    this.#sender = sender
    this.#post = post
  }

  tell(message: unknown): void {
    const letter = this.#letter(message)
    const here = this.#here()
    if (here === false) return this.#post.outbox.tell(this.#to, letter)
    if (!here) return this.#post.metrics.count('mailLost')
    const refused = here.accept(this.#mailOf(letter, undefined))
    if (refused) throw refused
  }

  async deliver(message: unknown, options: DeliverOptions = {}): Promise<void> {
    checkOptions('deliver', options, DELIVER)
    const { timeout: timeoutMs = TIMEOUT_MS, signal } = options
    await this.#send('deliver', message, { timeoutMs, signal })
  }

  async ask(message: unknown, options: AskOptions<unknown> = {}): Promise<unknown> {
    checkOptions('ask', options, ASK)
    const { timeout: timeoutMs = TIMEOUT_MS, schema, signal } = options
    return this.#send('ask', message, { timeoutMs, schema, signal })
  }

  /** Sent within the call: the order of a sender's calls is kept. */
  async #send(how: 'ask' | 'deliver', message: unknown, waiting: Waiting): Promise<unknown> {
    waiting.signal?.throwIfAborted()
    const letter = this.#letter(message)
    const here = this.#here()
    const { outbox } = this.#post
    if (here === false) return outbox[how](this.#to, letter, waiting)
    if (!here) throw this.#noActorError()
    if (how === 'deliver') {
      const answer = confirming()
      here.accept(this.#mailOf(letter, answer))
      return void (await this.#inTime(answer, waiting))
    }
    const answer = replying(this.#post.host)
    here.accept(this.#mailOf(letter, answer))
    return this.#reply(await this.#inTime(answer, waiting), waiting.schema)
  }

  /** The actor, where it is one of this bus; nothing, where it would be; false, where it is not. */
  #here(): LiveActor | undefined | false {
    const { name, peer } = this.#to
    const { id } = this.#post
    const here = peer === undefined || peer === id ? this.#post.find(name) : undefined
    return here ?? (peer === id ? undefined : false)
  }

  #letter(message: unknown): Letter {
    const { host } = this.#post
    host.assertOpen()
    const { codec, payload } = encodeValue(message, host.codec)
    const { messageSize } = host.limits
    if (payload.length > messageSize) {
      const mend = `the limit is ${messageSize} (option limits.messageSize)`
      const what = `a message of ${payload.length} bytes to actor "${this.address}"`
      throw new BusError('TOO_LARGE', `${what}: ${mend}`)
    }
    return { sender: this.#sender, codec, payload }
  }

  #mailOf({ sender, codec, payload }: Letter, answer: Answer | undefined): Mail {
    return { from: this.#post.id, sender, codec, payload: payload.slice(), answer }
  }

  #inTime<R>(answer: Answer<R>, { timeoutMs, signal }: Waiting): Promise<R> {
    return new Promise((resolve, reject) => {
      const giveUp = (reason: unknown): void => {
        answer.abandon()
        reject(reason as Error)
      }
      const fault = `actor "${this.address}" has not answered within ${timeoutMs} ms`
      const mend = 'give it a longer "timeout", or look what keeps it'
      const late = (): void => giveUp(new BusError('TIMEOUT', `${fault}: ${mend}`))
      const abort = (): void => giveUp(signal?.reason)
      const cancel = this.#post.host.after(timeoutMs, late)
      signal?.addEventListener('abort', abort, { once: true })
      const end = (): void => {
        cancel()
        signal?.removeEventListener('abort', abort)
      }
      answer.promise.finally(end).then(resolve, (error: unknown) => {
        reject(crossing(error, this.#post.id))
      })
    })
  }

  /** A reply of this bus is what it would be from any other. */
  async #reply(reply: Snapshot, schema: StandardSchemaV1 | undefined): Promise<unknown> {
    const { codec, payload } = reply
    const decoded = decodeValue(codec, payload, this.#post.host.codec)
    const checked = schema && 'value' in decoded ? await validate(schema, decoded.value) : decoded
    if ('value' in checked) return checked.value
    const fault = `the reply of actor "${this.address}" is not what the schema says`
    throw new BusError('INVALID_VALUE', `${fault}: ${checked.issues.join('; ')}`)
  }

  #noActorError(): BusError {
    const fault = `there is no actor "${this.#to.name}" at this bus`
    return new BusError('NO_ACTOR', `${fault}: it has stopped, or was never spawned`)
  }
}
