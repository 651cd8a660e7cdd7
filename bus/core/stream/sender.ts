/**
 * The sending half of a stream: one topic of one instance.
 *
 * Messages are batched into bodies, bodies are sealed under fresh numbers into packets, packets
 * wait in the history for the pacer and stay there for late attachers. `allocate` is the only
 * place that gives out numbers, and it never goes back.
 */
import type { Delivery } from '../output.ts'
import { Writer } from '../wire/cursor.ts'
import { Flag, NUMBER_MAX } from '../wire/packet.ts'
import { FRAGMENT_PREFIX_SIZE_MAX, writeFragmentPrefix } from '../wire/record.ts'
import { Batch } from './batch.ts'
import { History } from './history.ts'

/** Seals a body under the stream's key. */
export type SealBody = (flags: number, number: number, body: Uint8Array) => Uint8Array

export interface SenderOptions {
  readonly stream: number
  readonly topic: string
  readonly segments: readonly string[]
  readonly tag: bigint
  readonly group: string
  readonly delivery: Delivery
  /** Largest packet, length field and header included. */
  readonly packetSize: number
  /** Largest body of such a packet. */
  readonly bodySize: number
  readonly seal: SealBody
}

/** A receiver that has attached. */
export interface Attached {
  /** The next number it waits for, as far as it has told. */
  next: number
}

/** The first heartbeat after a packet: soon where packets are being lost, else later. */
const HEARTBEAT_LOSSY_MS = 5
const HEARTBEAT_MIN_MS = 40
const HEARTBEAT_MAX_MS = 30_000
const KEPT_BATCH_SIZE = 2048

/** A value of a `latest` stream that has got its packet and its index. */
export interface Settled {
  readonly codec: number
  readonly payload: Uint8Array
  readonly index: number
}

export class SenderStream {
  readonly options: SenderOptions
  readonly openedAt: number
  readonly history: History = new History()
  readonly attached: Map<bigint, Attached> = new Map()
  /** Local subscriptions on the topic, by id. */
  local: readonly number[] = []
  /** The last number handed to the network. */
  sent = 0
  /** Nothing is sent before this moment: receivers may still be finding the publisher. */
  gateUntil: number
  /** Next heartbeat, or `Infinity`. */
  heartbeatAt: number = Infinity
  heartbeatMs: number = HEARTBEAT_MIN_MS
  /** Receivers have asked for packets again: they may until then. */
  lossyUntil: number = -Infinity
  /** Bytes that wait for the pacer: sealed, or the newest value without a packet. */
  waiting = 0
  #number = 0
  #index = 0
  #batch: Batch | undefined
  /** The newest value of a `latest` stream that has no packet yet. */
  #latest: { readonly codec: number; readonly payload: Uint8Array } | undefined

  constructor(now: number, gateUntil: number, options: SenderOptions) {
    this.openedAt = now
    this.gateUntil = gateUntil
    this.options = options
  }

  /** The last number allocated. */
  get head(): number {
    return this.#number
  }

  /** Index of the next message. */
  get index(): number {
    return this.#index
  }

  /** Whether packets wait for the pacer, or a value waits for a packet. */
  get pending(): boolean {
    return this.sent < this.#number || this.#latest !== undefined
  }

  /** The number that everything published so far has left with. */
  get target(): number {
    return this.#latest ? this.#number + 1 : this.#number
  }

  /** Takes one message and returns its index. `sentAt` in ms since 1970. */
  publish(now: number, sentAt: number, message: { codec: number; payload: Uint8Array }): number {
    const { codec, payload } = message
    const batch = (this.#batch ??= new Batch(this.options.bodySize))
    if (!batch.fits(payload.length)) this.#sealBatch(batch)
    if (!batch.fits(payload.length)) {
      this.#fragment(now, sentAt, message)
      return this.#index++
    }
    if (batch.count === 0) batch.open(now, this.#index, sentAt)
    batch.add(codec, payload)
    return this.#index++
  }

  /** Keeps only the newest value; true when an older one was replaced unsent. */
  conflate(codec: number, payload: Uint8Array): boolean {
    const replaced = this.#latest
    // It stays here past the publisher's turn: a copy of the bytes, which are the program's.
    this.#latest = { codec, payload: new Uint8Array(payload) }
    this.waiting += payload.length - (replaced?.payload.length ?? 0)
    return replaced !== undefined
  }

  /** Turns the newest value into packets and returns it, if one waits and nothing else does. */
  settle(now: number, sentAt: number): Settled | undefined {
    if (!this.#latest || this.sent < this.#number) return undefined
    const message = this.#latest
    this.#latest = undefined
    this.waiting -= message.payload.length
    const index = this.publish(now, sentAt, message)
    this.flush()
    return { ...message, index }
  }

  /** Seals what has been collected. */
  flush(): void {
    if (this.#batch) this.#sealBatch(this.#batch)
    // Thousands of idle streams must not hold a large buffer each.
    if (this.options.bodySize > KEPT_BATCH_SIZE) this.#batch = undefined
  }

  /** Index of the first message at or behind packet `number`. */
  indexAt(number: number): number {
    const stored = this.history.get(number)
    if (stored) return stored.index
    // Messages that wait for a packet will come in the next one.
    return this.#batch && this.#batch.count > 0 ? this.#batch.index : this.#index
  }

  /** The next packet for the pacer, if any. */
  peek(): Uint8Array | undefined {
    return this.history.get(this.sent + 1)?.packet
  }

  /** The packet that `peek` gave has left. */
  advance(now: number): void {
    this.sent += 1
    this.waiting -= this.history.get(this.sent)!.packet.length
    if (this.options.delivery !== 'reliable') {
      this.history.shift()
      return
    }
    this.heartbeatMs = now < this.lossyUntil ? HEARTBEAT_LOSSY_MS : HEARTBEAT_MIN_MS
    this.heartbeatAt = now + this.heartbeatMs
  }

  /** A heartbeat has left: the next one comes after twice the time. */
  decay(now: number): void {
    this.heartbeatMs = Math.min(HEARTBEAT_MAX_MS, this.heartbeatMs * 2)
    this.heartbeatAt = now + this.heartbeatMs
  }

  #sealBatch(batch: Batch): void {
    if (batch.count === 0) return
    this.#append(0, batch.body, batch)
    batch.clear()
  }

  #fragment(now: number, sentAt: number, message: { codec: number; payload: Uint8Array }): void {
    const record = new Uint8Array(1 + message.payload.length)
    record[0] = message.codec
    record.set(message.payload, 1)
    const sizeMax = this.options.bodySize - FRAGMENT_PREFIX_SIZE_MAX
    for (let offset = 0; offset < record.length; offset += sizeMax) {
      const bytes = record.subarray(offset, offset + sizeMax)
      const writer = new Writer(FRAGMENT_PREFIX_SIZE_MAX + bytes.length)
      const totalSize = record.length
      writeFragmentPrefix(writer, { index: this.#index, sentAt, totalSize, offset })
      this.#append(Flag.fragment, writer.put(bytes).written, { at: now, index: this.#index })
    }
  }

  #append(flags: number, body: Uint8Array, from: { at: number; index: number }): void {
    const packet = this.options.seal(flags, this.#allocate(), body)
    this.history.append({ packet, at: from.at, index: from.index })
    this.waiting += packet.length
  }

  #allocate(): number {
    if (this.#number >= NUMBER_MAX) throw new RangeError('the stream has used all its numbers')
    this.#number += 1
    return this.#number
  }
}
