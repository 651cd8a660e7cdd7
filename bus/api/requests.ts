/** Questions and answers of one bus: its asking and its answering half, and what they are told. */
import type { CounterName } from '../core/metrics.ts'
import type { Notice } from '../core/output.ts'
import { Answering } from './answering.ts'
import { Asking } from './asking.ts'
import type { BusParts } from './bus-parts.ts'
import { BusError } from './errors.ts'
import type { BusEvent, Presence } from './options.ts'
import type { QuestionLine } from './question-line.ts'
import type { AskCall, RespondCall } from './request-call.ts'
import type { Gathering, Reply, Responder } from './request-options.ts'
import type { Segments } from './segments.ts'
import type { Delivered } from './subscription.ts'

export interface RequestsHost {
  readonly parts: BusParts
  readonly line: QuestionLine
  readonly presence: Presence
  readonly segments: Segments
  /** The next number of a subscription. */
  readonly nextId: () => number
  readonly event: (event: BusEvent) => void
}

export class Requests {
  readonly #asking: Asking
  readonly #answering: Answering

  constructor({ parts, line, presence, segments, nextId, event }: RequestsHost) {
    const { limits, codec, proof, link } = parts
    const count = (name: CounterName): void => link.command((peer) => peer.metrics.count(name))
    const common = { line, limits, codec, count }
    this.#answering = new Answering({
      ...common,
      nextId,
      event,
      answerSelf: (topic, payload) => {
        this.#asking.onAnswer({ from: line.instance, topic, payload })
      },
    })
    const responds = (topic: readonly string[], named: boolean): boolean => {
      return this.#answering.responds(topic, named)
    }
    this.#asking = new Asking({ ...common, proof, presence, segments, responds })
  }

  respond(call: RespondCall): Responder {
    return this.#answering.respond(call)
  }

  request(call: AskCall): Promise<Reply> {
    return this.#asking.request(call)
  }

  gather(call: AskCall): Gathering<unknown> {
    return this.#asking.gather(call)
  }

  /** A message that carries a question: whether it is one for plain subscriptions, too. */
  onQuestion(delivered: Delivered, question: Uint8Array): boolean {
    return this.#answering.onQuestion(delivered, question)
  }

  notice(notice: Extract<Notice, { readonly type: 'answer' | 'asked' | 'met' }>): void {
    switch (notice.type) {
      case 'answer':
        return this.#asking.onAnswer(notice)
      case 'asked':
        return this.#asking.asked(notice)
      case 'met':
        return this.#asking.met()
    }
  }

  /** Somebody has attached to a topic of this bus, and gets its messages from `first` on. */
  attached(topic: string, from: bigint, first: number): void {
    this.#asking.attached(topic, from, first)
  }

  left(instance: bigint): void {
    this.#asking.left(instance)
    this.#answering.left(instance)
  }

  /** Nothing is answered any more, for this reason. */
  endAnswering(error: BusError = closedError()): void {
    this.#answering.close(error)
  }

  /** Nor asked. */
  close(error: BusError = closedError()): void {
    this.#asking.close(error)
    this.endAnswering(error)
  }
}

function closedError(): BusError {
  return new BusError('CLOSED', 'the bus was closed before all answers came')
}
