/** The control key of a relay, read anew while it runs: when an epoch of the realm follows another. */
import { BusError } from '../bus/api/errors.ts'
import type { Crypto } from '../bus/core/env.ts'
import type { ControlKey } from '../bus/io/control-key.ts'
import { hex } from '../bus/io/digits.ts'
import type { Judge } from './judge.ts'
import type { RelayKeys } from './keys.ts'
import { controlKeyOf } from './options.ts'
import type { RelayOptions } from './types.ts'

export interface RenewalOptions {
  readonly crypto: Crypto
  readonly options: RelayOptions
  readonly keys: RelayKeys
  readonly judge: Judge
}

export class Renewal {
  readonly #by: RenewalOptions
  #key: ControlKey
  /** One at a time: an older key must not come behind a newer one. */
  #last: Promise<void> = Promise.resolve()

  /** `key` is that with which the relay has started. */
  constructor(by: RenewalOptions, key: ControlKey) {
    this.#by = by
    this.#key = key
  }

  /** Rejects with INVALID_KEY when what is found cannot take the place of what was there. */
  reload(): Promise<void> {
    this.#last = this.#last.catch(() => undefined).then(() => this.#reload())
    return this.#last
  }

  async #reload(): Promise<void> {
    const { crypto, options, keys, judge } = this.#by
    const next = await controlKeyOf(crypto, options)
    const before = this.#key
    const fault = faultOf(next, before)
    if (fault !== undefined) {
      throw new BusError('INVALID_KEY', `the relay keeps the key that it has: ${fault}`)
    }
    this.#key = next
    judge.appoint(next.owner)
    if (next.parts.epoch > before.parts.epoch) keys.enter(next.parts)
  }
}

function faultOf(next: ControlKey, { parts, owner }: ControlKey): string | undefined {
  const { id, epoch, control } = next.parts
  if (hex(id) !== hex(parts.id)) return 'the one that is there now is of another realm'
  if (epoch < parts.epoch) {
    return `the one that is there now is of epoch ${epoch}, which is before ${parts.epoch}`
  }
  if (epoch === parts.epoch && hex(control) !== hex(parts.control)) {
    return `there are two of epoch ${epoch}: the owner mends it by rotating once more`
  }
  if (!owner || next.owner) return undefined
  const mend = 'make it by: sixcast keygen --control'
  return `the one that is there now names no owner, who says what rights there are; ${mend}`
}
