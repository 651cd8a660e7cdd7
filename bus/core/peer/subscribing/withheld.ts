/**
 * Topics that a subscription matches and this peer is not given: it has no key of theirs, may not
 * read them, or demands more proof than their publishers give. Else it would only be silent.
 */
import type { CounterName } from '../../metrics.ts'
import type { Notice } from '../../output.ts'

type Reason = Extract<Notice, { type: 'withheld' }>['reason']

/** What it counts by, and tells. */
interface Teller {
  emit(notice: Notice): void
  reject(reason: CounterName): void
  readonly metrics: { count(name: CounterName): void }
}

interface Instance {
  readonly instance: bigint
}

export class Withheld {
  readonly #context: Teller
  readonly #told = new Set<string>()

  constructor(context: Teller) {
    this.#context = context
  }

  /** A stream does not fit a subscription: it proves less than is demanded, or has no groups. */
  refuse(remote: Instance, topic: string, fits: 'taken' | 'weak' | 'unshared' | 'other'): void {
    if (fits === 'unshared') return this.unshared(remote, topic, 'share')
    if (fits !== 'weak') return
    this.#context.reject('weakProof')
    this.tell(remote, topic, 'proof')
  }

  /** The stream has no groups, or no seat to give. */
  unshared(from: Instance, topic: string, reason: 'share' | 'seats'): void {
    this.#context.reject(reason === 'share' ? 'notShared' : 'seatsFull')
    this.tell(from, topic, reason)
  }

  /** Each topic once for each reason, and so many in all: who announces thousands tells no news. */
  tell({ instance }: Instance, topic: string, reason: Reason): void {
    const about = `${reason} ${topic}`
    if (this.#told.has(about)) return
    if (this.#told.size >= TOLD_MAX) return this.#context.metrics.count('withheldFull')
    this.#told.add(about)
    this.#context.emit({ type: 'withheld', topic, from: instance, reason })
  }
}

export const TOLD_MAX = 64
