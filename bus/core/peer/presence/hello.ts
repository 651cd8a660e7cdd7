/**
 * Who is here: hellos out and in, challenges, expiry.
 *
 * A peer holds one challenge. It believes in an instance only when that instance's signed hello
 * echoes this challenge: a recorded hello of a dead instance never does. The challenge is drawn
 * anew whenever somebody leaves, and every few seconds, so that an old echo cannot bring the dead
 * back. One hello answers up to 32 challenges and asks up to 32 instances for theirs.
 */
import { answerTo, type Endpoint } from '../../output.ts'
import type { Context, Proof, Remote } from '../context.ts'
import type { ControlOut } from '../control.ts'
import { Gatekeeper } from '../realm/gate.ts'
import { BeaconOut } from './beacon-out.ts'
import { HELLO_LABEL, HelloOut } from './hello-out.ts'
import { NextHello } from './next-hello.ts'
import { newRemote, refresh } from '../remote.ts'
import { Unicast } from './unicast.ts'
import { Recent } from '../../recent.ts'
import type { Rights } from '../../rights.ts'
import { instanceOf } from '../../seal/control-keys.ts'
import { Backoff } from '../../service/backoff.ts'
import { Challenge } from '../../service/challenge.ts'
import { HelloBudget } from '../../service/hello-budget.ts'
import { answerDelay } from '../../service/presence.ts'
import { type Hello, HELLO_LIST_MAX, HelloFlag, readHello } from '../../wire/hello.ts'
import { type Header, nonceOf, readHeader } from '../../wire/packet.ts'

/** What the greeter tells the peer. */
export interface GreeterEvents {
  /** A hello has left by which somebody may come to know this peer. */
  greeted(now: number, to: readonly (string | Endpoint)[]): void
  joined(now: number, remote: Remote, streamCount: number): void
  /** `silent`: without a word. */
  left(now: number, remote: Remote, silent: boolean): void
  /** It asks for this peer's hello, and so may not know it, or not any more. */
  doubted(now: number, remote: Remote): void
  /** It shows other rights than before. */
  rightsChanged(now: number, remote: Remote): void
  /** How many streams this peer has opened. */
  streamCount(): number
}

/** A hello that has been opened. */
interface Heard {
  readonly header: Header
  readonly hello: Hello
  readonly from: Endpoint
}

export class Greeter {
  readonly #context: Context
  readonly #events: GreeterEvents
  readonly #challenge: Challenge
  readonly #gate: Gatekeeper
  #askAll = true
  readonly #next: NextHello
  #helloAt = -Infinity
  #saidAt = Infinity
  /** When an answer is due, and when hello is said again because the first one may be lost. */
  #answerAt = Infinity
  #greetAt = Infinity
  #greetUntil = -Infinity
  #askedAt = -Infinity
  readonly #backoff: Backoff
  /** Nonces of hellos seen lately: a copy by another interface costs nothing. */
  readonly #seen = new Recent(SEEN_MAX)
  /** Who has said goodbye: hellos of before may still be looked at. */
  readonly #departed = new Recent(SEEN_MAX)
  readonly #budget: HelloBudget
  readonly #out: HelloOut
  readonly beacons: BeaconOut
  /** Those whom no multicast reaches. */
  readonly unicast: Unicast

  constructor(context: Context, control: ControlOut, events: GreeterEvents) {
    this.#context = context
    this.#events = events
    this.#challenge = new Challenge(() => context.random64())
    this.#next = new NextHello(context)
    this.#gate = new Gatekeeper(context)
    this.#backoff = new Backoff(context.limits.peers)
    this.#budget = new HelloBudget(context.limits)
    const streamCount = (): number => events.streamCount()
    this.beacons = new BeaconOut(context, control, streamCount)
    this.#out = new HelloOut(context, control, { challenge: this.#challenge, streamCount })
    this.unicast = new Unicast(context, control, {
      greet: (endpoint) => {
        this.#out.send({ flags: HelloFlag.askAll, asked: [], echoes: [], to: [endpoint] })
      },
      asking: (now) => {
        this.#askedAt = now
      },
    })
  }

  /** When the first hello has left. */
  get saidAt(): number {
    return this.#saidAt
  }

  /** When somebody unknown was last asked who it is. */
  get askedAt(): number {
    return this.#askedAt
  }

  /** The same of those that have not answered. */
  get unansweredAt(): number {
    return this.#backoff.askedAt
  }

  /** Says hello to everybody and asks everybody to do the same. */
  start(now: number): void {
    this.#askAll = true
    this.#greetUntil = now + GREET_FOR_MS
    this.#sendHello(now)
    this.beacons.arm(now)
  }

  /** Tells these once more who this is. */
  greet(now: number, remotes: readonly Remote[]): void {
    for (const { challenge } of remotes) this.#echo(now, challenge)
  }

  /** Asks an instance that was heard but is not known, also by the way that it came. */
  ask(now: number, instance: bigint, from?: Endpoint): void {
    if (this.#asks(now, instance, undefined) && from) this.#next.callBack(from)
  }

  /** Whether it is asked with the next hello that was not to be; `place`: where alone. */
  #asks(now: number, instance: bigint, place: Endpoint | undefined): boolean {
    this.#budget.at(now)
    if (this.#next.isAsked(instance)) {
      // A packet of it has come before its hello, which tells where it is.
      if (place) this.#next.ask(instance, place)
      return false
    }
    // The budget is of hellos; one that is going to be sent may ask several.
    const another = this.#next.asks === 0
    const spent = another && this.#budget.spent
    if (spent || this.#next.asks >= HELLO_LIST_MAX) {
      this.#context.metrics.count('askBudget')
      return false
    }
    if (!this.#backoff.allow(now, instance, this.#context.backlog.roundTripMs)) return false
    if (another) this.#budget.asks()
    this.#askedAt = now
    this.#next.ask(instance, place)
    this.#schedule(now)
    return true
  }

  /** The `hello` timer. */
  onHelloTimer(now: number): void {
    const at = Math.min(this.#answerAt, this.#greetAt)
    if (now < at) return this.#context.timers.setBefore('hello', at)
    this.#helloAt = now
    // Nobody has answered: the hello may have been lost, or the answer.
    if (now >= this.#greetAt && this.#context.roster.size === 0) this.#askAll = true
    this.#sendHello(now)
    if (!this.#next.isEmpty) this.#schedule(now)
  }

  /** Says goodbye; `then` runs with it once it has been handed out. */
  bye(then: (now: number, packet: Uint8Array) => void): void {
    const to = [this.#context.controlGroup]
    this.#out.send({ flags: HelloFlag.bye, asked: [], echoes: [], to }, then)
  }

  onHello(now: number, packet: Uint8Array, from: Endpoint): void {
    const { metrics, epochs, sealer } = this.#context
    const header = readHeader(packet)
    const keys = epochs.at(header.epoch)
    const nonce = `${header.instance} ${header.stream} ${header.number}`
    if (this.#seen.has(nonce)) return metrics.count('duplicate')
    this.#budget.at(now)
    if (this.#budget.isExhausted(from.address)) return metrics.count('helloBudget')
    const body = keys && sealer.open(packet, keys.control)
    const signed = body && readHello(body)
    if (!signed || !this.#plausible(header, signed.hello)) {
      this.#budget.failed(from.address, 1)
      return this.#context.reject(signed ? 'forged' : body ? 'malformed' : 'forged')
    }
    this.#seen.add(nonce)
    const { hello } = signed
    // Multicast reaches its sender, so it is not met by unicast.
    const isAlone = from.rung === 'unicast' && (hello.flags & HelloFlag.alone) > 0
    this.#weigh(
      now,
      { header, hello, from: isAlone ? { ...from, rung: 'multicast' } : from },
      {
        identity: hello.identity,
        signature: signed.signature,
        label: HELLO_LABEL,
        parts: [nonceOf(packet).slice(), signed.signed],
      },
    )
  }

  /** Forgets those who have fallen silent. */
  expire(now: number): void {
    this.#context.backlog.age(now)
    this.#challenge.age(now, this.#context.backlog.ms)
    for (const remote of this.#context.roster.expired(now)) this.#remove(now, remote, true)
    for (const remote of this.#gate.ended(now)) {
      this.#context.reject('denied')
      this.#remove(now, remote)
    }
  }

  /**
   * Only a hello that answers this peer's challenge, or the goodbye of a known peer, is worth a
   * signature check: neither an outsider nor a recording can make this peer do one.
   */
  #weigh(now: number, heard: Heard, proof: Proof): void {
    const { roster, self } = this.#context
    const { header, hello, from } = heard
    const refused = (): void => this.#budget.failed(from.address, SIGNATURE_COST)
    const remote = roster.get(header.instance)
    if (hello.flags & HelloFlag.bye) {
      if (remote) this.#context.verify(proof, (at) => this.#farewell(at, remote.instance), refused)
      return
    }
    const asks = (hello.flags & HelloFlag.askAll) > 0 || hello.asked.includes(self.instance)
    const fresh = this.#challenge.answeredBy(hello.echoes)
    const answered = this.#next.hasAnswered(now, hello.challenge)
    const place = this.#next.placeOf(now, { instance: header.instance, hello, from })
    if (asks || (!remote && !fresh && !answered)) {
      this.#next.callBack(answerTo(from, hello.port))
      this.#echo(now, hello.challenge, place)
    }
    if (asks && remote) this.#events.doubted(now, remote)
    if (fresh) {
      const accept = (later: number, rights?: Rights): void => this.#accept(later, heard, rights)
      const denied = (): void => {
        refused()
        this.#backoff.refuse(header.instance)
      }
      const forged = (): void => {
        refused()
        this.#backoff.forget(header.instance)
      }
      const judge = (later: number): void =>
        this.#gate.judge(later, { hello, remote }, accept, denied)
      // What it says meanwhile is no reason to ask it.
      if (!remote) this.#backoff.allow(now, header.instance)
      this.#context.verify(proof, judge, forged)
    } else if (hello.port !== remote?.port || this.#gate.isNews(hello, remote)) {
      // Who is known asks nobody again, and would not come to be asked if unicast did not pass.
      this.#asks(now, header.instance, remote ? undefined : place)
    }
  }

  #farewell(now: number, instance: bigint): void {
    this.#departed.add(`${instance}`)
    const remote = this.#context.roster.get(instance)
    if (remote) this.#remove(now, remote)
  }

  #accept(now: number, heard: Heard, rights: Rights | undefined): void {
    const remote = this.#context.roster.get(heard.header.instance)
    if (!remote) return this.#admit(now, heard, rights)
    refresh(now, remote, heard.hello, heard.from)
    this.unicast.met(now, remote, heard.from)
    const { rights: before } = remote
    // A recorded hello must not bring back what has been replaced: the later grant counts.
    if (!rights || before === rights || (before && rights.notBefore < before.notBefore)) return
    remote.rights = rights
    this.#events.rightsChanged(now, remote)
  }

  #admit(now: number, { header, hello, from }: Heard, rights: Rights | undefined): void {
    const { roster, metrics } = this.#context
    // Unless it is let in below.
    this.#backoff.refuse(header.instance)
    if (this.#departed.has(`${header.instance}`)) return metrics.count('late')
    const sender = { instance: header.instance, salt: hello.salt, identity: hello.identity }
    const remote = newRemote(now, { sender, hello, from, rights })
    if (!roster.add(remote)) return metrics.count('peersFull')
    this.#next.forget(header.instance)
    this.#backoff.forget(header.instance)
    this.#context.emit({ type: 'peer', change: 'join', peer: remote.entry })
    // Before anything is said to the newcomer.
    this.unicast.met(now, remote, from)
    this.#events.joined(now, remote, hello.streamCount)
  }

  #remove(now: number, remote: Remote, silent = false): void {
    this.#context.roster.remove(remote.instance)
    this.unicast.forget(now, remote)
    this.#challenge.renew()
    // Answers that are under way echo the old challenge: strangers may be asked again at once.
    this.#backoff.clear()
    this.#events.left(now, remote, silent)
    this.#context.emit({ type: 'peer', change: 'leave', peer: remote.entry })
  }

  #plausible(header: Header, hello: Hello): boolean {
    const { crypto } = this.#context.env
    return instanceOf(crypto, hello.identity, hello.salt) === header.instance
  }

  #echo(now: number, challenge: bigint, place?: Endpoint): void {
    this.#next.echo(challenge, place)
    this.#schedule(now)
  }

  /** Says hello to everybody, soon. */
  greetAll(now: number): void {
    this.#next.tellAll()
    this.#schedule(now)
  }

  #schedule(now: number): void {
    // One draw for each hello: the earliest of many draws would be at once, for everybody.
    if (this.#answerAt < Infinity) return
    const delay = answerDelay(this.#context.roster.size, this.#context.unit())
    // However many strangers and recordings ask, the answers have a pace of their own.
    const spacingMs = Math.max(HELLO_SPACING_MS, this.#context.backlog.ms * BEHIND_PART)
    this.#answerAt = Math.max(now + delay, this.#helloAt + spacingMs)
    this.#context.timers.setBefore('hello', this.#answerAt)
  }

  #sendHello(now: number): void {
    this.#answerAt = Infinity
    if (this.#askAll || now >= this.#greetAt) this.#next.tellAll()
    const next = this.#next.take(now, this.#out.room)
    const isAlone = (next.flags & HelloFlag.alone) > 0
    // Any other hello is a greeting, too: who does not know this peer answers it.
    const again = now + GREETING_MS <= this.#greetUntil ? now + GREETING_MS : Infinity
    if (!isAlone) this.#greetAt = again
    if (this.#greetAt < Infinity) this.#context.timers.setBefore('hello', this.#greetAt)
    const flags = next.flags | (this.#askAll ? HelloFlag.askAll : 0)
    this.#askAll = false
    this.#out.send({ ...next, flags }, (at) => {
      if (!isAlone) this.#saidAt = Math.min(this.#saidAt, at)
      if (next.echoes.length > 0) this.#events.greeted(at, next.to)
    })
  }
}

const SEEN_MAX = 1024
/** One hello answers and asks up to 32 others: 25 a second are 800. */
const HELLO_SPACING_MS = 40
/** Who is behind with reading adds less to what others have to read: once in this part of its delay. */
const BEHIND_PART = 0.125
/** A signature costs a hundred times what opening a secretbox does. */
const SIGNATURE_COST = 100
/** At the start hello is said so often, and for so long: until a publisher begins. */
const GREETING_MS = 50
const GREET_FOR_MS = 260
