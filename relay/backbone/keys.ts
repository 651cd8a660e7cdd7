/**
 * What relays of a realm have in common on a backbone: the subjects that they write to, and the key
 * by which they know each other.
 *
 *     subject      = "sixcast." || hex(P("realm")[0..8]) || "." || hex(P(what))
 *     P(label)     = the 14 bytes that place "sixcast/1/backbone/" || label in a group
 *     what         = "all/" || scope | "relay/" || id | "group/" || group
 *     backbone key = D(control key, "sixcast/1/backbone")
 *     mac          = D(backbone key, subject || "\0" || message)
 *
 * Subjects last as long as the realm and tell nothing of topics; with each epoch the key is another.
 */
import { concat, hexOf } from '../../bus/core/bytes.ts'
import type { Crypto } from '../../bus/core/env.ts'
import { type ControlKeys, derive } from '../../bus/core/seal/control-keys.ts'
import { sameMac } from '../../bus/core/seal/link-proof.ts'
import { utf8 } from '../../bus/core/text.ts'
import type { RelayKeys } from '../keys.ts'

export class BackboneKeys {
  /** What all relays of the realm and scope hear. */
  readonly all: string
  readonly #crypto: Crypto
  readonly #keys: RelayKeys
  readonly #prefix: string
  readonly #byKeys = new WeakMap<ControlKeys, Uint8Array>()

  /** `scope`: the scope's nibble in group addresses. */
  constructor(crypto: Crypto, keys: RelayKeys, scope: number) {
    this.#crypto = crypto
    this.#keys = keys
    this.#prefix = `sixcast.${hexOf(this.#place('realm').subarray(0, 8))}.`
    this.all = this.#subject(`all/${scope}`)
  }

  /** The epoch that the relay itself speaks in. */
  get epoch(): number {
    return this.#keys.sealing.epoch
  }

  /** What one relay hears. */
  ofRelay(relay: bigint): string {
    return this.#subject(`relay/${relay.toString(16).padStart(16, '0')}`)
  }

  /** What every relay hears behind which somebody wants the group. */
  ofGroup(group: string): string {
    return this.#subject(`group/${group}`)
  }

  /** By the key of the epoch that the relay speaks in. */
  mac(subject: string, message: Uint8Array): Uint8Array {
    return this.#mac(this.#keys.sealing, subject, message)
  }

  knows(epoch: number): boolean {
    return this.#keys.at(epoch) !== undefined
  }

  /** Whether who has sent a message in that epoch knew its key. */
  isProved(
    epoch: number,
    subject: string,
    { covered, mac }: { readonly covered: Uint8Array; readonly mac: Uint8Array },
  ): boolean {
    const keys = this.#keys.at(epoch)
    return keys !== undefined && sameMac(this.#mac(keys, subject, covered), mac)
  }

  #mac(keys: ControlKeys, subject: string, message: Uint8Array): Uint8Array {
    let key = this.#byKeys.get(keys)
    if (!key) {
      key = derive(this.#crypto, keys.control, utf8('sixcast/1/backbone'))
      this.#byKeys.set(keys, key)
    }
    return derive(this.#crypto, key, concat(utf8(`${subject}\0`), message))
  }

  #subject(what: string): string {
    return this.#prefix + hexOf(this.#place(what))
  }

  #place(label: string): Uint8Array {
    return this.#keys.groupBytes(utf8(`sixcast/1/backbone/${label}`))
  }
}
