/** Collects small messages of one stream into the body of one packet. */
import { Writer } from '../wire/cursor.ts'
import {
  type Extras,
  PREFIX_SIZE_MAX,
  recordSize,
  writePrefix,
  writeRecord,
} from '../wire/record.ts'

/** An empty one: one that is spare, if there is one of this size. */
export function batchOf(bodySize: number): Batch {
  const at = spare.findLastIndex((batch) => batch.bodySize === bodySize)
  return spare.splice(at, at < 0 ? 0 : 1)[0] ?? new Batch(bodySize)
}

/**
 * Gives one back; what it holds is nobody's. Thousands of idle streams must not hold a large buffer
 * each, and a busy one must not make a new one each millisecond.
 */
export function giveBack(batch: Batch): void {
  batch.clear()
  if (spare.length < SPARE_MAX) spare.push(batch)
}

export class Batch {
  /** When the first message came, ms of the driver's clock. */
  at = 0
  /** Index of the first message. */
  index = 0
  #writer: Writer
  #count = 0

  /** `bodySize`: largest body of the stream's packets. */
  constructor(bodySize: number) {
    this.#writer = new Writer(bodySize)
  }

  /** Largest body of the stream's packets. */
  get bodySize(): number {
    return this.#writer.bytes.length
  }

  get count(): number {
    return this.#count
  }

  /** The body so far. */
  get body(): Uint8Array {
    return this.#writer.written
  }

  /** Whether a payload of this size fits behind what is there, with what goes with it. */
  fits(payloadSize: number, extras?: Extras): boolean {
    const prefix = this.#count === 0 ? PREFIX_SIZE_MAX : 0
    return prefix + recordSize(payloadSize, extras) <= this.#writer.room
  }

  open(now: number, index: number, sentAt: number): void {
    this.at = now
    this.index = index
    writePrefix(this.#writer, index, sentAt)
  }

  add(codec: number, payload: Uint8Array, extras?: Extras): void {
    writeRecord(this.#writer, codec, payload, extras)
    this.#count += 1
  }

  /** Starts over; the buffer is used again. */
  clear(): void {
    this.#writer.offset = 0
    this.#count = 0
  }
}

/** Of all streams of the process: what is in them has been sealed. */
const spare: Batch[] = []
/** As many as are open at once where many topics are published on. */
const SPARE_MAX = 16
