/**
 * The sending half of a stream: one topic of one instance.
 *
 * Messages are batched into bodies, bodies are sealed under fresh numbers into packets, packets
 * wait in the history for the pacer and stay there for repair. A large message is cut and sealed
 * only as the pacer takes it; what is published behind it waits unsealed. `allocate` is the only
 * place that gives out numbers, and it never goes back.
 */
import type { Delivery } from '../output.ts'
import type { FlowRule } from '../publication.ts'
import { NUMBER_MAX } from '../wire/packet.ts'
import { Batch } from './batch.ts'
import { type Brief, Fading, type Outgoing } from './fading.ts'
import type { Flow } from './flow.ts'
import { Fragments } from './fragments.ts'
import { History, type Renews, renewed } from './history.ts'
import type { EarlyPacket } from './reorder.ts'
import { type Sealable, Unsealed } from './unsealed.ts'

/** Seals a body under the stream's key. */
export type SealBody = (flags: number, number: number, body: Uint8Array) => Uint8Array

export interface SenderOptions extends Renews {
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
  /** Who slows it down. */
  readonly flowRule?: FlowRule
  /** Absent: nobody does. */
  readonly flow?: Flow | undefined
}

/** A receiver that has attached. */
export interface Attached {
  /** The next number it waits for, as far as it has told. */
  next: number
  /** Messages that it had to give up, as far as it has told. */
  lost: number
  /** What it has last said of its loss: packets missed, of so many. */
  missed: number
  all: number
}

/** The first heartbeat after a packet: soon where packets are being lost, else later. */
const HEARTBEAT_LOSSY_MS = 5
const HEARTBEAT_MIN_MS = 40
/** The longest time without one while packets are sent. */
const HEARTBEAT_BUSY_MS = 250
const HEARTBEAT_MAX_MS = 30_000
const KEPT_BATCH_SIZE = 2048

/** Where a receiver begins. */
export interface Place {
  /** Number of its first packet. */
  readonly start: number
  /** Index of the first message that it has asked for. */
  readonly wanted: number
  /** Index of the first of them that is still there: those before are lost. */
  readonly index: number
}

/** A value of a `latest` stream that has got its packet and its index. */
export interface Settled extends Outgoing {
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
  /** When it last said what it no longer has. */
  oldestToldAt: number = -Infinity
  /** Bytes that wait for the pacer: sealed, behind or in a large message, or the newest value. */
  waiting = 0
  /** So many of the last messages stay in the history, however old they are. */
  retain = 0
  /** Something urgent waits: this stream goes before others. */
  urgent = false
  #number = 0
  /** The first packet since the last heartbeat. */
  #busyAt: number | undefined
  #index = 0
  #batch: Batch | undefined
  /** The batch of those that expire. */
  #fading: Fading | undefined
  /** What is sealed when the pacer asks for it, and what is behind that. */
  readonly #unsealed = new Unsealed()
  /** The newest value of a `latest` stream that has no packet yet. */
  #latest: Outgoing | undefined

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
    return this.#queued || this.#latest !== undefined
  }

  /** The number that everything published so far has left with. */
  get target(): number {
    const last = this.#number + this.#unsealed.packets
    return this.#latest ? last + 1 : last
  }

  /** Takes one message and returns its index. `sentAt` in ms since 1970. */
  publish(now: number, sentAt: number, message: Outgoing): number {
    const { codec, payload, expiresAt } = message
    if (expiresAt !== undefined) return this.#fade(now, sentAt, { ...message, expiresAt })
    this.#postponeFading()
    const batch = (this.#batch ??= new Batch(this.options.bodySize))
    if (!batch.fits(payload.length)) this.#sealBatch(batch)
    if (!batch.fits(payload.length)) return this.#cut(now, sentAt, message)
    if (batch.count === 0) batch.open(now, this.#index, sentAt)
    batch.add(codec, payload)
    return this.#index++
  }

  /** Keeps only the newest value; true when an older one was replaced unsent. */
  conflate(message: Outgoing): boolean {
    const replaced = this.#latest
    // It stays here past the publisher's turn: a copy of the bytes, which are the program's.
    this.#latest = { ...message, payload: new Uint8Array(message.payload) }
    this.waiting += message.payload.length - (replaced?.payload.length ?? 0)
    return replaced !== undefined
  }

  /** Turns the newest value into packets and returns it, if one waits and nothing else does. */
  settle(now: number, sentAt: number): Settled | undefined {
    if (!this.#latest || this.#queued) return undefined
    const message = this.#latest
    this.#latest = undefined
    this.waiting -= message.payload.length
    if ((message.expiresAt ?? Infinity) <= now) {
      this.#unsealed.expired += 1
      return undefined
    }
    const index = this.publish(now, sentAt, message)
    this.flush()
    return { ...message, index }
  }

  /** Seals what has been collected. */
  flush(): void {
    if (this.#batch) this.#sealBatch(this.#batch)
    this.#postponeFading()
    // Thousands of idle streams must not hold a large buffer each.
    if (this.options.bodySize > KEPT_BATCH_SIZE) this.#batch = undefined
  }

  /** Index of the first message at or behind packet `number`. */
  indexAt(number: number): number {
    const stored = this.history.get(number)
    if (stored) return stored.index
    const { index } = this.#unsealed
    if (index !== undefined) return index
    if (this.#fading) return this.#fading.index
    // Messages that wait for a packet will come in the next one.
    return this.#batch && this.#batch.count > 0 ? this.#batch.index : this.#index
  }

  /** Whether a packet holds one of the last `retain` messages. */
  retains(number: number): boolean {
    const stored = this.history.get(number)
    if (!stored || this.retain === 0 || this.history.isBroken(stored)) return false
    // A part of a large message has the index of the next part.
    const behind = Math.max(stored.index + 1, this.indexAt(number + 1))
    return behind > this.#index - this.retain
  }

  /** Where somebody begins who wants what was published since `at`, and `back` messages before. */
  locate(at: number, back: number): Place {
    const wanted = Math.max(0, this.#indexSince(at) - back)
    const { history } = this
    const start = history.packetOf(wanted, this.indexAt(history.next))
    return { start, wanted, index: Math.max(wanted, this.indexAt(start)) }
  }

  /** Index of the first message published at `at` or later. */
  #indexSince(at: number): number {
    const { history } = this
    const index = history.forgottenSince(at) ?? history.get(history.firstSince(at))?.index
    if (index !== undefined) return index
    const waiting = this.#unsealed.indexSince(at)
    if (waiting !== undefined) return waiting
    if (this.#fading && this.#fading.at >= at) return this.#fading.index
    const batch = this.#batch
    return batch && batch.count > 0 && batch.at >= at ? batch.index : this.#index
  }

  /** The bodies of packets to come, as far as they are known. */
  *unsealed(now: number): Generator<EarlyPacket> {
    yield* this.#unsealed.bodies(now)
    if (this.#fading) yield { flags: 0, body: this.#fading.body(now), since: now }
    const batch = this.#batch
    if (batch && batch.count > 0) yield { flags: 0, body: batch.body, since: batch.at }
  }

  /** How many messages have expired before they were sent, since the last call. */
  takeExpired(): number {
    const { expired } = this.#unsealed
    this.#unsealed.expired = 0
    return expired
  }

  /** The next packet for the pacer, if any. What has expired meanwhile will not be one. */
  peek(now: number): Uint8Array | undefined {
    if (this.sent === this.#number) this.#sealNext(now)
    const next = this.history.get(this.sent + 1)
    return next && renewed(this.options, next)
  }

  /** When the packet that `peek` gave may leave: `now`, or when to look again. */
  leavesAt(now: number): number {
    const { flow } = this.options
    const next = this.history.get(this.sent + 1)
    if (!flow || !next) return now
    return flow.mayLeave(now, next.packet.length, this.indexAt(this.sent + 2) - next.index)
  }

  /** The packet that `peek` gave has left; returns how many waiting bytes that was. */
  advance(now: number): number {
    this.sent += 1
    const stored = this.history.get(this.sent)!
    const messages = this.indexAt(this.sent + 1) - stored.index
    this.options.flow?.sent(now, stored.packet.length, messages)
    stored.sentAt = now
    const { charge } = stored
    this.waiting -= charge
    if (!this.#queued) this.urgent = false
    if (this.options.delivery !== 'reliable') {
      this.history.shift()
      return charge
    }
    this.heartbeatMs = now < this.lossyUntil ? HEARTBEAT_LOSSY_MS : HEARTBEAT_MIN_MS
    // A busy stream beats, too: receivers learn from it how many they are.
    this.#busyAt ??= now
    this.heartbeatAt = Math.min(now + this.heartbeatMs, this.#busyAt + HEARTBEAT_BUSY_MS)
    return charge
  }

  /** A heartbeat has left: the next one comes after twice the time. */
  decay(now: number): void {
    this.#busyAt = undefined
    this.heartbeatMs = Math.min(HEARTBEAT_MAX_MS, this.heartbeatMs * 2)
    this.heartbeatAt = now + this.heartbeatMs
  }

  /** Whether packets wait for the pacer, sealed or not. */
  get #queued(): boolean {
    return this.sent < this.#number || !this.#unsealed.empty
  }

  #sealBatch(batch: Batch): void {
    if (batch.count === 0) return
    const { at, index } = batch
    if (this.#unsealed.empty) this.#append({ flags: 0, body: batch.body, at, index })
    else this.waiting += this.#unsealed.push({ body: new Uint8Array(batch.body), at, index })
    batch.clear()
  }

  /** Takes a message into the batch of those that expire. */
  #fade(now: number, sentAt: number, message: Brief): number {
    if (this.#batch) this.#sealBatch(this.#batch)
    if (this.#fading && !this.#fading.fits(message)) this.#postponeFading()
    const about = { at: now, index: this.#index, sentAt }
    const fading = this.#fading ?? new Fading(this.options.bodySize, about)
    if (!fading.fits(message)) return this.#cut(now, sentAt, message)
    this.#fading = fading
    fading.add(message)
    return this.#index++
  }

  #postponeFading(): void {
    if (this.#fading) this.waiting += this.#unsealed.push(this.#fading)
    this.#fading = undefined
  }

  /** Takes a message that is larger than a packet. */
  #cut(now: number, sentAt: number, message: Outgoing): number {
    const about = { index: this.#index, sentAt, at: now }
    this.waiting += this.#unsealed.push(new Fragments(message, this.options.bodySize, about))
    return this.#index++
  }

  /** Makes the next packet of what waits unsealed and has not expired. */
  #sealNext(now: number): void {
    const next = this.#unsealed.take(now)
    const { dropped } = this.#unsealed
    this.#unsealed.dropped = 0
    if (dropped > 0) this.#dropped(now, dropped)
    if (next) this.#append(next)
  }

  /** Something has expired and is not sent: a heartbeat says soon how far the stream is. */
  #dropped(now: number, size: number): void {
    this.waiting -= size
    if (this.options.delivery !== 'reliable') return
    // Who has confirmed everything does not know of this yet.
    for (const one of this.attached.values()) one.next = Math.min(one.next, this.sent)
    this.heartbeatMs = HEARTBEAT_MIN_MS
    this.heartbeatAt = Math.min(this.heartbeatAt, now + HEARTBEAT_MIN_MS)
  }

  #append({ flags, body, at, index, charge, expiresAt = Infinity }: Sealable): void {
    const packet = this.options.seal(flags, this.#allocate(), body)
    const kept = { packet, at, index, charge: charge ?? packet.length }
    this.history.append(expiresAt < Infinity ? { ...kept, expiresAt } : kept)
    if (charge === undefined) this.waiting += packet.length
  }

  #allocate(): number {
    if (this.#number >= NUMBER_MAX) throw new RangeError('the stream has used all its numbers')
    this.#number += 1
    return this.#number
  }
}
