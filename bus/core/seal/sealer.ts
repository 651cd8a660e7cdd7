/** Seals bodies into packets and opens packets, in sealed and in open realms. */
import type { Crypto } from '../env.ts'
import {
  BODY_OFFSET,
  bodyOf,
  type Header,
  nonceOf,
  VERSION_OPEN,
  VERSION_SEALED,
  writeHeader,
} from '../wire/packet.ts'
import type { ControlKeys } from './control-keys.ts'

/** The header fields that differ from packet to packet of one instance. */
export interface PacketId {
  readonly kind: number
  readonly flags: number
  readonly stream: number
  readonly number: number
}

export class Sealer {
  readonly version: number
  readonly #crypto: Crypto
  #keys: ControlKeys
  readonly #instance: bigint

  constructor(crypto: Crypto, keys: ControlKeys, instance: bigint) {
    this.#crypto = crypto
    this.#keys = keys
    this.#instance = instance
    this.version = keys.open ? VERSION_OPEN : VERSION_SEALED
  }

  /** Seals with the keys of another epoch of the same realm from now on. */
  use(keys: ControlKeys): void {
    this.#keys = keys
  }

  /** One packet, ready for the wire. The caller never uses an id twice under one key. */
  seal(id: PacketId, body: Uint8Array, key: Uint8Array): Uint8Array {
    const size = body.length + this.#keys.overhead
    const packet = new Uint8Array(BODY_OFFSET + size)
    writeHeader(packet, this.#header(id), size)
    if (this.#keys.open) packet.set(body, BODY_OFFSET)
    else this.#crypto.seal(bodyOf(packet), body, nonceOf(packet), key)
    return packet
  }

  /** The 24 header bytes of a packet with this id, for what is signed before it is sealed. */
  headerBytes(id: PacketId): Uint8Array {
    const packet = new Uint8Array(BODY_OFFSET)
    writeHeader(packet, this.#header(id), 0)
    return nonceOf(packet)
  }

  #header(id: PacketId): Header {
    return {
      version: this.version,
      kind: id.kind,
      flags: id.flags,
      epoch: this.#keys.epoch,
      instance: this.#instance,
      stream: id.stream,
      number: id.number,
      hint: this.#keys.hint,
    }
  }

  /** The body in the clear, or `undefined` when the packet does not authenticate. */
  open(packet: Uint8Array, key: Uint8Array): Uint8Array | undefined {
    const box = bodyOf(packet)
    // A copy, as opening makes one: what is kept of a body must not keep a whole datagram.
    if (this.#keys.open) return new Uint8Array(box)
    if (box.length < this.#keys.overhead) return undefined
    const body = new Uint8Array(box.length - this.#keys.overhead)
    return this.#crypto.open(body, box, nonceOf(packet), key) ? body : undefined
  }
}
