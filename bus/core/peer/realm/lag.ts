/**
 * What this peer knows of an epoch that others are in and it is not: who has slept through a
 * rotation is not heard by them until it has caught up.
 *
 * A page's head that the owner has signed is proof. The number in a packet's header is none, so it
 * counts for a moment, and only for who has nobody else to listen.
 */
import type { Epochs } from '../../seal/epochs.ts'

export interface Missing {
  readonly epoch: number
  /** Its keys may still come. */
  readonly isComing: boolean
}

export class Lag {
  readonly #epochs: Pick<Epochs, 'newest'>
  readonly #roster: { readonly size: number }
  #beganAt = -Infinity
  #heard = 0
  #heardAt = -Infinity
  #proven = 0
  #refused = 0
  #caughtUpAt = -Infinity

  constructor(epochs: Pick<Epochs, 'newest'>, roster: { readonly size: number }) {
    this.#epochs = epochs
    this.#roster = roster
  }

  /** When this peer came into an epoch in which others were before it; `-Infinity`: never. */
  get caughtUpAt(): number {
    return this.#caughtUpAt
  }

  /** The peer begins. */
  begins(now: number): void {
    this.#beganAt = now
  }

  /** A packet bears the number of a newer epoch, whoever has sent it. */
  hears(now: number, epoch: number): void {
    this.#heard = Math.max(this.#heard, epoch)
    this.#heardAt = now
  }

  /** Others have told of a page of that epoch, which the owner has signed. */
  proves(epoch: number): void {
    this.#proven = Math.max(this.#proven, epoch)
  }

  /** The page of that epoch has no key for this peer. */
  refuses(epoch: number): void {
    this.#refused = Math.max(this.#refused, epoch)
  }

  /**
   * The keys of an epoch have come. `late`: others are in it already, as far as is known, so there
   * is nothing to wait for before it is sealed with; `unknown`: and they do not know this peer.
   */
  enters(now: number, epoch: number): 'early' | 'late' | 'unknown' {
    const isHeard = this.#heard >= epoch && now < this.#heardAt + HEARD_MS
    const isYoung = this.#proven >= epoch && now < this.#beganAt + YOUNG_MS
    const isUnknown = isYoung || this.#roster.size === 0
    if (!isHeard && !isUnknown) return 'early'
    this.#caughtUpAt = now
    return isUnknown ? 'unknown' : 'late'
  }

  /** The epoch that others are in, if this peer has no keys of it. */
  missing(now: number): Missing | undefined {
    const { newest } = this.#epochs
    const isAlone = this.#roster.size === 0 && now < this.#heardAt + HEARD_MS
    const epoch = Math.max(this.#proven, this.#refused, isAlone ? this.#heard : 0)
    return epoch > newest ? { epoch, isComing: epoch > this.#refused } : undefined
  }
}

/** How long a header's word counts: some beacons of a small realm. */
const HEARD_MS = 5000
/** Who is told of an epoch in the first moments of its life has slept through it. */
const YOUNG_MS = 5000
