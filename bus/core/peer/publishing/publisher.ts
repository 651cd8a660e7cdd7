/**
 * The publishing half of a peer: streams by topic, batching, attaching, heartbeats.
 *
 * A published message goes into its stream's batch; the turn's end (or a full packet, or `urgent`)
 * seals the batch and hands it to the pacer. Streams are gated for the first moments of a process,
 * until receivers have had the time to find it: what they attach for is then sent only once.
 */
import { Announcer } from './announcer.ts'
import { audienceOf } from './audience.ts'
import type { Context, Remote } from '../context.ts'
import { type ControlOut, ENTRIES_MAX } from '../control.ts'
import { Openings } from './openings.ts'
import { Pacer } from './pacer.ts'
import { deliverLocally } from './local.ts'
import { ParityOut } from './parity.ts'
import { Renewal } from '../realm/renewal.ts'
import { Prover } from './prover.ts'
import { Responder } from './responder.ts'
import { Seating } from './seating.ts'
import type { OwnSubscriptions } from './seating-parts.ts'
import {
  type Audience,
  type Offer,
  type OfferFault,
  type Publication,
  type PublishFault,
  questionOf,
} from '../../publication.ts'
import type { SenderStream, Settled } from '../../stream/sender.ts'
import type { Cell } from '../../tally.ts'
import { isExact, matches, type Pattern } from '../../topic/pattern.ts'
import { HeartbeatFlag } from '../../wire/control.ts'

export class Publisher {
  readonly #context: Context
  readonly #control: ControlOut
  readonly #subscriber: OwnSubscriptions
  readonly announcer: Announcer
  readonly responder: Responder
  readonly seating: Seating
  readonly #pacer: Pacer
  readonly #parity: ParityOut
  readonly #renewal: Renewal
  readonly #openings: Openings
  readonly #prover: Prover
  readonly #batching = new Set<SenderStream>()
  readonly #published: Cell
  /** Streams with heartbeats to come: every reliable one that has sent. */
  readonly #beating = new Set<SenderStream>()
  #sealedAt = -Infinity

  constructor(
    now: number,
    context: Context,
    parts: {
      readonly control: ControlOut
      readonly subscriber: OwnSubscriptions
    },
  ) {
    this.#context = context
    this.#published = context.metrics.cell('messagesPublished')
    this.#control = parts.control
    this.#subscriber = parts.subscriber
    this.announcer = new Announcer(context, parts.control, () => this.streams)
    this.#pacer = new Pacer(now, context, (at, stream) => this.#sent(at, stream))
    const { control } = parts
    const pacer = this.#pacer
    const parity = new ParityOut(context, pacer)
    this.#parity = parity
    const beat = (stream: SenderStream) => this.#heartbeat(stream.options.group, 0, [stream])
    this.#renewal = new Renewal(context)
    this.#prover = new Prover(context, pacer)
    this.#openings = new Openings(context, {
      gate: now + DISCOVERY_MS,
      matching: (segments) => this.#subscriber.matching(segments),
      prover: this.#prover,
      sharesOf: (topic, forQuestions) => this.seating.sharesOf(topic, forQuestions),
      opened: (stream, sealing) => {
        this.announcer.add(stream)
        this.#renewal.add(stream, sealing)
        this.seating.settle(stream.openedAt, stream)
      },
    })
    const { streams } = this.#openings
    this.responder = new Responder(context, { control, pacer, parity, streams, beat })
    this.seating = new Seating(context, {
      control,
      pacer,
      openings: this.#openings,
      subscriber: this.#subscriber,
      took: (stream, before) => this.#took(stream, before),
      turn: (at) => this.turnEnds(at),
    })
    parts.subscriber.seats.own = this.seating
  }

  get streams(): readonly SenderStream[] {
    return this.#openings.streams
  }

  /** What leaves, and when. */
  get pacer(): Pacer {
    return this.#pacer
  }

  /** Whether messages of shared streams are still to be given to somebody. */
  get sharing(): boolean {
    return this.seating.busy || (this.seating.isShared && !this.idle)
  }

  /** Whether everything published has left this process. */
  get idle(): boolean {
    return this.#batching.size === 0 && this.#pacer.idle && this.#prover.idle
  }

  /** When something was last sent again. */
  get repairedAt(): number {
    return this.#pacer.repairedAt
  }

  get overMark(): boolean {
    return this.#pacer.overMark
  }

  /** Takes a message, or says which bound forbids it; then nothing has happened. */
  publish(now: number, publication: Publication): PublishFault {
    const { limits, metrics, config } = this.#context
    const { codec, payload, delivery, urgent, expiresMs } = publication
    const question = questionOf(publication)
    // One large message may go beyond the bound, as long as little else waits, and what is urgent
    // beside it.
    const { waiting, overMark } = this.#pacer
    const bound = urgent ? limits.sendSize + limits.messageSize : limits.sendSize
    if (overMark && waiting + payload.length > bound) {
      metrics.count('sendFull')
      return 'queue'
    }
    const stream = this.#openings.open(now, publication)
    if (typeof stream === 'string') return stream
    this.#published.value += 1
    const before = stream.waiting
    const expiresAt = expiresMs === undefined ? undefined : now + expiresMs
    const message = { codec, payload, expiresAt, question }
    const { everybody = false } = publication
    if (stream.options.shares) this.seating.publish(now, stream, { message, everybody })
    else if (delivery === 'reliable' || delivery === 'best-effort') {
      const index = stream.publish(now, now + config.wallOffset, message)
      if (stream.local.length > 0) this.#deliver(now, stream, { ...message, index })
    } else if (stream.conflate(message)) {
      metrics.count('messagesConflated')
    }
    this.#took(stream, before)
    if (urgent) stream.urgent = true
    if (urgent) this.onTurn(now)
    else if (this.#batching.size > OPEN_BATCHES_MAX) this.#seal(now)
    return undefined
  }

  /** Announces a topic before anything is published on it: how many peers have attached to it. */
  offer(now: number, offer: Offer): number | OfferFault {
    const stream = this.#openings.open(now, offer)
    if (typeof stream === 'string') return stream
    this.onTurn(now)
    return stream.attached.size
  }

  /** Who gets the messages of a topic; who has said that it wants no more of it does not. */
  audience(topic: string): Audience {
    return audienceOf(this.#openings.of(topic))
  }

  /** The end of a turn of the program: what was published in it leaves now. */
  onTurn(now: number): void {
    this.#seal(now)
    this.#pacer.pump(now)
  }

  /** When the batches of this turn should leave: at once, or a millisecond after the last ones. */
  turnEnds(now: number): void {
    if (this.#batching.size === 0) return
    if (now - this.#sealedAt >= BATCH_MS) return this.onTurn(now)
    this.#context.timers.setBefore('batch', this.#sealedAt + BATCH_MS)
    // Full packets gain nothing by waiting, once they are as many as a system call takes.
    if (this.#pacer.waiting >= CALL_SIZE) this.#pacer.pump(now)
  }

  /** Subscriptions of a pattern have changed: local takers are found anew. */
  rematch(now: number, pattern: Pattern): void {
    if (isExact(pattern)) {
      const stream = this.#openings.of(pattern.text)
      if (stream) this.#rematch(now, stream)
      return
    }
    for (const stream of this.streams) {
      if (matches(pattern, stream.options.segments)) this.#rematch(now, stream)
    }
  }

  /** The `pace` timer. */
  pump(now: number): void {
    this.#pacer.pump(now)
  }

  /** Asks to be told (`flushed`) when everything published so far has left. */
  flush(now: number, id: number): void {
    this.prove(now)
    this.#pacer.flush(id)
  }

  /** What was published leaves now, and so does what proves it. */
  prove(now: number): void {
    this.#seal(now)
    this.#prover.hurry(now, this.streams)
    this.#pacer.pump(now)
  }

  /** The `proof` timer. */
  onProofTimer(now: number): void {
    this.#prover.onTimer(now)
  }

  /** This process stood still for `ms`. */
  forgive(ms: number): void {
    for (const { options } of this.streams) options.flow?.forgive(ms)
  }

  /** An instance has gone, or has fallen `silent`. */
  forget(now: number, remote: Remote, silent: boolean): void {
    this.responder.forget(remote, silent)
    this.seating.forget(now, remote.instance)
  }

  /** No stream waits for its receivers any more. */
  hurry(now: number): void {
    const paced = this.streams.filter(({ options }) => options.flow)
    for (const { options } of paced) options.flow?.release()
    if (paced.length > 0) this.#pacer.pump(now)
  }

  openGates(now: number): void {
    this.#pacer.openGates(now)
  }

  /** The `heartbeat` timer: heads of streams that have fallen silent. */
  onHeartbeatTimer(now: number): void {
    const decayed: SenderStream[] = []
    let next = Infinity
    for (const stream of this.#beating) {
      if (stream.beat.at <= now) {
        this.#parity.rests(now, stream)
        if (stream.beat.waitMs < DIGEST_MS) this.#heartbeat(stream.options.group, 0, [stream])
        else decayed.push(stream)
        stream.beat.decay(now)
      }
      next = Math.min(next, stream.beat.at)
    }
    this.#heartbeat(this.#context.controlGroup, 0, decayed)
    if (next < Infinity) this.#context.timers.setBefore('heartbeat', next)
  }

  /** Says where these streams end, and asks their receivers for cursors. */
  finalHeartbeat(streams: readonly SenderStream[]): void {
    this.#heartbeat(this.#context.controlGroup, HeartbeatFlag.final, streams)
  }

  housekeep(now: number): void {
    this.#pacer.housekeep(now)
    this.seating.housekeep(now)
    this.#renewal.housekeep(now)
  }

  #rematch(now: number, stream: SenderStream): void {
    stream.local = this.#subscriber.matching(stream.options.segments)
    this.seating.settle(now, stream)
  }

  /** A stream has taken a message: it is to be sealed, and sent. */
  #took(stream: SenderStream, before: number): void {
    if (stream.waiting !== before) this.#pacer.add(stream, stream.waiting - before)
    this.#prover.watch(stream)
    this.#batching.add(stream)
  }

  #deliver(now: number, stream: SenderStream, message: Settled): void {
    deliverLocally(now, this.#context, { stream, message, subscriptions: stream.local })
  }

  /** Seals every open batch; announcements go first. */
  #seal(now: number): void {
    this.#sealedAt = now
    this.announcer.announce(now)
    for (const stream of this.#batching) this.#sealStream(now, stream)
    this.#batching.clear()
  }

  #sealStream(now: number, stream: SenderStream): void {
    const before = stream.waiting
    if (stream.options.delivery === 'latest') {
      const settled = stream.settle(now, now + this.#context.config.wallOffset)
      if (settled) this.#deliver(now, stream, settled)
    } else stream.flush()
    this.#pacer.add(stream, stream.waiting - before)
    this.#prover.watch(stream)
  }

  #sent(now: number, stream: SenderStream): void {
    if (stream.options.delivery === 'latest') this.#sealStream(now, stream)
    this.#prover.watch(stream)
    if (stream.options.delivery !== 'reliable') return
    this.#parity.sent(now, stream)
    this.#beating.add(stream)
    this.#context.timers.setBefore('heartbeat', stream.beat.at)
  }

  #heartbeat(to: string, flags: number, streams: readonly SenderStream[]): void {
    const grttUs = Math.round(this.responder.rttMs * 1000)
    for (let i = 0; i < streams.length; i += ENTRIES_MAX) {
      const entries = streams.slice(i, i + ENTRIES_MAX).map((stream) => {
        const [index, receivers] = [stream.indexAt(stream.sent + 1), stream.attached.size]
        return { stream: stream.options.stream, head: stream.sent, index, receivers }
      })
      this.#control.add(to, { type: 'heartbeat', flags, grttUs, entries })
    }
  }
}

/** How long a new process waits for receivers to find it before it sends its first data. */
export const DISCOVERY_MS = 300
/** Batches leave at most this often, unless one is full. */
const BATCH_MS = 1
/** What a system call takes, bytes. */
const CALL_SIZE = 64 * 1024
/** Batches open at once; one more seals them all. */
const OPEN_BATCHES_MAX = 64
/** Heartbeats rarer than this go to the control group, many streams in one record. */
const DIGEST_MS = 1000
