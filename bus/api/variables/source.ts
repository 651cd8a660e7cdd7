/** One peer that is asked for its variables: what has come of it, and what that makes in all. */
import type { BusError } from '../errors.ts'
import type { PeerId } from '../options.ts'
import type { Outcome } from '../request-options.ts'
import type { FetchOutcome, VariableFailure } from '../variable-options.ts'

export class Source {
  readonly from: PeerId
  readonly #names = new Set<string>()
  readonly #failures: VariableFailure[] = []
  #values = 0
  /** Why its answer as a whole is none. */
  #fault: BusError | undefined
  #isWhole = false

  constructor(from: PeerId) {
    this.from = from
  }

  get hasValues(): boolean {
    return this.#values > 0
  }

  /** Variables that it has answered with. */
  get size(): number {
    return this.#names.size
  }

  get failed(): boolean {
    return this.#fault !== undefined
  }

  /** The last part of its answer has been taken. */
  get isWhole(): boolean {
    return this.#isWhole
  }

  whole(): void {
    this.#isWhole = true
  }

  has(name: string): boolean {
    return this.#names.has(name)
  }

  /** False when it has answered with that one already. */
  isNew(name: string): boolean {
    const { size } = this.#names
    return this.#names.add(name).size > size
  }

  value(): void {
    this.#values += 1
  }

  failure(name: string, error: BusError): void {
    this.#failures.push({ name, error })
  }

  fail(error: BusError): void {
    this.#fault ??= error
  }

  /** The one outcome of this peer, from what has come of the question there. */
  outcome(of: Outcome): FetchOutcome {
    const about = { from: this.from, values: this.#values, failures: this.#failures }
    const error = this.#fault ?? (of.type === 'error' ? of.error : undefined) ?? this.#worst()
    if (error && (of.type === 'answered' || of.type === 'error' || this.#fault)) {
      return { ...about, type: error.code === 'DENIED' ? 'refused' : 'error', error }
    }
    switch (of.type) {
      case 'answered':
        // The fetch has ended before it had taken what has come.
        if (!this.#isWhole) return { ...about, type: 'cancelled' }
        if (this.#values === 0) return { ...about, type: 'absent' }
        return { ...about, type: 'answered', rtt: of.rtt }
      case 'none':
        return { ...about, type: 'absent' }
      case 'gone':
        return { ...about, type: 'gone', asked: of.asked }
      case 'silent':
      case 'cancelled':
        return { ...about, type: of.type }
      case 'error':
        return { ...about, type: 'error', error: of.error }
    }
  }

  /** Refusals are not as bad as failures. */
  #worst(): BusError | undefined {
    const bad = this.#failures.find(({ error }) => error.code !== 'DENIED') ?? this.#failures[0]
    return bad?.error
  }
}
