/** One large message, cut into the bodies of packets one after the other. */
import { Writer } from '../wire/cursor.ts'
import {
  extrasSize,
  FRAGMENT_PREFIX_SIZE_MAX,
  LIFE_SIZE_MAX,
  writeFragmentPrefix,
  writeRecordHead,
} from '../wire/record.ts'
import type { Outgoing } from './fading.ts'

export class Fragments {
  /** Index of the message. */
  readonly index: number
  /** When it was published, ms of the driver's clock. */
  readonly at: number
  /** When the message is of no use any more; `Infinity`: never. */
  readonly expiresAt: number
  readonly #sentAt: number
  readonly #record: Uint8Array
  readonly #sizeMax: number
  #offset = 0

  /** Keeps a copy of the payload; `bodySize`: largest body of the stream's packets. */
  constructor(
    message: Outgoing,
    bodySize: number,
    about: { readonly index: number; readonly sentAt: number; readonly at: number },
  ) {
    const { codec, payload, expiresAt, question, chosen, again } = message
    this.expiresAt = expiresAt ?? Infinity
    this.index = about.index
    this.at = about.at
    this.#sentAt = about.sentAt
    const writer = new Writer(1 + LIFE_SIZE_MAX + extrasSize(message) + payload.length)
    // Its size must not change any more, so its life is what it is now.
    const lifeMs = expiresAt && Math.ceil(expiresAt - about.at)
    writeRecordHead(writer, codec, { lifeMs, question, chosen, again })
    this.#record = writer.put(payload).written
    this.#sizeMax = bodySize - FRAGMENT_PREFIX_SIZE_MAX
  }

  /** Bytes that are left. */
  get size(): number {
    return this.#record.length - this.#offset
  }

  /** Bodies that are left. */
  get count(): number {
    return Math.ceil(this.size / this.#sizeMax)
  }

  /** Bytes of the message that the next body has. */
  get charge(): number {
    return Math.min(this.size, this.#sizeMax)
  }

  /** The next body, good until another one is taken: it is sealed at once. */
  next(): Uint8Array {
    const size = FRAGMENT_PREFIX_SIZE_MAX + this.#sizeMax
    if (scratch.length < size) scratch = new Uint8Array(size)
    const body = this.#bodyAt(this.#offset, new Writer(scratch))
    this.#offset += this.charge
    return body
  }

  /** The bodies that are left, without taking them. */
  *rest(): Generator<Uint8Array> {
    for (let at = this.#offset; at < this.#record.length; at += this.#sizeMax)
      yield this.#bodyAt(at, new Writer(FRAGMENT_PREFIX_SIZE_MAX + this.#sizeMax))
  }

  #bodyAt(offset: number, writer: Writer): Uint8Array {
    const bytes = this.#record.subarray(offset, offset + this.#sizeMax)
    const totalSize = this.#record.length
    writeFragmentPrefix(writer, { index: this.index, sentAt: this.#sentAt, totalSize, offset })
    return writer.put(bytes).written
  }
}

/** Of all messages: each body is sealed before the next one is made. */
let scratch = new Uint8Array(0)
