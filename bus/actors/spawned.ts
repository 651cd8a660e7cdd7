/** An actor as whoever has spawned it holds it. */
import type { Actor, ActorEnd, AskOptions, DeliverOptions } from '../api/actor-options.ts'
import type { LiveActor } from './actor.ts'
import type { LiveRef } from './ref.ts'

export class Spawned implements Actor {
  readonly name: string
  readonly address: string
  readonly stopped: Promise<ActorEnd>
  readonly #actor: LiveActor
  readonly #ref: LiveRef

  constructor(actor: LiveActor, ref: LiveRef) {
    this.name = actor.name
    this.address = ref.address
    this.stopped = actor.stopped
    this.#actor = actor
    this.#ref = ref
  }

  get queued(): number {
    return this.#actor.queued
  }

  tell(message: unknown): void {
    this.#ref.tell(message)
  }

  deliver(message: unknown, options?: DeliverOptions): Promise<void> {
    return this.#ref.deliver(message, options)
  }

  ask(message: unknown, options?: AskOptions<unknown>): Promise<unknown> {
    return this.#ref.ask(message, options)
  }

  close(): Promise<void> {
    return this.#actor.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
