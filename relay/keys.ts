/**
 * The control keys that a relay has been given: that of the newest epoch, and those of before as
 * long as somebody may still seal with them.
 *
 * A relay is told of an epoch by hand, before or after the peers turn to it. So it goes by what it
 * hears: it seals its beacons in the newest epoch of which a packet of somebody has opened, and
 * forgets the older ones when all have had the time that peers take.
 */
import type { Crypto } from '../bus/core/env.ts'
import { ControlKeys, type ControlParts, type Sender } from '../bus/core/seal/control-keys.ts'
import { EPOCH_OVERLAP_MS } from '../bus/core/seal/epochs.ts'

export class RelayKeys {
  readonly #crypto: Crypto
  /** The newest last. */
  #known: readonly ControlKeys[]
  #sealing: ControlKeys
  #endAt = Infinity

  constructor(crypto: Crypto, parts: ControlParts) {
    this.#crypto = crypto
    this.#sealing = new ControlKeys(crypto, parts)
    this.#known = [this.#sealing]
  }

  /** These last as long as the realm. */
  get open(): boolean {
    return this.#sealing.open
  }

  get id(): Uint8Array {
    return this.#sealing.id
  }

  get hint(): number {
    return this.#sealing.hint
  }

  groupBytes(label: Uint8Array): Uint8Array {
    return this.#sealing.groupBytes(label)
  }

  /** What the relay itself seals with. */
  get sealing(): ControlKeys {
    return this.#sealing
  }

  /** All that count, the newest first. */
  get all(): readonly ControlKeys[] {
    return this.#known.toReversed()
  }

  get newest(): ControlKeys {
    return this.#known.at(-1)! // there is always one
  }

  /** Whether the relay has turned to the newest epoch, and those of before still count. */
  get isTurning(): boolean {
    return this.#endAt < Infinity
  }

  /** The keys of an epoch, if it counts. */
  at(epoch: number): ControlKeys | undefined {
    return this.#known.find((one) => one.epoch === epoch)
  }

  /** Takes the keys of a newer epoch of the same realm. */
  enter(parts: ControlParts): void {
    this.#known = [...this.#known, new ControlKeys(this.#crypto, parts)].slice(-EPOCHS_MAX)
    if (!this.#known.includes(this.#sealing)) this.#sealing = this.#known[0]!
    this.#endAt = Infinity
  }

  /** A packet of somebody has opened in that epoch. */
  heard(now: number, epoch: number): void {
    const keys = epoch > this.#sealing.epoch ? this.at(epoch) : undefined
    if (!keys) return
    this.#sealing = keys
    if (keys === this.newest) this.#endAt = now + EPOCH_OVERLAP_MS
  }

  /** True when the epochs of before have just been forgotten. */
  step(now: number): boolean {
    if (now < this.#endAt) return false
    this.#endAt = Infinity
    this.#known = [this.newest]
    return true
  }
}

/** What opens the control packets of one instance, in whichever epoch. */
export class SenderKeys {
  readonly #keys: RelayKeys
  readonly #sender: Sender
  /** That of the epoch which was asked for last: nearly always the same. */
  #last: { readonly of: ControlKeys; readonly key: Uint8Array } | undefined

  constructor(keys: RelayKeys, sender: Sender) {
    this.#keys = keys
    this.#sender = sender
  }

  /** `undefined`: that epoch does not count. */
  at(epoch: number): Uint8Array | undefined {
    const of = this.#keys.at(epoch)
    if (of && this.#last?.of !== of) this.#last = { of, key: of.controlKeyOf(this.#sender) }
    return of && this.#last?.key
  }
}

/** As many as a peer knows at one time. */
const EPOCHS_MAX = 3
