/** Seals bodies into packets and opens packets, in sealed and in open realms. */
import type { Crypto } from '../env.ts'
import { type Pool, Slab, WHOLE_SIZE } from '../slab.ts'
import { writeUint32 } from '../wire/varint.ts'
import {
  BODY_OFFSET,
  bodyOf,
  HEADER_SIZE,
  LENGTH_SIZE,
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
  /** Gives the memory of the packet, and gets it back. */
  readonly pool?: Pool | undefined
}

export class Sealer {
  readonly version: number
  readonly #crypto: Crypto
  #keys: ControlKeys
  readonly #instance: bigint
  /** The header of the packet at hand, which is its nonce: what packets share stays in it. */
  readonly #header = new Uint8Array(HEADER_SIZE)
  readonly #packets = new Slab()
  /** What programs are given views of. */
  readonly bodies: Slab = new Slab()
  /** The nonce of a packet that is being opened. */
  readonly #nonce = new Uint8Array(HEADER_SIZE)

  constructor(crypto: Crypto, keys: ControlKeys, instance: bigint) {
    this.#crypto = crypto
    this.#keys = keys
    this.#instance = instance
    this.version = keys.open ? VERSION_OPEN : VERSION_SEALED
    this.use(keys)
  }

  /** Seals with the keys of another epoch of the same realm from now on. */
  use(keys: ControlKeys): void {
    this.#keys = keys
    const { epoch, hint } = keys
    const rest = { version: this.version, kind: 0, flags: 0, stream: 0, number: 0 }
    const packet = new Uint8Array(BODY_OFFSET)
    writeHeader(packet, { ...rest, epoch, instance: this.#instance, hint }, 0)
    this.#header.set(packet.subarray(LENGTH_SIZE))
  }

  /** One packet, ready for the wire. The caller never uses an id twice under one key. */
  seal(id: PacketId, body: Uint8Array, key: Uint8Array): Uint8Array {
    const size = body.length + this.#keys.overhead
    const whole = BODY_OFFSET + size
    const packet = id.pool ? id.pool.cut(whole) : this.#packets.cut(whole, WHOLE_SIZE)
    const length = HEADER_SIZE + size
    packet[0] = length >>> 8
    packet[1] = length
    const header = this.#headerOf(id)
    packet.set(header, LENGTH_SIZE)
    if (this.#keys.open) packet.set(body, BODY_OFFSET)
    else this.#crypto.seal(bodyOf(packet), body, header, key)
    return packet
  }

  /** The 24 header bytes of a packet with this id, for what is signed before it is sealed. */
  headerBytes(id: PacketId): Uint8Array {
    return this.#headerOf(id).slice()
  }

  /** Good until the next one: written into the same bytes. */
  #headerOf({ kind, flags, stream, number }: PacketId): Uint8Array {
    const header = this.#header
    header[0] = (this.version << 4) | kind
    header[1] = flags
    writeUint32(header, 12, stream)
    const high = Math.floor(number / 0x100000000)
    header[16] = high >>> 8
    header[17] = high
    writeUint32(header, 18, number % 0x100000000)
    return header
  }

  /**
   * The body in the clear, or `undefined` when the packet does not authenticate. `ahead`: bytes of
   * this packet and others that have come with it, whose bodies share memory; 0 when what is kept
   * of this body may stay for long.
   */
  open(packet: Uint8Array, key: Uint8Array, ahead = 0): Uint8Array | undefined {
    const box = bodyOf(packet)
    const size = box.length - this.#keys.overhead
    if (size < 0) return undefined
    const shares = ahead > packet.length || (ahead > 0 && size <= SHARED_SIZE / 2)
    const body = shares ? this.bodies.cut(size, Math.max(ahead, SHARED_SIZE)) : new Uint8Array(size)
    if (this.#opensInto(body, packet, { box, key })) return body
    if (shares) this.bodies.putBack(size)
    return undefined
  }

  #opensInto(
    body: Uint8Array,
    packet: Uint8Array,
    { box, key }: { readonly box: Uint8Array; readonly key: Uint8Array },
  ): boolean {
    if (this.#keys.open) {
      // A copy, as opening makes one: what is kept of a body must not keep a whole datagram.
      body.set(box)
      return true
    }
    const nonce = this.#nonce
    for (let i = 0; i < HEADER_SIZE; i++) nonce[i] = packet[LENGTH_SIZE + i]!
    return this.#crypto.open(body, box, nonce, key)
  }
}

/** What bodies that come one by one share: memory of its own takes as long as opening does. */
const SHARED_SIZE = 4 * 1024
