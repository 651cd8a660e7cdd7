/**
 * Tells relays what this peer wants: the groups that it has joined.
 *
 * It does so only where a relay has lately said that it is there. A group is said at once and twice
 * more, since it may be lost, then refreshed at a rate that all peers share as they do that of
 * beacons. A relay that has started anew asks for all of it, and for a hello before.
 */
import type { Context } from './context.ts'
import type { Endpoint } from '../output.ts'
import { type ControlOut } from './control.ts'
import { answerDelay, interestInterval } from '../service/presence.ts'
import { VainBudget } from '../service/vain-budget.ts'
import { type Header, readHeader } from '../wire/packet.ts'
import { readRelayBeacon, RelayFlag } from '../wire/relay.ts'

/** A packet, and the address that it is from. */
interface Brought {
  readonly header: Header
  readonly packet: Uint8Array
  readonly source: string
}

export class InterestOut {
  readonly #context: Context
  readonly #control: ControlOut
  /** Says hello to everybody, soon. */
  readonly #greet: (now: number) => void
  /** The last number of each relay that has been heard. */
  readonly #numbers = new Map<bigint, number>()
  #greetedAt = -Infinity
  /** Groups to say, and how often. */
  readonly #due = new Map<string, number>()
  /** What is left of this round. */
  #round: string[] = []
  #withdrawn: string[] = []
  #refreshAt = -Infinity
  #changed = false
  readonly #budget = new VainBudget()

  constructor(context: Context, control: ControlOut, greet: (now: number) => void) {
    this.#context = context
    this.#control = control
    this.#greet = greet
    context.onMember.push((group, joined) => this.#onMember(group, joined))
  }

  /** A packet of kind 5. */
  onRelay(now: number, packet: Uint8Array, { rung, address }: Endpoint): void {
    const header = readHeader(packet)
    const beacon = this.#open(now, { header, packet, source: address })
    if (!beacon) return
    const { instance } = this.#context.self
    const { asked, flags, intervalMs } = beacon
    const stranger = !this.#numbers.has(header.instance)
    this.#remember(header)
    const { instance: id } = header
    if (rung) this.#context.emit({ type: 'heard', instance: id, rung, intervalMs, relay: true })
    const until = now + MISSED * Math.min(intervalMs, INTERVAL_MAX_MS)
    this.#context.relayUntil = Math.max(this.#context.relayUntil, until)
    if (stranger || flags & RelayFlag.askAll || asked.includes(instance)) this.#answer(now)
  }

  /** Called after each input. */
  step(now: number): void {
    if (!this.#changed) return
    this.#changed = false
    if (now < this.#context.relayUntil) this.#context.timers.setBefore('interest', now + GATHER_MS)
  }

  /** The `interest` timer. */
  onTimer(now: number): void {
    if (now >= this.#context.relayUntil) return this.#forget()
    this.#say(0, this.#withdrawn)
    this.#withdrawn = []
    if (this.#round.length === 0) this.#begin(now)
    // What has been left meanwhile is wanted no more.
    const groups = this.#round.splice(0, GROUPS_A_TURN).filter((group) => this.#due.has(group))
    this.#say(this.#validMs, groups)
    for (const group of groups) {
      const left = (this.#due.get(group) ?? 1) - 1
      if (left > 0) this.#due.set(group, left)
      else this.#due.delete(group)
    }
    const soon = this.#round.length > 0 ? TURN_MS : AGAIN_MS
    const more = this.#round.length > 0 || this.#due.size > 0
    this.#context.timers.set('interest', more ? now + soon : this.#refreshAt)
  }

  /** Strangers cannot make this peer open more than so many packets in vain. */
  #open(now: number, { header, packet, source }: Brought): ReturnType<typeof readRelayBeacon> {
    const { sealer, epochs, metrics } = this.#context
    const key = epochs.at(header.epoch)?.control
    if (header.number <= (this.#numbers.get(header.instance) ?? -1)) {
      metrics.count('replayed')
      return undefined
    }
    if (!this.#budget.allows(now, source)) {
      metrics.count('helloBudget')
      return undefined
    }
    const body = key && sealer.open(packet, key)
    const beacon = body && readRelayBeacon(body)
    if (beacon) {
      this.#budget.opened(source)
      return beacon
    }
    this.#budget.failed(source)
    this.#context.reject(body ? 'malformed' : 'forged')
    return undefined
  }

  #remember({ instance, number }: Header): void {
    this.#numbers.delete(instance)
    this.#numbers.set(instance, number)
    if (this.#numbers.size <= RELAYS_MAX) return
    for (const oldest of this.#numbers.keys()) {
      this.#numbers.delete(oldest)
      return
    }
  }

  /** A relay opens what this peer says only when it has heard its hello. */
  #answer(now: number): void {
    const { roster, timers } = this.#context
    if (now - this.#greetedAt >= GREET_MS) {
      this.#greetedAt = now
      this.#greet(now)
    }
    for (const group of this.#wanted()) this.#due.set(group, TIMES)
    const spread = answerDelay(roster.size, 1)
    timers.setBefore('interest', now + spread * (1 + this.#context.unit()) + AFTER_HELLO_MS)
  }

  #onMember(group: string, joined: boolean): void {
    if (group === this.#context.controlGroup) return
    this.#changed = true
    if (joined) this.#due.set(group, TIMES)
    else this.#due.delete(group)
    if (!joined && this.#context.relayUntil > -Infinity) this.#withdrawn.push(group)
  }

  /** The next round: what is due, or all of it once that is. */
  #begin(now: number): void {
    if (now >= this.#refreshAt) {
      this.#refreshAt = now + this.#interval * (0.5 + this.#context.unit())
      for (const group of this.#wanted()) this.#due.set(group, this.#due.get(group) ?? 1)
    }
    this.#round = [...this.#due.keys()]
  }

  *#wanted(): Iterable<string> {
    const { members, controlGroup } = this.#context
    for (const group of members) if (group !== controlGroup) yield group
  }

  get #interval(): number {
    return interestInterval(this.#context.roster.size + 1, [...this.#wanted()].length)
  }

  /** Three refreshes, each of them as late as it may be. */
  get #validMs(): number {
    return Math.ceil(this.#interval * 1.5 * 3)
  }

  #say(validMs: number, groups: readonly string[]): void {
    for (let at = 0; at < groups.length; at += GROUPS_A_RECORD) {
      const page = groups.slice(at, at + GROUPS_A_RECORD)
      this.#control.add(this.#context.controlGroup, { type: 'interest', validMs, groups: page })
    }
  }

  /** No relay is there any more; the next one asks. */
  #forget(): void {
    this.#context.relayUntil = -Infinity
    this.#due.clear()
    this.#round = []
    this.#withdrawn = []
    this.#refreshAt = -Infinity
  }
}

/** How often a group is said. */
const TIMES = 3
const AGAIN_MS = 400
/** Groups that are joined one after the other share packets. */
const GATHER_MS = 5
const GROUPS_A_RECORD = 64
/** Thousands of groups do not leave at once. */
const GROUPS_A_TURN = 256
const TURN_MS = 20
const AFTER_HELLO_MS = 10
/** A relay that asks all the time is not greeted all the time. */
const GREET_MS = 1000
/** A relay is gone after so many of its intervals. */
const MISSED = 3.5
const INTERVAL_MAX_MS = 20_000
const RELAYS_MAX = 64
