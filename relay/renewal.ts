/**
 * What a relay reads anew while it runs: its control key, when an epoch of the realm follows
 * another, and the options that can change.
 */
import { BusError } from '../bus/api/errors.ts'
import type { Crypto } from '../bus/core/env.ts'
import type { ControlKey } from '../bus/io/control-key.ts'
import { hex } from '../bus/io/digits.ts'
import type { Judge } from './judge.ts'
import type { RelayKeys } from './keys.ts'
import { controlKeyOf, plainSettings, type RelaySettings } from './options.ts'
import { takeOver } from './reload.ts'
import type { Reloaded, RelayOptions } from './types.ts'

export interface RenewalOptions {
  readonly crypto: Crypto
  readonly options: RelayOptions
  /** Changed in place. */
  readonly settings: RelaySettings
  readonly keys: RelayKeys
  readonly judge: Judge
}

export class Renewal {
  readonly #by: RenewalOptions
  #options: RelayOptions
  #key: ControlKey
  /** One at a time: an older key must not come behind a newer one. */
  #last: Promise<unknown> = Promise.resolve()

  /** `key` is that with which the relay has started. */
  constructor(by: RenewalOptions, key: ControlKey) {
    this.#by = by
    this.#options = by.options
    this.#key = key
  }

  /**
   * Takes other options, or reads the key by those that it has. Rejects with INVALID_OPTION, or
   * with INVALID_KEY when what is found cannot take the place of what was there; nothing has
   * changed then.
   */
  reload(options?: RelayOptions): Promise<Reloaded> {
    const reloaded = this.#last.then(() => this.#reload(options ?? this.#options))
    this.#last = reloaded.catch(() => undefined)
    return reloaded
  }

  async #reload(options: RelayOptions): Promise<Reloaded> {
    const { settings } = this.#by
    const next = await plainSettings('reload', options)
    await this.#renew(options)
    this.#options = options
    return takeOver(settings, next)
  }

  async #renew(options: RelayOptions): Promise<void> {
    const { crypto, keys, judge } = this.#by
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
