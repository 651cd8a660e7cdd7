/**
 * Messages of one packet that expire: its body is made only when the pacer takes it.
 *
 * They live about as long as each other. A packet is repaired as long as anything in it is of use,
 * and who has not known of it until then counts the lives from there.
 *
 * A message that has expired by then leaves a record without payload in its place, so that its
 * index stays taken and receivers report it. When all have expired there is no packet at all.
 */
import { Writer } from '../wire/cursor.ts'
import {
  type Extras,
  LIFE_SIZE_MAX,
  PREFIX_SIZE_MAX,
  recordSize,
  writePrefix,
  writeRecord,
} from '../wire/record.ts'

/** One message as it is handed to a stream. */
export interface Outgoing extends Extras {
  readonly codec: number
  readonly payload: Uint8Array
  /** When it is of no use any more, ms of the driver's clock. */
  readonly expiresAt?: number | undefined
}

/** One that expires. */
export type Brief = Outgoing & { readonly expiresAt: number }

export class Fading {
  /** When the first message was published, ms of the driver's clock. */
  readonly at: number
  /** Index of the first message. */
  readonly index: number
  readonly #sentAt: number
  readonly #bodySize: number
  readonly #messages: Brief[] = []
  /** When the first and the last of them expire. */
  #earliest = Infinity
  #latest = 0
  #size = PREFIX_SIZE_MAX

  constructor(
    bodySize: number,
    about: { readonly at: number; readonly index: number; readonly sentAt: number },
  ) {
    this.#bodySize = bodySize
    this.at = about.at
    this.index = about.index
    this.#sentAt = about.sentAt
  }

  get count(): number {
    return this.#messages.length
  }

  /** Bytes of its body, at most. */
  get size(): number {
    return this.#size
  }

  /** When the last of its messages expires. */
  get expiresAt(): number {
    return this.#latest
  }

  /** Whether there is room, and none will live more than twice as long as another. */
  fits(message: Brief): boolean {
    const { payload, expiresAt } = message
    const earliest = Math.min(this.#earliest, expiresAt) - this.at
    const latest = Math.max(this.#latest, expiresAt) - this.at
    const size = this.#size + recordSize(payload.length, message) + LIFE_SIZE_MAX
    return size <= this.#bodySize && latest <= earliest * 2
  }

  /** Keeps a copy of the payload, which is the program's. */
  add(message: Brief): void {
    const { payload, expiresAt } = message
    this.#earliest = Math.min(this.#earliest, expiresAt)
    this.#latest = Math.max(this.#latest, expiresAt)
    this.#messages.push({ ...message, payload: new Uint8Array(payload) })
    this.#size += recordSize(payload.length, message) + LIFE_SIZE_MAX
  }

  /** Messages that have expired. */
  expired(now: number): number {
    return this.#messages.filter(({ expiresAt }) => expiresAt <= now).length
  }

  body(now: number): Uint8Array {
    const writer = new Writer(this.#size)
    writePrefix(writer, this.index, this.#sentAt)
    for (const { codec, payload, expiresAt, ...extras } of this.#messages) {
      const lifeMs = Math.ceil(expiresAt - now)
      if (expiresAt <= now) writeRecord(writer, codec, EMPTY, { lifeMs: 0 })
      else writeRecord(writer, codec, payload, { lifeMs, ...extras })
    }
    return writer.written
  }
}

const EMPTY = new Uint8Array(0)
