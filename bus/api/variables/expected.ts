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
      here: () => (this.#call.from ? [] : this.#here().map(instanceOf)),
    }
  }

  has(id: PeerId): boolean {
    const { from, where } = this.#call
    if (from) return from.has(id)
    return where === undefined || this.#were.has(id) || this.#hasTags(id)
  }

  /** Whether a value of a peer with these tags is asked for, which may have gone since. */
  hasWith(id: PeerId, tags: Tags): boolean {
    const { from, where } = this.#call
    return from ? from.has(id) : hasTags(tags, where)
  }

  #here(): PeerId[] {
    if (!this.#call.everyone) return []
    return [...this.#host.presence].map(({ id }) => id).filter((id) => this.#hasTags(id))
  }

  #hasTags(id: PeerId): boolean {
    const tags = tagsOf(this.#host, id)
    return tags !== undefined && hasTags(tags, this.#call.where)
  }
}

/** Those of a peer that is here. */
export function tagsOf({ presence, tags, id: self }: VariablesHost, id: PeerId): Tags | undefined {
  return id === self ? tags : presence.get(id)?.tags
}

/** Who is here and has all these tags, this bus as well. */
export function tagged(host: VariablesHost, where: Tags): PeerId[] {
  const ids = [host.id, ...[...host.presence].map(({ id }) => id)]
  return ids.filter((id) => hasTags(tagsOf(host, id) ?? {}, where))
}

function hasTags(tags: Tags, where: Tags = {}): boolean {
  return Object.entries(where).every(([key, value]) => {
    return Object.hasOwn(tags, key) && tags[key] === value
  })
}

type Tags = Readonly<Record<string, string>>
