/**
 * The answering half of a bus: whom its program has given which questions, and what is at work.
 *
 * One responder of a bus answers a question: the one that has been there longest among those whose
 * patterns match. Where a question comes to a bus that has none for it, it says so, so that nobody
 * waits.
 */
import type { Limits } from '../core/limits.ts'
import type { CounterName } from '../core/metrics.ts'
import type { AnswerFault } from '../core/publication.ts'
import { Recent } from '../core/recent.ts'
import { type Answer, writeAnswer } from '../core/wire/answer.ts'
import { type Ask, readQuestion } from '../core/wire/question.ts'
import { BusError } from './errors.ts'
import type { BusEvent, PayloadCodec } from './options.ts'
import type { QuestionLine } from './question-line.ts'
import type { RespondCall } from './request-call.ts'
import type { Responder } from './request-options.ts'
import { LiveResponder } from './responder.ts'
import type { Delivered } from './subscription.ts'
import { Work } from './work.ts'

export interface AnsweringParts {
  readonly line: QuestionLine
  readonly limits: Limits
  readonly codec: PayloadCodec | undefined
  /** The next number of a subscription. */
  readonly nextId: () => number
  readonly count: (name: CounterName) => void
  readonly event: (event: BusEvent) => void
  /** An answer to this bus itself. */
  readonly answerSelf: (topic: string, payload: Uint8Array) => void
}

export class Answering {
  readonly #parts: AnsweringParts
  /** The oldest first. */
  readonly #respondersById = new Map<number, LiveResponder>()
  /** Subscriptions of responders that have been closed lately, and what calls their end off. */
  readonly #leaving = new Map<number, () => void>()
  readonly #workByKey = new Map<string, Work>()
  /** Questions that have been answered, or are. */
  readonly #taken: Recent

  constructor(parts: AnsweringParts) {
    this.#parts = parts
    this.#taken = new Recent(parts.limits.answering)
  }

  respond({ pattern, handler, options }: RespondCall): Responder {
    const { line, limits } = this.#parts
    const { schema, signal, concurrency = limits.answering } = options
    signal?.throwIfAborted()
    if (this.#respondersById.size + this.#leaving.size >= limits.subscriptions) {
      const mend = 'close some, use a wildcard, or raise limits.subscriptions'
      throw new BusError('LIMIT', `${limits.subscriptions} responders are open: ${mend}`)
    }
    const id = this.#parts.nextId()
    const end = (): void => {
      if (this.#respondersById.delete(id)) this.#leave(id)
      signal?.removeEventListener('abort', abort)
    }
    const responder = new LiveResponder({ pattern, handler, schema, concurrency, end })
    const abort = (): void => {
      responder.abort(signal?.reason)
    }
    signal?.addEventListener('abort', abort, { once: true })
    this.#respondersById.set(id, responder)
    line.subscribe(id, pattern)
    return responder
  }

  /** Whether this bus answers questions on the topic. */
  responds(segments: readonly string[]): boolean {
    return [...this.#respondersById.values()].some((responder) => responder.matches(segments))
  }

  /** A message that carries a question: whether it is one for plain subscriptions, too. */
  onQuestion(delivered: Delivered, bytes: Uint8Array): boolean {
    const question = readQuestion(bytes)
    const { from } = delivered.stream
    if (!question) this.#parts.count('malformed')
    else if (question.type === 'cancel') this.#cancel(`${from}/${question.id}`)
    else this.#onAsk(delivered, question)
    return question?.type !== 'cancel'
  }

  /** An asker has gone: nobody waits for its answers. */
  left(instance: bigint): void {
    for (const work of this.#workByKey.values())
      if (work.asker === instance) work.abort(goneError())
  }

  close(error: BusError): void {
    for (const responder of this.#respondersById.values()) responder.abort(error)
    for (const [id, cancel] of this.#leaving) {
      cancel()
      this.#parts.line.unsubscribe(id)
    }
    this.#leaving.clear()
  }

  /** Whoever asks now does not know yet, and is told. */
  #leave(id: number): void {
    const { line } = this.#parts
    const left = (): void => {
      this.#leaving.delete(id)
      line.unsubscribe(id)
    }
    this.#leaving.set(id, line.after(LEAVING_MS, left))
  }

  /** The oldest of those that it has come to. */
  #responderOf({ subscriptions }: Delivered): LiveResponder | undefined {
    let oldest = Infinity
    for (const id of subscriptions) if (id < oldest && this.#respondersById.has(id)) oldest = id
    return this.#respondersById.get(oldest)
  }

  #cancel(key: string): void {
    this.#workByKey.get(key)?.abort()
  }

  #onAsk(delivered: Delivered, ask: Ask): void {
    const { line, limits, count } = this.#parts
    const { from } = delivered.stream
    if (ask.wanted.length > 0 && !ask.wanted.includes(line.instance)) return
    const key = `${from}/${ask.id}`
    if (this.#taken.has(key)) return
    const responder = this.#responderOf(delivered)
    if (responder) this.#taken.add(key)
    const place = { id: ask.id, sequence: 0 }
    // A bus that asks knows what it answers itself.
    if (!responder && from !== line.instance) this.#say(delivered, ask, { ...place, kind: 'none' })
    if (!responder) return
    if (this.#workByKey.size >= limits.answering || responder.isFull) {
      count('answeringFull')
      return this.#say(delivered, ask, { ...place, kind: 'busy' })
    }
    this.#work(responder, { delivered, ask, key })
  }

  #work(
    responder: LiveResponder,
    {
      delivered,
      ask,
      key,
    }: { readonly delivered: Delivered; readonly ask: Ask; readonly key: string },
  ): void {
    const { line, codec, event } = this.#parts
    const work = new Work(delivered, ask, {
      codec,
      after: line.after,
      now: () => line.now(),
      event,
      send: (answer, lifeMs) => this.#send(delivered, ask, { answer, lifeMs }),
      done: () => {
        this.#workByKey.delete(key)
        responder.done(work)
      },
    })
    this.#workByKey.set(key, work)
    responder.begin(work)
  }

  #say(delivered: Delivered, ask: Ask, answer: Answer): void {
    this.#send(delivered, ask, { answer, lifeMs: ask.timeoutMs })
  }

  #send(
    { stream }: Delivered,
    { spreadMs }: Ask,
    { answer, lifeMs }: { readonly answer: Answer; readonly lifeMs: number },
  ): AnswerFault {
    const { line, limits, answerSelf } = this.#parts
    const payload = writeAnswer(answer)
    if (stream.from === line.instance) {
      if (payload.length > limits.answerSize) return 'size'
      queueMicrotask(() => answerSelf(stream.topic, payload))
      return undefined
    }
    // What is behind the first of several does not wait once more.
    const waitMs = answer.sequence === 0 ? spreadMs : 0
    return line.answer({
      to: stream.from,
      stream: stream.stream,
      payload,
      spreadMs: waitMs,
      lifeMs,
    })
  }
}

/** For so long a closed responder's questions are answered: with none. */
const LEAVING_MS = 2000

function goneError(): BusError {
  return new BusError('ABANDONED', 'the asker has left')
}
