/**
 * Gives a subscription what its publishers have kept from before it.
 *
 * Others may be in the midst of the same stream, and must not be given anything twice. So each
 * subscription that asks for history gets a receiver of its own, a replay, beside the stream's main
 * one. It attaches for itself and is offered every packet that comes. As soon as it has come as far
 * as the main receiver it ends, and the subscription goes on there with the others.
 *
 * A replay asks only for packets that are behind the main receiver: what lies before it comes for
 * both, or is asked for by the main one.
 */
import type { Attacher, Wish } from './attacher.ts'
import type { Context, Inflow, Replay } from '../context.ts'
import { lostOf, meet } from './lanes.ts'
import type { ReceiverStream } from '../../stream/receiver.ts'

export class Replays {
  readonly #context: Context
  readonly #attacher: Attacher
  #count = 0

  constructor(context: Context, attacher: Attacher) {
    this.#context = context
    this.#attacher = attacher
  }

  /** Begins a replay for a subscription; `receiver` is a new one of the same stream. */
  begin(
    now: number,
    inflow: Inflow,
    given: {
      readonly subscription: number
      readonly wish: Wish
      readonly receiver: ReceiverStream
    },
  ): void {
    const { limits, metrics } = this.#context
    if (this.#count >= limits.replays) return metrics.count('replaysFull')
    this.#count += 1
    const { subscription, wish, receiver } = given
    receiver.messages.subscriptions = [subscription]
    const replay = { ...this.#attacher.lane(now, receiver, wish), subscription }
    inflow.replays = [...inflow.replays, replay]
  }

  /** Ends the replays that have caught up; whether there were any. */
  merge(inflow: Inflow): boolean {
    const { receiver, replays } = inflow
    if (replays.length === 0) return false
    const lost = lostOf(inflow)
    this.#keep(inflow, (replay) => !meet(replay.receiver, receiver))
    if (inflow.replays.length < replays.length) receiver.options.tally.lost = lost
    return inflow.replays.length < replays.length
  }

  /** Ends the replays of subscriptions that are no more. */
  retain(inflow: Inflow, subscriptions: readonly number[]): void {
    if (inflow.replays.length === 0) return
    this.#keep(inflow, ({ subscription }) => subscriptions.includes(subscription))
  }

  #keep(inflow: Inflow, stays: (replay: Replay) => boolean): void {
    this.#count -= inflow.replays.length
    inflow.replays = inflow.replays.filter((replay) => {
      if (stays(replay)) return true
      replay.receiver.release()
      return false
    })
    this.#count += inflow.replays.length
  }
}
