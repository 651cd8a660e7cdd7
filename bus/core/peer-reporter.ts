/**
 * Cursors: tells publishers how far this peer has come with their streams, and what it has lost.
 *
 * A publisher that closes asks by a final heartbeat; it is answered once everything up to its last
 * packet has been delivered or given up.
 */
import type { Context, Inflow, Remote } from './peer-context.ts'
import type { ControlOut } from './peer-control.ts'
import { lostOf, nextOf } from './peer-lanes.ts'
import { answerDelay } from './service/presence.ts'
import type { CursorEntry, HeartbeatEntry } from './wire/control.ts'

export class Reporter {
  readonly #context: Context
  readonly #control: ControlOut

  constructor(context: Context, control: ControlOut) {
    this.#context = context
    this.#control = control
  }

  /** The publisher closes behind `head` and waits for an answer. */
  closing(now: number, inflow: Inflow, head: number): void {
    inflow.finalHead = head
    const delay = answerDelay(this.#context.roster.size, this.#context.unit())
    inflow.cursorAt = Math.min(inflow.cursorAt, now + delay)
  }

  /** A closing publisher waits for everybody that once attached: this peer wants no more of it. */
  wantNothing(remote: Remote, { stream, head }: HeartbeatEntry): void {
    const lost = remote.detached.get(stream)
    if (lost !== undefined) this.#send(remote, { stream, next: head + 1, lost })
  }

  /** When the inflow's next cursor is due, or `Infinity`. */
  dueAt(inflow: Inflow): number {
    const { finalHead, cursorAt } = inflow
    const owed = finalHead > 0 && cursorAt === Infinity && nextOf(inflow) > finalHead
    if (owed) inflow.cursorAt = 0
    return inflow.cursorAt
  }

  report(inflow: Inflow): void {
    inflow.cursorAt = Infinity
    const { remote, binding, finalHead } = inflow
    const next = nextOf(inflow)
    if (next <= finalHead) return
    inflow.finalHead = 0
    this.#send(remote, { stream: binding.stream, next, lost: lostOf(inflow) })
  }

  #send(remote: Remote, entry: CursorEntry): void {
    const record = { type: 'cursor' as const, target: remote.instance, entries: [entry] }
    this.#control.add(remote.endpoint, record)
  }
}
