/** Changes from one epoch of the realm's keys to the next. */
import type { Context } from './peer-context.ts'
import { type EpochSecret, RealmKeys, ringIn } from './seal/keys.ts'

/** A newer epoch, whose key is known. */
export interface NewEpoch {
  readonly epoch: number
  readonly secret: EpochSecret
  /** Nothing of the epoch before is sealed or opened any more: somebody was removed. */
  readonly isAtOnce: boolean
}

export class EpochChange {
  readonly #context: Context

  constructor(context: Context) {
    this.#context = context
  }

  /** Goes over to a newer epoch; false when it is none. */
  enter(now: number, { epoch, secret, isAtOnce }: NewEpoch): boolean {
    const { epochs, env } = this.#context
    if (epoch <= epochs.newest) return false
    const { ring } = epochs.current
    const next = ringIn(env.crypto, ring, { epoch, secret })
    epochs.enter(
      now,
      new RealmKeys(env.crypto, { name: ring.name, root: undefined, ring: next }),
      isAtOnce,
    )
    this.#arm()
    return true
  }

  /** The `epoch` timer. */
  onTimer(now: number): void {
    this.#context.epochs.step(now)
    this.#arm()
  }

  #arm(): void {
    this.#context.timers.setBefore('epoch', this.#context.epochs.deadline)
  }
}
