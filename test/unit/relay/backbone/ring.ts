/** Circles of relays that hear each other at once, by hand. */
import { controlParts } from '../../../../bus/core/seal/keys.ts'
import { Circle } from '../../../../relay/backbone/circle.ts'
import { Counters, type RelayCounter } from '../../../../relay/counters.ts'
import { RelayKeys } from '../../../../relay/keys.ts'
import { defaultRelayLimits, type RelayLimits } from '../../../../relay/limits.ts'
import type { TrunkRecord } from '../../../../relay/trunk-wire.ts'
import { counting, crypto } from '../../core/crypto.ts'

export interface Letter {
  readonly subject: string
  readonly message: Uint8Array
}

export interface EndOptions {
  readonly root?: Uint8Array
  readonly scope?: number
  readonly limits?: Partial<RelayLimits>
}

/** One relay's circle, and all that it has done. */
export class End {
  readonly circle: Circle
  readonly counters: Counters = new Counters()
  readonly written: Letter[] = []
  readonly met: Set<bigint> = new Set<bigint>()
  readonly records: { readonly relay: bigint; readonly record: TrunkRecord }[] = []
  #drawn = 0

  constructor(id: bigint, { root = counting(32), scope = 2, limits = {} }: EndOptions = {}) {
    const parts = controlParts(crypto, { name: 'home', root })
    this.circle = new Circle(
      {
        crypto,
        keys: new RelayKeys(crypto, parts),
        id,
        scope,
        limits: { ...defaultRelayLimits, ...limits },
        counters: this.counters,
      },
      {
        write: (subject, message) => this.written.push({ subject, message }),
        random: (size) => counting(size, Number(id) + (this.#drawn += 1)),
        met: (relay) => this.met.add(relay),
        lost: (relay) => this.met.delete(relay),
        record: (relay, record) => this.records.push({ relay, record }),
      },
    )
  }

  hear(now: number, { subject, message }: Letter): void {
    this.circle.hear(now, subject, message)
  }

  count(name: RelayCounter): number {
    return this.counters.snapshot()[name]
  }
}

/** Brings to each what the others write, until nobody writes any more; what was brought. */
export function settle(now: number, ends: readonly End[]): Letter[] {
  const all: Letter[] = []
  for (let rounds = 0; rounds < 20; rounds++) {
    const letters = ends.flatMap((end) => end.written.splice(0).map((letter) => ({ end, letter })))
    if (letters.length === 0) return all
    for (const { end, letter } of letters) {
      all.push(letter)
      const hearing = ends.filter(({ circle }) => circle.subjects.includes(letter.subject))
      for (const other of hearing.filter((one) => one !== end)) other.hear(now, letter)
    }
  }
  throw new Error('they never end')
}

/** Those who have met, and what it took. */
export function metAt(now: number, ends: readonly End[]): Letter[] {
  for (const { circle } of ends) circle.up(now)
  return settle(now, ends)
}
