/**
 * The sending half of a stream: one topic of one instance.
 *
 * Messages are batched into bodies, bodies are sealed under fresh numbers into packets, packets
 * wait in the history for the pacer and stay there for repair. A large message is cut and sealed
 * only as the pacer takes it; what is published behind it waits unsealed. `allocate` is the only
 * place that gives out numbers, and it never goes back.
 */
import { isSigned, NUMBER_MAX } from '../wire/packet.ts'
import { LEAVES_MAX } from '../wire/signed.ts'
import { type Batch, batchOf, giveBack } from './batch.ts'
import { Beat } from './beat.ts'
import { type Brief, Fading, type Outgoing } from './fading.ts'
import { Fragments } from './fragments.ts'
import { History, renewed } from './history.ts'
import type { ProofOut } from './proof-out.ts'
import type { EarlyPacket } from './reorder.ts'
import type { Attached, SenderOptions } from './sender-options.ts'
import { type Sealable, Unsealed } from './unsealed.ts'

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
  readonly beat: Beat = new Beat()
  /** When it last said what it no longer has. */
  oldestToldAt: number = -Infinity
  /** Bytes that wait for the pacer: sealed, behind or in a large message, or the newest value. */
  waiting = 0
  /** So many of the last messages stay in the history, however old they are. */
  retain = 0
  /** Until when those of its messages may be answered that are questions. */
  askedUntil: number = -Infinity
  /** Something urgent waits: this stream goes before others. */
  urgent = false
  #number = 0
  #index = 0
  /** When the first message of the last packet was published. */
  #lastAt = 0
  /** What is unsealed leaves with its proof right behind it. */
  #hurried = false
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
    const { packets } = this.#unsealed
    const last = this.#number + packets + (this.options.proof?.ahead(packets) ?? 0)
    return this.#latest ? last + 1 : last
  }

  /** Takes one message and returns its index. `sentAt` in ms since 1970. */
  publish(now: number, sentAt: number, message: Outgoing): number {
    const { codec, payload, expiresAt, question } = message
    if (question) this.askedUntil = Math.max(this.askedUntil, expiresAt ?? -Infinity)
    if (expiresAt !== undefined) return this.#fade(now, sentAt, { ...message, expiresAt })
    this.#postponeFading()
    const batch = (this.#batch ??= batchOf(this.options.bodySize))
    if (!batch.fits(payload.length, message)) this.#sealBatch(batch)
    if (!batch.fits(payload.length, message)) return this.#cut(now, sentAt, message)
    if (batch.count === 0) batch.open(now, this.#index, sentAt)
    batch.add(codec, payload, message)
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
    if (this.#batch && this.options.bodySize > KEPT_BATCH_SIZE) {
      giveBack(this.#batch)
      this.#batch = undefined
    }
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

  /** The packet whose signature vouches for packet `number`, or one that is not sent yet. */
  provenBy(number: number): number {
    for (let at = number; at <= Math.min(this.sent, number + LEAVES_MAX); at++) {
      const stored = this.history.get(at)
      if (!stored || (at === number ? isSigned(stored.packet) : stored.bare)) return at
    }
    return this.sent + 1
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
    // While a signature is made, those of the next packets are, too.
    const ahead = this.options.proof?.awaited(this.sent + 1) ? SIGNED_AHEAD : 0
    while (this.#number - this.sent < ahead && !this.#unsealed.empty) this.#sealNext(now)
    const next = this.history.get(this.sent + 1)
    return next && renewed(this.options, next)
  }

  /** When the packet that `peek` gave may leave: `now`, or when to look again. */
  leavesAt(now: number): number {
    const { flow, proof } = this.options
    const next = this.history.get(this.sent + 1)
    if (proof?.awaited(this.sent + 1)) return Infinity
    // Receivers take what was sent when its proof has come: that must not wait for them.
    if (!flow || !next || next.bare) return now
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
    this.beat.sent(now)
    return charge
  }

  /** Signs for what has been sealed since the last signature; what is unsealed goes before. */
  prove(now: number): void {
    const { proof } = this.options
    this.#hurried = !this.#unsealed.empty
    if (!this.#hurried && proof && proof.open > 0) this.#checkpoint(now, proof)
  }

  /** The `proof` timer: what is unsealed has time. */
  proveSealed(now: number): void {
    const { proof } = this.options
    if (proof && proof.dueAt <= now) this.#checkpoint(now, proof)
  }

  /** Whether packets wait for the pacer, sealed or not. */
  get #queued(): boolean {
    return this.sent < this.#number || !this.#unsealed.empty
  }

  #sealBatch(batch: Batch): void {
    if (batch.count === 0) return
    const { at, index, body } = batch
    batch.clear()
    if (this.#unsealed.empty) this.#append({ flags: 0, body, at, index })
    else this.waiting += this.#unsealed.push({ body: new Uint8Array(body), at, index })
    this.#proveFull(at)
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
    if (!next) return
    this.#append(next, now)
    if (this.#hurried) this.prove(now)
    this.#proveFull(now)
  }

  /** Something has expired and is not sent: a heartbeat says soon how far the stream is. */
  #dropped(now: number, size: number): void {
    this.waiting -= size
    if (this.options.delivery !== 'reliable') return
    // Who has confirmed everything does not know of this yet.
    for (const one of this.attached.values()) one.next = Math.min(one.next, this.sent)
    this.beat.soon(now)
  }

  #proveFull(now: number): void {
    const { proof } = this.options
    if (proof?.full) this.#checkpoint(now, proof)
  }

  #checkpoint(now: number, proof: ProofOut, index = this.indexAt(this.#number + 1)): void {
    const packet = proof.checkpoint(now, this.#allocate())
    this.history.append({ packet, at: this.#lastAt, index, charge: packet.length, bare: true })
    this.waiting += packet.length
  }

  #append(sealable: Sealable, now: number = sealable.at): void {
    const { flags, body, at, index, charge, expiresAt } = sealable
    const { proof, seal } = this.options
    const messages = proof ? this.indexAt(this.#number + 1) - index : 0
    if (proof && !proof.fits(body.length, messages)) this.#checkpoint(now, proof, index)
    const number = this.#allocate()
    const packet = proof?.seal(now, { flags, number, body }, messages) ?? seal(flags, number, body)
    this.#lastAt = at
    const size = charge ?? packet.length
    this.history.append({ packet, at, index, charge: size, expiresAt, sentAt: undefined })
    if (charge === undefined) this.waiting += packet.length
  }

  #allocate(): number {
    if (this.#number >= NUMBER_MAX) throw new RangeError('the stream has used all its numbers')
    this.#number += 1
    return this.#number
  }
}

const KEPT_BATCH_SIZE = 2048
/** Packets of a stream that wait for their signatures at a time. */
const SIGNED_AHEAD = 16
