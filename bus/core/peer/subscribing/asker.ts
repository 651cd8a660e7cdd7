/** Asks publishers for packets that are missing, and listens to others who do. */
import type { Context, Inflow } from '../context.ts'
import type { ControlOut } from '../control.ts'
import { renew } from '../presence/hush.ts'
import type { Question } from '../../stream/holes.ts'
import type { ReceiverStream } from '../../stream/receiver.ts'
import { type Nak, NakFlag } from '../../wire/nak.ts'

export class Asker {
  readonly #context: Context
  readonly #control: ControlOut

  constructor(context: Context, control: ControlOut) {
    this.#context = context
    this.#control = control
  }

  /** Asks for what is due; where only heartbeats come through, the membership is renewed. */
  ask(now: number, inflow: Inflow): void {
    this.#askFor(now, inflow, inflow.receiver)
    // What lies before the main receiver comes for all.
    const { next } = inflow.receiver
    const limit = next > 0 ? next - 1 : Infinity
    for (const { receiver } of inflow.replays) this.#askFor(now, inflow, receiver, limit)
    if (inflow.receiver.missing.dark) renew(now, this.#context, inflow)
  }

  #askFor(now: number, inflow: Inflow, receiver: ReceiverStream, limit?: number): void {
    for (let asked = 0; asked < ASKS_AT_ONCE; asked++) {
      const question = receiver.ask(now, limit)
      if (!question) break
      const solo = question.solo || (receiver !== inflow.receiver && !question.toAll)
      this.#send(inflow, { ...question, solo })
    }
  }

  /** Somebody asks somebody else. */
  overhear(now: number, nak: Nak): Inflow | undefined {
    // Its answer goes to the asker alone.
    if (nak.flags & NakFlag.solo) return undefined
    const inflow = this.#context.roster.get(nak.target)?.inflows.get(nak.stream)
    inflow?.receiver.overheard(now, nak)
    return inflow
  }

  /** The publisher is asked by unicast, for it may not be in the group; the group hears it too. */
  #send({ binding, remote, receiver }: Inflow, question: Question): void {
    const { first, missing, solo, toAll, parity, proof } = question
    const rttMs = receiver.options.timing.rttMs ?? 0
    const nak: Nak = {
      type: 'nak',
      target: remote.instance,
      flags:
        (solo ? NakFlag.solo : 0) | (parity ? NakFlag.parity : 0) | (proof ? NakFlag.proof : 0),
      rttUs: Math.round(rttMs * 1000),
      missed: receiver.missing.loss.missed,
      all: receiver.missing.loss.all,
      stream: binding.stream,
      first,
      missing,
    }
    this.#context.metrics.count('naksSent')
    if (toAll) return this.#control.add(this.#context.controlGroup, nak)
    this.#control.add(remote.endpoint, nak)
    if (!solo) this.#control.add(binding.group, { ...nak, flags: nak.flags | NakFlag.copy })
  }
}

const ASKS_AT_ONCE = 4
