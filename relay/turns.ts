/**
 * The turns of a relay: whatever they bring to its links leaves at their end.
 *
 * The links are called together, and those that are told the same, as all that have joined a group
 * are, share one message: it is put together once.
 */
import { joined, type Turns } from '../bus/io/link-outbox.ts'

export class RelayTurns implements Turns {
  #thens: (() => void)[] = []
  #records: readonly Uint8Array[] = []
  #message: Uint8Array = NOTHING

  end(then: () => void): void {
    if (this.#thens.length === 0) setImmediate(this.#ends)
    this.#thens.push(then)
  }

  join(records: readonly Uint8Array[]): Uint8Array {
    if (!isSame(records, this.#records)) {
      this.#records = records
      this.#message = joined(records)
    }
    return this.#message
  }

  readonly #ends = (): void => {
    const thens = this.#thens
    this.#thens = []
    for (const then of thens) then()
    this.#records = []
    this.#message = NOTHING
  }
}

/** The very same records, in the same order. */
function isSame(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return a.length === b.length && a.every((record, i) => record === b[i])
}

const NOTHING = new Uint8Array(0)
