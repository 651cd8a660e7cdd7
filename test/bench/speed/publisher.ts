/** The publisher of a run: as many messages as the window allows, or so many a second. */
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import type { Outlet } from '../peers/contestant.ts'
import { clockMs, Payloads, stamp } from './payload.ts'
import { type Window, windowOf, type WindowSize } from './window.ts'

export interface Load {
  readonly run: number
  readonly size: number
  readonly forMs: number
  /** Messages a second; absent: as fast as the window allows. */
  readonly rate?: number
  /** So many messages, and not for a time. */
  readonly count?: number
  /** Messages that a turn of the event loop publishes, at most. */
  readonly aTurn?: number
}

export interface Sent {
  readonly messages: number
  /** From the first message to the last acknowledgement. */
  readonly ms: number
  /** How often no acknowledgement came for so long that something must have been lost. */
  readonly stalls: number
}

export class Publishing {
  readonly #outlet: Outlet
  readonly #window: Window

  constructor(outlet: Outlet, window: Window) {
    this.#outlet = outlet
    this.#window = window
  }

  /** Resolves when so many subscribers have heard something. */
  async met(run: number, subscribers: number): Promise<void> {
    this.#window.begin(run)
    const payloads = new Payloads(PROBE_SIZE, PROBES)
    const until = clockMs() + MEETING_MS
    for (let number = 0; this.#window.reached(run) < subscribers; number++) {
      if (clockMs() > until) throw new Error('not all subscribers have heard the publisher')
      await this.#outlet.turn(payloads.marked(run, number, 1))
      await sleep(20)
    }
  }

  async send(load: Load): Promise<Sent> {
    this.#window.begin(load.run)
    const startedAt = clockMs()
    const { messages, stalls } = load.rate ? await this.#paced(load) : await this.#flood(load)
    return { messages, stalls, ms: clockMs() - startedAt }
  }

  async #flood({
    run,
    size,
    forMs,
    count,
    aTurn = TURN_MESSAGES,
  }: Load): Promise<Omit<Sent, 'ms'>> {
    const window = windowOf(size)
    const payloads = new Payloads(size, 2 * window.messages)
    const perTurn = Math.max(1, Math.min(aTurn, Math.floor(TURN_BYTES / size)))
    const until = clockMs() + forMs
    const progress = new Progress(this.#window)
    let sent = 0
    // The last message is one that is acknowledged.
    const ends = (): boolean =>
      sent % window.step === 0 && (count === undefined ? clockMs() >= until : sent >= count)
    while (!ends()) {
      const room = window.messages - (sent - progress.acknowledged)
      const some = Math.min(room, perTurn, window.step - (sent % window.step))
      if (some === 0) {
        await progress.wait(sent)
        continue
      }
      await this.#outlet.turn(payloads.marked(run, sent, some))
      sent += some
      await turn()
    }
    while (progress.acknowledged < sent) await progress.wait(sent)
    return { messages: sent, stalls: progress.stalls }
  }

  /** One at a time, as the clock says, so that nothing waits for company. */
  async #paced({ run, size, forMs, rate = 1 }: Load): Promise<Omit<Sent, 'ms'>> {
    const window: WindowSize = windowOf(size)
    const payloads = new Payloads(size, 2 * window.messages)
    const startedAt = clockMs()
    const total = Math.ceil((forMs * rate) / 1000 / window.step) * window.step
    for (let sent = 0; sent < total;) {
      const due = Math.min(total, Math.floor(((clockMs() - startedAt) * rate) / 1000))
      for (; sent < due; sent++) {
        const some = payloads.marked(run, sent, 1)
        for (const payload of some) stamp(payload)
        await this.#outlet.turn(some)
      }
      await sleep(1)
    }
    const progress = new Progress(this.#window)
    while (progress.acknowledged < total) await progress.wait(total)
    return { messages: total, stalls: progress.stalls }
  }
}

/** How far the subscribers have come; what does not come for long is taken for lost. */
class Progress {
  stalls = 0
  readonly #window: Window
  #given = 0

  constructor(window: Window) {
    this.#window = window
  }

  get acknowledged(): number {
    return Math.max(this.#given, this.#window.acknowledged)
  }

  async wait(sent: number): Promise<void> {
    if (await this.#window.moved(STALL_MS)) return
    this.stalls += 1
    this.#given = sent
  }
}

const PROBE_SIZE = 64
const PROBES = 256
const MEETING_MS = 20_000
/** A turn of the event loop publishes so much at most, whoever takes part. */
export const TURN_MESSAGES = 256
const TURN_BYTES = 64 * 1024
const STALL_MS = 2000
