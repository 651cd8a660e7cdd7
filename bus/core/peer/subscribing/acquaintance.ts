/**
 * Tells publishers that close (`meet`) when this peer knows all their streams and is attached to
 * those that it wants: then they need not wait for it to come.
 */
import type { Context, Remote } from '../context.ts'
import type { ControlOut } from '../control.ts'
import { toldSpread } from '../../service/presence.ts'
import type { Subscriber } from './subscriber.ts'
import type { Meet } from '../../wire/meeting.ts'

interface Owed {
  readonly streams: number
  readonly attempt: number
  readonly at: number
  readonly until: number
}

export class Acquaintance {
  readonly #context: Context
  readonly #control: ControlOut
  readonly #subscriber: Pick<Subscriber, 'hasten'>
  /** What publishers have asked and has not been answered: one entry a peer, so bounded by them. */
  readonly #owed = new Map<Remote, Owed>()

  constructor(context: Context, control: ControlOut, subscriber: Pick<Subscriber, 'hasten'>) {
    this.#context = context
    this.#control = control
    this.#subscriber = subscriber
  }

  onMeet(now: number, remote: Remote, { streams, attempt, targets }: Meet): void {
    const { self, roster, timers } = this.#context
    if (targets.length > 0 && !targets.includes(self.instance)) return
    const drawn = now + this.#context.unit() * toldSpread(roster.size)
    const at = Math.min(drawn, this.#owed.get(remote)?.at ?? Infinity)
    this.#owed.set(remote, { streams, attempt, at, until: now + PATIENCE_MS })
    timers.setBefore('meet', at)
    this.#subscriber.hasten(now, remote, at)
  }

  /** The `meet` timer. */
  onTimer(now: number): void {
    let next = Infinity
    for (const [remote, owed] of this.#owed) {
      const at = owed.at > now ? owed.at : this.#answer(now, remote, owed)
      if (at === Infinity) this.#owed.delete(remote)
      else if (at !== owed.at) this.#owed.set(remote, { ...owed, at })
      next = Math.min(next, at)
    }
    if (next < Infinity) this.#context.timers.setBefore('meet', next)
  }

  /** When to look again; `Infinity` when there is nothing more to say. */
  #answer(now: number, remote: Remote, { streams, attempt, until }: Owed): number {
    if (this.#context.roster.get(remote.instance) !== remote || now > until) return Infinity
    if (!knows(remote, streams)) return now + AGAIN_MS
    const to = this.#context.wayTo(remote, attempt >= UNICAST_ATTEMPTS)
    this.#control.add(to, { type: 'met', target: remote.instance, streams })
    return Infinity
  }
}

/** Whether so many of its streams are known, and those that are wanted attached to. */
function knows({ bound, inflows }: Remote, streams: number): boolean {
  if (bound < streams) return false
  for (const { attachAt } of inflows.values()) if (attachAt < Infinity) return false
  return true
}

const AGAIN_MS = 10
/** Longer than publishers wait. */
const PATIENCE_MS = 5000
/** Questions that are answered by unicast; later ones for everybody to hear. */
const UNICAST_ATTEMPTS = 3
