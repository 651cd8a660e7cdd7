/** Opens packets for a relay, of which strangers cannot make it open more than so many in vain. */
import type { Sealer } from '../bus/core/seal/sealer.ts'
import { VainBudget } from '../bus/core/service/vain-budget.ts'

export class Opener {
  readonly #sealer: Sealer
  readonly #budget = new VainBudget()

  constructor(sealer: Sealer) {
    this.#sealer = sealer
  }

  /** `undefined` when it does not open, without a key too, or when this second has had its share. */
  open(
    now: number,
    packet: Uint8Array,
    { key, source }: { readonly key: Uint8Array | undefined; readonly source: string },
  ): Uint8Array | undefined {
    if (!key || !this.#budget.allows(now, source)) return undefined
    const body = this.#sealer.open(packet, key)
    if (body) this.#budget.opened(source)
    else this.#budget.failed(source)
    return body
  }
}
