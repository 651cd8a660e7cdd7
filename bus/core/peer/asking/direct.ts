/** Direct packets: this peer's answers to others, and theirs to it. */
import { Answers } from './answers.ts'
import type { Context, Remote } from '../context.ts'
import type { ControlOut } from '../control.ts'
import type { Publisher } from '../publishing/publisher.ts'
import { Questions } from './questions.ts'
import type { Answer, AnswerFault } from '../../publication.ts'
import type { Answered } from '../../wire/answered.ts'
import type { Header } from '../../wire/packet.ts'

export type { Answer, AnswerFault }

export class Direct {
  readonly #context: Context
  readonly #publisher: Publisher
  readonly #answers: Answers
  readonly #questions: Questions

  constructor(
    context: Context,
    parts: { readonly control: ControlOut; readonly publisher: Publisher },
  ) {
    const { control, publisher } = parts
    this.#context = context
    this.#publisher = publisher
    this.#answers = new Answers(context, publisher.pacer)
    this.#questions = new Questions(context, { control, streams: publisher.streams })
  }

  /** The last number of a direct packet that was given out. */
  get number(): number {
    return this.#answers.number
  }

  /** Bytes of answers to others, and of those that have not come completely. */
  get held(): { readonly answersSize: number; readonly answersHeldSize: number } {
    return { answersSize: this.#answers.size, answersHeldSize: this.#questions.heldSize }
  }

  /** Who has still to acknowledge an answer. */
  get awaited(): ReadonlySet<Remote> {
    return this.#answers.awaited
  }

  /** When an answer was last acknowledged. */
  get acknowledgedAt(): number {
    return this.#answers.acknowledgedAt
  }

  answer(now: number, answer: Answer): AnswerFault {
    const { limits, self } = this.#context
    if (answer.payload.length > limits.answerSize) return 'size'
    return answer.to === self.instance ? this.#toSelf(answer) : this.#answers.answer(now, answer)
  }

  onPacket(
    now: number,
    remote: Remote,
    arrival: { readonly header: Header; readonly packet: Uint8Array },
  ): void {
    this.#questions.onPacket(now, remote, arrival)
  }

  onAnswered(now: number, remote: Remote, record: Answered): void {
    this.#answers.onAnswered(now, remote, record)
  }

  /** The `answer` timer. */
  onAnswerTimer(now: number): void {
    this.#answers.onTimer(now)
  }

  /** The `answered` timer. */
  onAnsweredTimer(): void {
    this.#questions.onTimer()
  }

  housekeep(now: number): void {
    this.#questions.housekeep(now)
  }

  /** An instance has gone. */
  forget(instance: bigint): void {
    this.#answers.forget(instance)
    this.#questions.forget(instance)
  }

  /** The last words are to be said: whoever waits for an acknowledgement is told first. */
  end(): void {
    this.#answers.end()
    this.#questions.onTimer()
  }

  /** Who has asked may know the answer itself. */
  #toSelf({ stream, payload }: Answer): AnswerFault {
    const { self, metrics } = this.#context
    const options = this.#publisher.streams[stream - 1]?.options
    if (!options) return 'gone'
    metrics.count('answersSent')
    metrics.count('answersReceived')
    const { topic } = options
    // A copy: the notice outlives the program's turn.
    const answer = { topic, payload: new Uint8Array(payload) }
    this.#context.emit({ type: 'answer', from: self.instance, ...answer })
    return undefined
  }
}
