/** The subscriptions of a peer by pattern, and which of them take a stream. */
import type { Past } from './attacher.ts'
import type { Binding } from '../context.ts'
import type { Sharing } from '../publishing/seating-parts.ts'
import { type ProofRule, proves } from '../../publication.ts'
import { matches, type Pattern } from '../../topic/pattern.ts'
import { Trie } from '../../topic/trie.ts'

export interface Subscribed {
  readonly pattern: Pattern
  readonly since: number
  /** The group of an exact pattern, joined from the beginning. */
  readonly group: string | undefined
  readonly history: Past | undefined
  /** Streams that prove less are not taken. */
  readonly proof: ProofRule
  /** Streams without groups are not taken by those who share. */
  readonly sharing?: Sharing | undefined
}

export class Subscriptions {
  readonly #byId = new Map<number, Subscribed>()
  readonly #trie = new Trie<number>()

  get size(): number {
    return this.#byId.size
  }

  get(id: number): Subscribed | undefined {
    return this.#byId.get(id)
  }

  add(id: number, subscribed: Subscribed): Subscribed {
    this.#byId.set(id, subscribed)
    this.#trie.add(subscribed.pattern, id)
    return subscribed
  }

  delete(id: number): Subscribed | undefined {
    const subscribed = this.#byId.get(id)
    if (!subscribed) return undefined
    this.#byId.delete(id)
    this.#trie.remove(subscribed.pattern, id)
    return subscribed
  }

  /** Ids of those whose pattern matches a topic. */
  matching(segments: readonly string[]): readonly number[] {
    return this.#trie.match(segments)
  }

  /** Ids of those that take a stream: it proves as much as they demand, and has groups. */
  takersOf(binding: Binding): readonly number[] {
    return this.matching(binding.segments).filter((id) => this.#fitOf(id, binding) === 'taken')
  }

  /** Why some do not take a stream that they match. */
  refusals(binding: Binding): ReadonlySet<Fit> {
    const ids = this.matching(binding.segments)
    return new Set(ids.map((id) => this.#fitOf(id, binding)).filter((fits) => fits !== 'taken'))
  }

  #fitOf(id: number, binding: Binding): Fit {
    return qualify(this.#byId.get(id)!, binding)
  }
}

export type Fit = 'taken' | 'weak' | 'unshared' | 'other'

/** What a stream is to a subscription. */
export function fit(subscribed: Subscribed, binding: Binding): Fit {
  return matches(subscribed.pattern, binding.segments) ? qualify(subscribed, binding) : 'other'
}

function qualify({ proof, sharing }: Subscribed, binding: Binding): Fit {
  if (!proves(binding.proof, proof)) return 'weak'
  return sharing && !binding.shared ? 'unshared' : 'taken'
}
