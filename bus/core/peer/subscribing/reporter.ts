/**
 * Cursors: tells publishers how far this peer has come with their streams, and what it has lost.
 *
 * A publisher that closes asks by a final heartbeat; it is answered once everything up to its last
 * packet has been delivered or given up.
 *
 * One that paces its stream by its receivers is told regularly. While the program is behind with
 * what it has been given, the cursor stands still: so it is the program that sets the pace.
 */
import type { Endpoint } from '../../output.ts'
import type { Context, Inflow, Remote } from '../context.ts'
import type { ControlOut } from '../control.ts'
import { lostOf, nextOf } from './lanes.ts'
import { answerDelay } from '../../service/presence.ts'
import type { CursorEntry, HeartbeatEntry } from '../../wire/control.ts'
import { NUMBER_MAX } from '../../wire/packet.ts'

export class Reporter {
  readonly #context: Context
  readonly #control: ControlOut

  /** Subscriptions whose queue fills. */
  readonly #pressed = new Set<number>()

  constructor(context: Context, control: ControlOut) {
    this.#context = context
    this.#control = control
  }

  /** The publisher closes behind `head` and waits for an answer. */
  closing(now: number, inflow: Inflow, head: number): void {
    inflow.finalHead = head
    inflow.finals += 1
    const delay = answerDelay(this.#context.roster.size, this.#context.unit())
    inflow.cursorAt = Math.min(inflow.cursorAt, now + delay)
  }

  /** A closing publisher waits for everybody that once attached: this peer wants no more of it. */
  wantNothing(remote: Remote, { stream, head }: HeartbeatEntry): void {
    const lost = remote.detached.get(stream)
    if (lost !== undefined) this.#send(remote, { stream, next: head + 1, lost })
  }

  /** This peer wants no more of a stream: a publisher that waits for it, or asks, need not. */
  leave({ remote, binding }: Inflow): void {
    const lost = remote.detached.get(binding.stream) ?? 0
    const isAwaited = binding.paced || remote.asking.has(binding.stream)
    const entry = { stream: binding.stream, next: NUMBER_MAX, lost }
    if (tellsLoss(binding, lost)) this.#send(remote, entry, this.#context.wayTo(remote, true))
    else if (isAwaited) this.#send(remote, entry)
  }

  /** This peer goes: publishers hear what it has lost of their streams before they hear that. */
  part(): void {
    for (const remote of this.#context.roster) {
      for (const inflow of remote.inflows.values()) {
        const [lost, next] = [lostOf(inflow), nextOf(inflow)]
        if (!tellsLoss(inflow.binding, lost)) continue
        const entry = { stream: inflow.binding.stream, next, lost }
        this.#send(remote, entry, this.#context.wayTo(remote, true))
      }
    }
  }

  /** When the inflow's next cursor is due, or `Infinity`. */
  dueAt(inflow: Inflow): number {
    const { finalHead, cursorAt } = inflow
    const owed = finalHead > 0 && cursorAt === Infinity && nextOf(inflow) > finalHead
    if (owed) inflow.cursorAt = 0
    return inflow.cursorAt
  }

  /** The program is behind with a subscription, or is so no more. */
  press(id: number, behind: boolean): void {
    if (behind) this.#pressed.add(id)
    else this.#pressed.delete(id)
  }

  /** A paced stream may have come further, or its publisher `asks`: when to tell it. */
  pace(now: number, inflow: Inflow, asks = false): void {
    if (!inflow.binding.paced) return
    const next = nextOf(inflow)
    if (next === 0) return
    const held = this.#isHeld(inflow)
    const packets = held ? 0 : next - inflow.toldNext
    if (packets <= 0 && !held && !asks) return
    // However many receivers there are, together they say a bounded number of cursors a second.
    const least = Math.max(LEAST_MS, inflow.receiver.options.timing.receivers * EACH_MS)
    const soon = asks || packets >= SOON_PACKETS
    const at = inflow.toldAt + (soon ? least : Math.max(least, USUAL_MS))
    inflow.cursorAt = Math.min(inflow.cursorAt, Math.max(now, at))
  }

  report(now: number, inflow: Inflow): void {
    inflow.cursorAt = Infinity
    const { binding, finalHead } = inflow
    const next = nextOf(inflow)
    if (next === 0 || (next <= finalHead && !binding.paced)) return
    if (next > finalHead && finalHead > 0) inflow.finalHead = 0
    else if (binding.paced && this.#isHeld(inflow)) {
      this.#tell(now, inflow, inflow.toldNext)
      // Whoever waits for this peer learns that it is alive.
      return this.pace(now, inflow)
    }
    this.#tell(now, inflow, next)
  }

  #isHeld({ receiver, replays }: Inflow): boolean {
    if (this.#pressed.size === 0) return false
    const { subscriptions } = receiver.messages
    const behind = (id: number): boolean => this.#pressed.has(id)
    return subscriptions.some(behind) || replays.some(({ subscription }) => behind(subscription))
  }

  #tell(now: number, inflow: Inflow, next: number): void {
    const { remote, binding } = inflow
    inflow.toldNext = next
    inflow.toldAt = now
    const entry = { stream: binding.stream, next, lost: lostOf(inflow) }
    // Who asks on has not been reached: unicast may not pass.
    this.#send(remote, entry, this.#context.wayTo(remote, inflow.finals > UNICAST_FINALS))
  }

  #send(remote: Remote, entry: CursorEntry, to: string | Endpoint = remote.endpoint): void {
    this.#control.add(to, { type: 'cursor', target: remote.instance, entries: [entry] })
  }
}

/** It may be the last word of this peer: where the goodbye goes as well nothing overtakes. */
function tellsLoss({ delivery }: Inflow['binding'], lost: number): boolean {
  return delivery === 'reliable' && lost > 0
}

/** Cursors of one receiver of a paced stream are at least so far apart, ms. */
const LEAST_MS = 10
/** And farther where many say them. */
const EACH_MS = 2
/** Where little comes, or the program is behind. */
const USUAL_MS = 200
/** Final heartbeats that are answered to the publisher alone. */
const UNICAST_FINALS = 3
/** A part of the window. */
const SOON_PACKETS = 13
