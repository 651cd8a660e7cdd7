/** Says now and then that this peer is here, and how many streams it has opened. */
import type { Context } from '../context.ts'
import type { ControlOut } from '../control.ts'
import { jitteredInterval, statedInterval } from '../../service/presence.ts'

export class BeaconOut {
  readonly #context: Context
  readonly #control: ControlOut
  readonly #streamCount: () => number

  constructor(context: Context, control: ControlOut, streamCount: () => number) {
    this.#context = context
    this.#control = control
    this.#streamCount = streamCount
  }

  /** The next one leaves after a random wait. */
  arm(now: number): void {
    const { roster, timers, backlog } = this.#context
    // Others count on what was told before: no greeting may put the next one off.
    const waitMs = jitteredInterval(roster.size + 1, this.#context.unit(), backlog.ms)
    timers.setBefore('beacon', now + waitMs)
  }

  /** The `beacon` timer. */
  onTimer(now: number): void {
    const { roster, backlog, controlGroup } = this.#context
    const intervalMs = statedInterval(roster.size + 1, backlog.ms)
    const streamCount = this.#streamCount()
    this.#control.add(controlGroup, { type: 'beacon', intervalMs, streamCount })
    this.arm(now)
  }
}
