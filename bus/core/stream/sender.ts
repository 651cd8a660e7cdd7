/**
 * The sending half of a stream: one topic of one instance.
 *
 * Messages are batched into bodies, bodies are sealed under fresh numbers into packets, packets
 * wait in the history for the pacer and stay there for repair. A large message is cut and sealed
 * only as the pacer takes it; what is published behind it waits unsealed. `allocate` is the only
 * place that gives out numbers, and it never goes back.
 */
import type { Delivery } from '../output.ts'
import { Flag, NUMBER_MAX } from '../wire/packet.ts'
import { Batch } from './batch.ts'
import { Fragments } from './fragments.ts'
import { History } from './history.ts'
import { Ring } from '../ring.ts'

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

/** Whole messages that wait behind a large one. */
interface Whole {
  readonly body: Uint8Array
  readonly at: number
  readonly index: number
}

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
  /** A large message and what is behind it: sealed when the pacer asks for it. */
  readonly #unsealed = new Ring<Fragments | Whole>()
  /** Packets that `#unsealed` will become. */
  #unsealedPackets = 0
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
    return this.#queued || this.#latest !== undefined
  }

  /** The number that everything published so far has left with. */
  get target(): number {
    const last = this.#number + this.#unsealedPackets
    return this.#latest ? last + 1 : last
  }

  /** Takes one message and returns its index. `sentAt` in ms since 1970. */
  publish(now: number, sentAt: number, message: { codec: number; payload: Uint8Array }): number {
    const { codec, payload } = message
    const batch = (this.#batch ??= new Batch(this.options.bodySize))
    if (!batch.fits(payload.length)) this.#sealBatch(batch)
    if (!batch.fits(payload.length)) {
      const fragments = new Fragments(message, this.options.bodySize, {
        index: this.#index,
        sentAt,
        at: now,
      })
      this.#postpone(fragments, fragments.count, fragments.size)
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
    if (!this.#latest || this.#queued) return undefined
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
    const unsealed = this.#unsealed.first
    if (unsealed) return unsealed.index
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
    for (let place = 0; place < this.#unsealed.size; place++) {
      const unsealed = this.#unsealed.at(place)!
      if (unsealed.at >= at) return unsealed.index
    }
    const batch = this.#batch
    return batch && batch.count > 0 && batch.at >= at ? batch.index : this.#index
  }

  /** The bodies of packets to come, as far as they are known. */
  *unsealed(): Generator<{ readonly flags: number; readonly body: Uint8Array }> {
    for (let place = 0; place < this.#unsealed.size; place++) {
      const waiting = this.#unsealed.at(place)!
      if (!(waiting instanceof Fragments)) yield { flags: 0, body: waiting.body }
      else for (const body of waiting.rest()) yield { flags: Flag.fragment, body }
    }
    if (this.#batch && this.#batch.count > 0) yield { flags: 0, body: this.#batch.body }
  }

  /** The next packet for the pacer, if any. */
  peek(): Uint8Array | undefined {
    if (this.sent === this.#number) this.#sealNext()
    return this.history.get(this.sent + 1)?.packet
  }

  /** The packet that `peek` gave has left; returns how many waiting bytes that was. */
  advance(now: number): number {
    this.sent += 1
    const stored = this.history.get(this.sent)!
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
    return this.sent < this.#number || this.#unsealed.size > 0
  }

  #sealBatch(batch: Batch): void {
    if (batch.count === 0) return
    const { at, index } = batch
    if (this.#unsealed.size === 0) this.#append({ flags: 0, body: batch.body, at, index })
    else this.#postpone({ body: new Uint8Array(batch.body), at, index }, 1, batch.body.length)
    batch.clear()
  }

  #postpone(unsealed: Fragments | Whole, packets: number, size: number): void {
    this.#unsealed.push(unsealed)
    this.#unsealedPackets += packets
    this.waiting += size
  }

  /** Makes the next packet of what waits unsealed. */
  #sealNext(): void {
    const unsealed = this.#unsealed.first
    if (!unsealed) return
    const { at, index } = unsealed
    this.#unsealedPackets -= 1
    if (!(unsealed instanceof Fragments)) {
      const { body } = unsealed
      this.#unsealed.shift()
      return this.#append({ flags: 0, body, at, index, charge: body.length })
    }
    const { body, charge } = unsealed.next()
    if (unsealed.count === 0) this.#unsealed.shift()
    this.#append({ flags: Flag.fragment, body, at, index, charge })
  }

  /** `charge`: bytes of it that have been counted as waiting already. */
  #append(from: Whole & { readonly flags: number; readonly charge?: number }): void {
    const { flags, body, at, index } = from
    const packet = this.options.seal(flags, this.#allocate(), body)
    const charge = from.charge ?? packet.length
    this.history.append({ packet, at, index, charge })
    if (from.charge === undefined) this.waiting += charge
  }

  #allocate(): number {
    if (this.#number >= NUMBER_MAX) throw new RangeError('the stream has used all its numbers')
    this.#number += 1
    return this.#number
  }
}
