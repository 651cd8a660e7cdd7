/**
 * One peer of the bus, without a socket, a clock, a timer or randomness of its own.
 *
 * The contract. There are three kinds of method:
 *
 * - commands (`start`, `publish`, `subscribe`, …) are what the program wants;
 * - `handle…` methods are what the world has done;
 * - `poll` and `deadline` are what the peer wants from the world.
 *
 * The driver's one law: one command or `handle…`, then `poll` until it yields `undefined`, then
 * wait until `deadline` at most and call `handleTimeout`. `now` is monotonic, in milliseconds.
 * Nothing here throws on anything that the network brings.
 */
import type { Env } from './env.ts'
import type { Confirmation, Endpoint, Output } from './output.ts'
import type { Wants } from './peer/subscribing/attacher.ts'
import { Acquaintance } from './peer/subscribing/acquaintance.ts'
import { Closing } from './peer/publishing/closing.ts'
import { Context, type PeerConfig, type Remote } from './peer/context.ts'
import { ControlOut } from './peer/control.ts'
import { type Answer, type AnswerFault, Direct } from './peer/asking/direct.ts'
import { EpochChange } from './peer/realm/epochs.ts'
import { Greeter } from './peer/presence/hello.ts'
import { housekeep } from './peer/housekeeping.ts'
import { Inbound } from './peer/inbound.ts'
import { InterestOut } from './peer/interest.ts'
import { Learner } from './peer/subscribing/learner.ts'
import { Leaving } from './peer/presence/leaving.ts'
import { Live } from './peer/subscribing/live.ts'
import { isIssued, ownKeyOf } from './peer/own.ts'
import { OwnHistory } from './peer/publishing/own-history.ts'
import { Meeting } from './peer/publishing/meeting.ts'
import { Outage } from './peer/presence/outage.ts'
import { Publisher } from './peer/publishing/publisher.ts'
import { Records } from './peer/records.ts'
import type { Seats } from './peer/subscribing/seats.ts'
import { Seeking } from './peer/asking/seeking.ts'
import { HOUSEKEEPING_MS, Silence } from './peer/presence/silence.ts'
import { Subscriber } from './peer/subscribing/subscriber.ts'
import { TimerHands } from './peer/timers.ts'
import type { Rights } from './rights.ts'
import type { Offer, OfferFault, Publication, PublishFault } from './publication.ts'
import type { Pattern } from './topic/pattern.ts'

export type { Offer, OfferFault, PeerConfig, Publication, PublishFault }

export class Peer {
  readonly #context: Context
  readonly #control: ControlOut
  readonly #greeter: Greeter
  readonly #publisher: Publisher
  readonly #own: OwnHistory
  readonly #direct: Direct
  readonly #live: Live
  readonly #subscriber: Subscriber
  readonly #learner: Learner
  readonly #epochs: EpochChange
  readonly #inbound: Inbound
  readonly #interest: InterestOut
  readonly #hands: TimerHands
  readonly #meeting: Meeting
  /** Whom the questions of this peer reach. */
  readonly seeking: Seeking
  /** What subscriptions that share have been given, and have done. */
  readonly sharing: Seats
  #closing: Closing | undefined
  /** Set once the goodbye has been said: nothing that comes is of use any more. */
  #leaving: Leaving | undefined
  #joinedAt = -Infinity
  readonly #silence: Silence
  readonly #outage: Outage

  constructor(now: number, env: Env, config: PeerConfig) {
    const context = new Context(env, config)
    this.#silence = new Silence(now, context)
    this.#outage = new Outage(now, context.limits.outage, (at, ms) => this.#forgive(at, ms))
    this.#context = context
    this.#control = new ControlOut(context)
    this.#subscriber = new Subscriber(context, this.#control)
    this.#learner = new Learner(context, this.#control, {
      bound: (at, remote, binding) => this.#subscriber.onBound(at, remote, binding),
      unbound: (at, remote, binding) => this.#subscriber.onUnbound(at, remote, binding),
      wants: (segments) => this.#subscriber.matching(segments).length > 0,
      learnt: (at, remote) => this.#inbound.release(at, remote.instance),
    })
    const halves = { control: this.#control, subscriber: this.#subscriber }
    this.#publisher = new Publisher(now, context, halves)
    this.sharing = this.#subscriber.seats
    this.#live = new Live(now, context)
    this.#own = new OwnHistory(context, this.#publisher.streams)
    this.#greeter = new Greeter(context, this.#control, {
      greeted: (at, to) => this.#publisher.announcer.welcome(at, to),
      joined: (at, remote, streamCount) => this.#onJoined(at, remote, streamCount),
      left: (at, remote, silent) => this.#onLeft(at, remote, silent),
      doubted: (at, remote) => this.#subscriber.attachAgain(at, remote),
      rightsChanged: (at, remote) => this.#learner.judge(at, remote),
      streamCount: () => this.#publisher.streams.length,
    })
    this.#epochs = new EpochChange(context, this.#greeter, (at) => this.#inbound.releaseAll(at))
    const parts = { control: this.#control, greeter: this.#greeter, publisher: this.#publisher }
    this.#meeting = new Meeting(context, parts)
    this.seeking = new Seeking(now, context, parts)
    this.#direct = new Direct(context, parts)
    const [silence, learner, meeting] = [this.#silence, this.#learner, this.#meeting]
    const [publisher, subscriber, direct] = [this.#publisher, this.#subscriber, this.#direct]
    const [greeter, epochs, { unicast }] = [this.#greeter, this.#epochs, this.#greeter]
    const acquaintance = new Acquaintance(context, this.#control, subscriber)
    const each = { silence, learner, publisher, subscriber, meeting, acquaintance, direct, unicast }
    const records = new Records(context, each)
    const interest = new InterestOut(context, this.#control, (at) => greeter.greetAll(at))
    this.#interest = interest
    const keep = (at: number): void =>
      housekeep(at, context, { ...each, outage: this.#outage, greeter, inbound: this.#inbound })
    this.#hands = new TimerHands({ ...each, greeter, epochs, interest, housekeep: keep })
    const sent = { control: this.#control, streams: publisher.streams, direct }
    this.#inbound = new Inbound(context, {
      hello: (at, packet, from) => this.#greeter.onHello(at, packet, from),
      relay: (at, packet, from) => this.#interest.onRelay(at, packet, from),
      epochs: this.#epochs,
      unknownInstance: (at, instance, from) => this.#greeter.ask(at, instance, from),
      heard: (at, remote, from) => unicast.heard(at, remote, from),
      unknownStream: (at, remote, stream) => this.#learner.hearStream(at, remote, stream),
      record: (at, remote, record) => records.on(at, remote, record),
      received: (at, inflow) => this.#subscriber.received(at, inflow),
      direct,
      issued: (header) => isIssued(header, sent),
      ownKey: (header) => ownKeyOf(header, context, sent),
    })
  }

  /** Overwrites the keys, once nothing more is sent or heard. */
  wipe(): void {
    this.#context.epochs.wipe()
  }

  /** This life of this peer. */
  get instance(): bigint {
    return this.#context.self.instance
  }

  /** With the identity it makes the instance. */
  get salt(): Uint8Array {
    return this.#context.self.salt
  }

  /** Counters by name. */
  get metrics(): Context['metrics'] {
    return this.#context.metrics
  }

  /** What waits for something that has not come; `limits` bounds each of them. */
  get held(): Inbound['held'] & Subscriber['held'] & Direct['held'] & Publisher['seating']['held'] {
    const { held } = this.#publisher.seating
    return { ...this.#inbound.held, ...this.#subscriber.held, ...this.#direct.held, ...held }
  }

  /** Whether more waits to be sent than the mark allows. */
  get overMark(): boolean {
    return this.#publisher.overMark
  }

  // --- commands

  /** Says hello by unicast to these, in place of any before, until they answer. */
  name(now: number, endpoints: readonly Endpoint[]): void {
    this.#greeter.unicast.name(now, endpoints)
  }

  /** Joins the control group and says hello. */
  start(now: number): void {
    this.#context.join(this.#context.controlGroup)
    this.#greeter.start(now)
    this.#epochs.start(now)
    this.#context.timers.set('housekeeping', now + HOUSEKEEPING_MS)
    this.#settle(now)
  }

  /** Takes a message; says which bound forbids it, if one does. Follow with `turnEnds`. */
  publish(now: number, publication: Publication): PublishFault {
    const fault = this.#publisher.publish(now, publication)
    if (publication.urgent) this.#settle(now)
    return fault
  }

  /** Answers a question to the one who has asked; says what forbids it, if anything does. */
  answer(now: number, answer: Answer): AnswerFault {
    const fault = this.#direct.answer(now, answer)
    this.#settle(now)
    return fault
  }

  /** Announces a topic: how many peers have attached to it (`attached` tells of more), or a fault. */
  offer(now: number, offer: Offer): number | OfferFault {
    const found = this.#publisher.offer(now, offer)
    this.#settle(now)
    return found
  }

  /** The program's turn is over: what it published may leave. */
  turnEnds(now: number): void {
    this.#publisher.turnEnds(now)
    this.#settle(now)
  }

  subscribe(now: number, id: number, pattern: Pattern, wants: Wants = {}): void {
    const { history, live } = wants
    if (history) this.#own.replay(now, id, pattern, history)
    this.#subscriber.subscribe(now, id, pattern, wants)
    if (live) this.#live.add(now, id, pattern)
    this.#publisher.rematch(now, pattern)
    this.#settle(now)
  }

  unsubscribe(now: number, id: number): void {
    const pattern = this.#subscriber.unsubscribe(now, id)
    this.#live.forget(id)
    if (pattern) this.#publisher.rematch(now, pattern)
    this.#settle(now)
  }

  /** The program is behind with a subscription, or is so no more. */
  press(now: number, id: number, behind: boolean): void {
    this.#subscriber.press(now, id, behind)
    this.#settle(now)
  }

  /** Answered by `flushed` with the same id. */
  flush(now: number, id: number): void {
    this.#publisher.flush(now, id)
    this.#settle(now)
  }

  /** Answered by `closed`, at the latest `lingerMs` after the last packet has left. */
  close(now: number, lingerMs: number): void {
    if (this.#closing) return
    this.#publisher.prove(now)
    const parts = { publisher: this.#publisher, meeting: this.#meeting, direct: this.#direct }
    const done = (confirmation: Confirmation): void => this.#goodbye(confirmation)
    const options = { now, lingerMs, settledAt: () => this.seeking.settledAt, done }
    this.#closing = new Closing(this.#context, parts, options)
    this.#context.timers.setBefore('close', now)
    this.#settle(now)
  }

  /** Shows other rights from now on. */
  renew(now: number, rights: Rights): void {
    this.#context.rights = rights
    for (const remote of this.#context.roster) this.#learner.judge(now, remote)
    this.#greeter.start(now)
    this.#settle(now)
  }

  /** Takes a page that the realm's owner has signed: an `epoch` notice tells what comes of it. */
  adopt(now: number, page: Uint8Array): void {
    this.#epochs.adopt(page)
    this.#settle(now)
  }

  /** Nothing comes or goes any more: until `pathChanged`, or for a while, nobody is taken for gone. */
  pathLost(now: number): void {
    this.#outage.begin(now)
  }

  /** Another way to the others came: they learn of this peer and its private port, and it of them. */
  pathChanged(now: number, port: number = this.#context.port): void {
    this.#outage.end(now)
    this.#context.port = port
    this.#greeter.start(now)
    this.#settle(now)
  }

  // --- inputs

  handleDatagram(now: number, datagram: Uint8Array, from: Endpoint): void {
    if (this.#leaving) return
    this.#outage.ran(now, this.deadline)
    this.#inbound.onDatagram(now, datagram, from)
    this.#settle(now)
  }

  /** The answer to a `sign` (the signature) or a `verify` (the verdict). */
  handleAnswer(now: number, id: number, answer: Uint8Array | boolean): void {
    this.#context.answer(now, id, answer)
    this.#settle(now)
  }

  handleTimeout(now: number): void {
    if (this.#leaving) return this.#leaving.onTimer(now)
    this.#outage.ran(now, this.deadline)
    for (;;) {
      const name = this.#context.timers.due(now)
      if (!name) break
      this.#hands.on(now, name)
    }
    this.#settle(now)
  }

  // --- outputs

  poll(): Output | undefined {
    return this.#context.outputs.shift()
  }

  /** When `handleTimeout` is due, or `Infinity`. */
  get deadline(): number {
    return this.#context.timers.next
  }

  /** Nothing could be heard for so long. */
  #forgive(now: number, ms: number): void {
    this.#context.roster.forgive(ms)
    this.#subscriber.forgive(now, ms)
    this.#silence.forgive(ms)
    this.#greeter.unicast.forgive(ms)
    this.#publisher.forgive(ms)
    this.seeking.forgive(now, ms)
  }

  #onJoined(now: number, remote: Remote, streamCount: number): void {
    this.#joinedAt = now
    this.#silence.heard(now)
    this.#inbound.release(now, remote.instance)
    this.#learner.hear(now, remote, streamCount)
  }

  #onLeft(now: number, remote: Remote, silent: boolean): void {
    this.#subscriber.forget(now, remote)
    this.#learner.forget(remote)
    this.#publisher.forget(now, remote, silent)
    this.#direct.forget(remote.instance)
  }

  #goodbye(confirmation: Confirmation): void {
    this.#subscriber.reporter.part()
    this.#greeter.bye((now, packet) => {
      const done = (): void => this.#context.emit({ type: 'closed', ...confirmation })
      this.#leaving = new Leaving(this.#context, packet, done)
      this.#leaving.begin(now)
    })
  }

  #settle(now: number): void {
    this.#closing?.step(now, this.#joinedAt)
    this.#live.step(now, this.#joinedAt)
    this.seeking.step(now, this.#joinedAt)
    this.#interest.step(now)
    this.#control.flush(now)
  }
}
