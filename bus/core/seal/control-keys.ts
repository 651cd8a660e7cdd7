/**
 * What a realm gives to its relays: keys that find groups and open control packets, and nothing
 * that reads a topic's name or a value.
 */
import { bytesOf64, concat, uint64Of } from '../bytes.ts'
import type { Crypto } from '../env.ts'
import { utf8 } from '../text.ts'

export const KEY_SIZE = 32
export const SEAL_OVERHEAD = 16

/** What distinguishes one life of one peer. */
export interface Sender {
  readonly instance: bigint
  readonly salt: Uint8Array
  readonly identity: Uint8Array
}

/** Instance = the first 8 bytes of H(identity || boot salt): nobody can claim another's. */
export function instanceOf(crypto: Crypto, identity: Uint8Array, salt: Uint8Array): bigint {
  return uint64Of(crypto.hash(concat(identity, salt)))
}

/** The keys themselves, as a control key file holds them. */
export interface ControlParts {
  /** The realm's name. */
  readonly name: string
  readonly open: boolean
  readonly epoch: number
  /** Goes into every signature, so that nothing signed for one realm counts in another. */
  readonly id: Uint8Array
  readonly address: Uint8Array
  readonly control: Uint8Array
}

export class ControlKeys {
  readonly open: boolean
  readonly epoch: number
  readonly id: Uint8Array
  /** Sixteen public bits of the realm's name: turns other realms away before any cryptography. */
  readonly hint: number
  /** Bytes that sealing adds to a body. */
  readonly overhead: number
  /** Seals hellos. */
  readonly control: Uint8Array
  readonly parts: ControlParts
  readonly #crypto: Crypto

  constructor(crypto: Crypto, parts: ControlParts) {
    this.#crypto = crypto
    this.parts = parts
    this.open = parts.open
    this.epoch = parts.epoch
    this.id = parts.id
    const hint = crypto.hash(utf8(`sixcast/1/hint/${parts.name}`))
    this.hint = hint[0]! * 0x100 + hint[1]!
    this.overhead = parts.open ? 0 : SEAL_OVERHEAD
    this.control = parts.control
  }

  /** 14 bytes that place a label (a topic's tag, or the control plane) in a multicast group. */
  groupBytes(label: Uint8Array): Uint8Array {
    return this.#crypto.hmac(this.parts.address, label).subarray(0, 14)
  }

  /** The key under which `sender` seals control packets. */
  controlKeyOf(sender: Sender): Uint8Array {
    return this.senderKey(this.control, sender)
  }

  protected senderKey(base: Uint8Array, sender: Sender, label = 'sixcast/1/sender'): Uint8Array {
    const instance = bytesOf64(sender.instance)
    return derive(
      this.#crypto,
      base,
      concat(utf8(label), this.id, instance, sender.salt, sender.identity),
    )
  }
}

/** Every derivation of the realm's hierarchy. */
export function derive(crypto: Crypto, key: Uint8Array, label: Uint8Array): Uint8Array {
  return crypto.hmac(key, label).slice(0, KEY_SIZE)
}
