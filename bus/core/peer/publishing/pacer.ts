/**
 * What leaves, and when: new packets, repairs and answers share one token bucket.
 *
 * Repairs that several need come before new packets, which slows those: a group that cannot keep
 * up is sent less. What only one receiver needs gets a quarter of the turns, and so do answers.
 * Streams take turns, and askers among themselves. What is urgent goes before all that is new, and
 * leaves every other turn to repairs and answers: what is lost of it must come, too.
 */
import { type Endpoint, sameDestination } from '../../output.ts'
import type { Context } from '../context.ts'
import { Keeper } from './keeper.ts'
import { FairQueue } from '../../stream/fair-queue.ts'
import { hasExpired, type Repair, renewed, type StoredPacket } from '../../stream/history.ts'
import { burstOf, TokenBucket } from '../../stream/pace.ts'
import { Rate } from '../../stream/rate.ts'
import type { SenderStream } from '../../stream/sender.ts'

/** One packet that is asked for again. */
export interface Wanted extends Repair {
  readonly stream: SenderStream
  readonly number: number
  readonly stored: StoredPacket
}

/** A packet that is made when its turn has come: parity, or a piece of an answer. */
export interface MadePacket {
  readonly to: string | Endpoint
  /** `undefined` when it is of no use any more, or what it is made of is no longer kept. */
  readonly packet: () => Uint8Array | undefined
  readonly left: (now: number) => void
}

/** Sent, nothing to send, or when to try again. */
type Step = 'sent' | 'none' | number
type Source = 'repair' | 'solo' | 'new' | 'answer'

export class Pacer {
  readonly #context: Context
  readonly #burst: number
  readonly #bucket: TokenBucket
  readonly #rate: Rate
  /** Called for each new packet that has left. */
  readonly #sent: (now: number, stream: SenderStream) => void
  readonly #sending = new Set<SenderStream>()
  /** Those of them that go before the others. */
  readonly #urgent = new Set<SenderStream>()
  readonly #keeper: Keeper
  /** Repairs for several, and for one. */
  readonly #repairs = new FairQueue<Wanted | MadePacket>(REPAIRS_MAX)
  readonly #soloRepairs = new FairQueue<Wanted | MadePacket>(SOLO_REPAIRS_MAX)
  /** By asker. */
  readonly #answers = new FairQueue<Wanted | MadePacket>(ANSWERS_MAX)
  /** What is to be made and whose turn it is, once it has been. */
  #made: { readonly from: MadePacket; readonly packet: Uint8Array | undefined } | undefined
  #waiting = 0
  #overMark = false
  #turn = 0
  /** Something urgent left just now: the next turn is for what else waits, were it a repair of it. */
  #urgentLeft = false
  #repairedAt = -Infinity
  readonly #flushes: { readonly id: number; readonly heads: Map<SenderStream, number> }[] = []

  constructor(now: number, context: Context, sent: (now: number, stream: SenderStream) => void) {
    this.#context = context
    this.#sent = sent
    this.#keeper = new Keeper(context)
    const { rate, minRate, packetSize } = context.config
    this.#burst = burstOf(packetSize)
    this.#bucket = new TokenBucket(rate, this.#burst, now)
    this.#rate = new Rate(minRate, rate, packetSize)
  }

  /** Sealed bytes that wait. */
  get waiting(): number {
    return this.#waiting
  }

  get idle(): boolean {
    return this.#sending.size + this.#urgent.size === 0
  }

  /** Bytes a second that leave at most, as receivers take them. */
  get rate(): number {
    return this.#rate.value
  }

  /** How long a full packet takes to leave at this rate, ms. */
  get packetMs(): number {
    return (this.#context.config.packetSize * 1000) / this.#rate.value
  }

  /** A receiver has missed so many of so many further packets. */
  lossReported(missed: number, all: number): void {
    this.#rate.report(missed, all)
  }

  /** When something was last sent again. */
  get repairedAt(): number {
    return this.#repairedAt
  }

  get overMark(): boolean {
    return this.#overMark
  }

  /** A stream has more to send: `bytes` were sealed since the last call. */
  add(stream: SenderStream, bytes: number): void {
    this.#waiting += bytes
    if (this.#waiting > this.#context.limits.sendMark) this.#overMark = true
    // Who is in line keeps its place, however often it publishes.
    if (stream.pending) this.#enlist(stream)
  }

  /** Sends a packet again; one that waits already, and somebody else wants too, is for all. */
  repair(wanted: Wanted): void {
    const { stored, to, urgent, stream } = wanted
    const waiting = stored.repair
    if (waiting) {
      const { group } = stream.options
      if (waiting.to === group || sameDestination(waiting.to, to)) return
      // In the place of the group: that of the one who asked first may be far behind.
      stored.repair = undefined
      return this.repair({ ...wanted, to: group, urgent: true })
    }
    const queue = urgent ? this.#repairs : this.#soloRepairs
    const key = typeof to === 'string' ? '' : `${to.address} ${to.port}`
    if (queue.push(key, wanted)) stored.repair = wanted
    else this.#context.metrics.count('repairsFull')
  }

  /** Sends parity, as a repair for several. */
  parity(parity: MadePacket): void {
    if (!this.#repairs.push('', parity)) this.#context.metrics.count('repairsFull')
  }

  /** Sends a piece of an answer to an asker; false when too many wait for it already. */
  answer(asker: string, piece: MadePacket): boolean {
    return this.#answers.push(asker, piece)
  }

  /** Asks to be told (`flushed`) when everything that waits now has left. */
  flush(id: number): void {
    const heads = new Map<SenderStream, number>()
    for (const streams of [this.#sending, this.#urgent]) {
      for (const stream of streams) heads.set(stream, stream.target)
    }
    this.#flushes.push({ id, heads })
    this.#report()
  }

  /** No stream waits for receivers any more. */
  openGates(now: number): void {
    for (const stream of [...this.#sending, ...this.#urgent]) stream.gateUntil = now
    this.pump(now)
  }

  /** Sends what the bucket allows. */
  pump(now: number): void {
    this.#rate.step(now)
    this.#bucket.setRate(now, this.#rate.value)
    let again = now
    while (again <= now) again = this.#sendOne(now)
    if (again < Infinity) this.#context.timers.setBefore('pace', again)
    this.#report()
  }

  /** Forgets sent packets that are too old. */
  housekeep(now: number): void {
    this.#keeper.expire(now)
  }

  /** Sends one packet and returns `now`, or when there may be one to send, or `Infinity`. */
  #sendOne(now: number): number {
    const urgent = this.#urgentLeft ? 'none' : this.#sendNew(now, this.#urgent)
    if (urgent !== 'none') {
      this.#urgentLeft = urgent === 'sent'
      return urgent === 'sent' ? now : urgent
    }
    for (const source of TURNS[this.#turn % TURNS.length]!) {
      const step = this.#sendFrom(now, source)
      if (step === 'none') continue
      // Whose turn it is waits for it, else the smallest packets would always go first.
      if (step !== 'sent') return step
      this.#turn += 1
      this.#urgentLeft = false
      return now
    }
    return Infinity
  }

  #sendFrom(now: number, source: Source): Step {
    if (source === 'new') {
      const urgent = this.#sendNew(now, this.#urgent)
      return urgent === 'none' ? this.#sendNew(now, this.#sending) : urgent
    }
    if (source === 'answer') return this.#sendRepair(now, this.#answers)
    return this.#sendRepair(now, source === 'repair' ? this.#repairs : this.#soloRepairs)
  }

  /** One packet that was asked for, or that answers a question. */
  #sendRepair(now: number, wanted: FairQueue<Wanted | MadePacket>): Step {
    for (let repair = wanted.first; repair; repair = wanted.first) {
      const packet = 'stored' in repair ? keptPacket(now, repair) : this.#make(repair)
      if (packet) {
        const cost = this.#costOf(repair.to, packet)
        if (!this.#bucket.take(now, cost)) return this.#bucket.when(now, cost)
        this.#context.transmit(repair.to, packet)
        if (wanted !== this.#answers) this.#repairedAt = now
        if ('stored' in repair) this.#sentAgain(now, repair)
        else repair.left(now)
      }
      if ('stored' in repair && repair.stored.repair === repair) repair.stored.repair = undefined
      wanted.shift()
      if (packet) return 'sent'
    }
    return 'none'
  }

  /** Bytes that leave, with the copies for those whom no multicast reaches. */
  #costOf(to: string | Endpoint, { length }: Uint8Array): number {
    const copies = typeof to === 'string' ? this.#context.beside(to).length : 0
    return copies === 0 ? length : Math.min(this.#burst, length * (1 + copies))
  }

  #sentAgain(now: number, { stored, to }: Wanted): void {
    this.#context.metrics.count('repairsSent')
    stored.repairedAt = now
    stored.repairedTo = to
  }

  /** Made once, though it may have to wait for the bucket. */
  #make(from: MadePacket): Uint8Array | undefined {
    if (this.#made?.from !== from) this.#made = { from, packet: from.packet() }
    return this.#made.packet
  }

  /** One new packet, of the stream whose turn it is. */
  #sendNew(now: number, streams: Set<SenderStream>): Step {
    let gate = Infinity
    for (const stream of streams) {
      if (stream.gateUntil > now) {
        gate = Math.min(gate, stream.gateUntil)
        continue
      }
      const packet = this.#peek(now, stream)
      if (!packet) {
        streams.delete(stream)
        continue
      }
      const leavesAt = stream.leavesAt(now)
      if (leavesAt > now) {
        gate = Math.min(gate, leavesAt)
        continue
      }
      const cost = this.#costOf(stream.options.group, packet)
      if (!this.#bucket.take(now, cost)) return this.#bucket.when(now, cost)
      this.#context.transmit(stream.options.group, packet)
      this.#advance(now, stream, packet.length)
      return 'sent'
    }
    if (gate < Infinity) this.#context.timers.setBefore('pace', gate)
    return 'none'
  }

  /** What a stream sends next; what has expired before it does not wait any more. */
  #peek(now: number, stream: SenderStream): Uint8Array | undefined {
    const before = stream.waiting
    const packet = stream.peek(now)
    this.#waiting -= before - stream.waiting
    const expired = stream.takeExpired()
    if (expired === 0) return packet
    this.#context.metrics.count('messagesExpired', expired)
    this.#sent(now, stream)
    // The newest value of a `latest` stream may have taken the place of what has expired.
    return packet ?? this.#peek(now, stream)
  }

  #advance(now: number, stream: SenderStream, size: number): void {
    this.#waiting -= stream.advance(now)
    this.#sent(now, stream)
    // To the end of the line, so that streams take turns.
    this.#sending.delete(stream)
    this.#urgent.delete(stream)
    if (stream.pending) this.#enlist(stream)
    if (stream.options.delivery === 'reliable') this.#keeper.keep(now, stream, size)
  }

  #enlist(stream: SenderStream): void {
    if (!stream.urgent) return void this.#sending.add(stream)
    this.#sending.delete(stream)
    this.#urgent.add(stream)
  }

  /** Tells what has become true: room in the queue again, a flush done. */
  #report(): void {
    if (this.#overMark && this.#waiting <= this.#context.limits.sendMark) {
      this.#overMark = false
      this.#context.emit({ type: 'ready' })
    }
    for (let flush = this.#flushes[0]; flush; flush = this.#flushes[0]) {
      for (const [stream, head] of flush.heads) {
        if (stream.sent >= head || !stream.pending) flush.heads.delete(stream)
      }
      if (flush.heads.size > 0) return
      this.#flushes.shift()
      this.#context.emit({ type: 'flushed', id: flush.id })
    }
  }
}

/** The packet, unless the history has let it go, its time is over, or it waits elsewhere. */
function keptPacket(now: number, repair: Wanted): Uint8Array | undefined {
  const { stream, number, stored } = repair
  const here = stored.repair === repair && stream.history.get(number) === stored
  return here && !hasExpired(now, stored) ? renewed(stream.options, stored) : undefined
}

/** Packets that wait to be sent again: to the group, and to one receiver. */
const REPAIRS_MAX = 16_384
const SOLO_REPAIRS_MAX = 4096
/** Pieces of answers to one asker that wait: those beyond come back a little later. */
const ANSWERS_MAX = 16_384
/** Who comes first, turn by turn. */
const TURNS: readonly (readonly Source[])[] = [
  ['repair', 'new', 'answer', 'solo'],
  ['answer', 'repair', 'new', 'solo'],
  ['solo', 'repair', 'answer', 'new'],
  ['new', 'repair', 'answer', 'solo'],
]
