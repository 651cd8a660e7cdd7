/**
 * The epochs of a realm that count at one time, at most three: one to seal with, the one before it,
 * and one that is known and not yet sealed with.
 *
 * Where nobody is removed, an epoch is opened as soon as its key is known, and sealed with a little
 * later or as soon as somebody else does, so that nearly all have the key by then; the one before
 * is still opened for a while. Where somebody is removed both times are nothing: who is out must
 * neither read nor forge a moment longer.
 */
import type { RealmKeys } from './keys.ts'

/** How long everybody has to learn a new epoch before it is sealed with. */
export const EPOCH_DELAY_MS = 2000
/** How long packets of the epoch before are still opened. */
export const EPOCH_OVERLAP_MS = 30_000

export class Epochs {
  #sealing: RealmKeys
  /** Other keys are sealed with from now on. */
  readonly #turned: (keys: RealmKeys) => void
  #next: RealmKeys | undefined
  #turnAt = Infinity
  #before: RealmKeys | undefined
  #endAt = Infinity

  constructor(keys: RealmKeys, turned: (keys: RealmKeys) => void) {
    this.#sealing = keys
    this.#turned = turned
  }

  /** What this peer seals with. */
  get current(): RealmKeys {
    return this.#sealing
  }

  /** The keys of the highest epoch that is known. */
  get last(): RealmKeys {
    return this.#next ?? this.#sealing
  }

  get newest(): number {
    return this.last.epoch
  }

  /** When `step` has something to do, or `Infinity`. */
  get deadline(): number {
    return Math.min(this.#turnAt, this.#endAt)
  }

  /** The keys that open packets of an epoch, if it counts. */
  at(epoch: number): RealmKeys | undefined {
    if (epoch === this.#sealing.epoch) return this.#sealing
    if (epoch === this.#next?.epoch) return this.#next
    return epoch === this.#before?.epoch ? this.#before : undefined
  }

  /** The key of a newer epoch is known. */
  enter(now: number, keys: RealmKeys, isAtOnce: boolean): void {
    const follows = keys.epoch === this.newest + 1
    if (this.#next) this.#turn(now)
    this.#next = keys
    this.#turnAt = now + EPOCH_DELAY_MS
    // Whoever was removed in an epoch that was slept through knows the one before it.
    if (!isAtOnce && follows) return
    this.#turn(now)
    this.#end()
  }

  /** A packet of an epoch has been opened: who still waits to seal with it waits no longer. */
  heard(now: number, keys: RealmKeys): void {
    if (keys === this.#next) this.#turn(now)
  }

  /** The peer is closed. */
  wipe(): void {
    for (const keys of [this.#sealing, this.#next, this.#before]) keys?.wipe()
  }

  step(now: number): void {
    if (this.#turnAt <= now) this.#turn(now)
    if (this.#endAt <= now) this.#end()
  }

  #turn(now: number): void {
    if (!this.#next) return
    this.#before = this.#sealing
    this.#endAt = now + EPOCH_OVERLAP_MS
    this.#sealing = this.#next
    this.#next = undefined
    this.#turnAt = Infinity
    this.#turned(this.#sealing)
  }

  #end(): void {
    this.#before = undefined
    this.#endAt = Infinity
  }
}

/**
 * A key that each epoch has its own of, derived once; it is forgotten with its epoch. That of a
 * topic may be none: a guest's keys of one epoch may open what those of another one do not.
 */
export class EpochKey<Key extends Uint8Array | undefined = Uint8Array> {
  readonly #derive: (keys: RealmKeys) => Key
  readonly #keyByEpoch = new WeakMap<RealmKeys, NonNullable<Key>>()

  constructor(derive: (keys: RealmKeys) => Key) {
    this.#derive = derive
  }

  of(keys: RealmKeys): Key {
    const known = this.#keyByEpoch.get(keys)
    if (known) return known
    const key = this.#derive(keys)
    if (key) this.#keyByEpoch.set(keys, key)
    return key
  }
}

export type TopicKey = EpochKey<Uint8Array | undefined>
