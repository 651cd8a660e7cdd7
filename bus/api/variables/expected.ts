/**
 * Who has an outcome in the report of a fetch.
 *
 * With `from`: these. With `where`, or for everyone: who is here and has the tags, whether or not
 * it exposes anything. Else: who exposes anything, or has.
 */
import { WANTED_MAX } from '../../core/wire/question.ts'
import type { Crowd } from '../inquiry.ts'
import type { PeerId } from '../options.ts'
import { instanceOf } from '../request-call.ts'
import { peerId } from '../subscription.ts'
import type { FetchCall } from './fetch-call.ts'
import type { VariablesHost } from './host.ts'

export class Expected {
  readonly #host: VariablesHost
  readonly #call: FetchCall
  /** Who had the tags when it was asked: who has left is not known by its tags any more. */
  readonly #were: ReadonlySet<PeerId>

  constructor(host: VariablesHost, call: FetchCall) {
    this.#host = host
    this.#call = call
    this.#were = new Set(this.#here())
  }

  /** Whom the question names, where that are few. */
  get to(): readonly bigint[] | undefined {
    const { from } = this.#call
    return from && from.size <= WANTED_MAX ? [...from].map(instanceOf) : undefined
  }

  get crowd(): Crowd {
    const members = this.#call.from ?? this.#were
    return {
      members: [...members].map(instanceOf),
      has: (instance) => this.has(peerId(instance)),
    }
  }

  has(id: PeerId): boolean {
    const { from, where } = this.#call
    if (from) return from.has(id)
    return where === undefined || this.#were.has(id) || this.#hasTags(id)
  }

  /** Those who are here now, and have to have an outcome. */
  here(): readonly PeerId[] {
    return this.#call.from ? [] : this.#here()
  }

  #here(): PeerId[] {
    if (!this.#call.everyone) return []
    return [...this.#host.presence].map(({ id }) => id).filter((id) => this.#hasTags(id))
  }

  #hasTags(id: PeerId): boolean {
    const { presence, tags: own, id: self } = this.#host
    const tags = id === self ? own : presence.get(id)?.tags
    if (!tags) return false
    return Object.entries(this.#call.where ?? {}).every(([key, value]) => {
      return Object.hasOwn(tags, key) && tags[key] === value
    })
  }
}
