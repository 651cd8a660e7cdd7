/**
 * The answering half of a bus: whom its program has given which questions, and what is at work.
 *
 * One responder of a bus answers a question: the one that has been there longest among those whose
 * patterns match. Where a question comes to a bus that has none for it, it says so, so that nobody
 * waits; but for what is for another member of a group of responders, of which the asker knows.
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
import { placeOf } from './sharing.ts'
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
  /** Those of both that are members of groups. */
  readonly #members = new Set<number>()
  readonly #workByKey = new Map<string, Work>()
  /** Questions that have been answered, or are. */
  readonly #taken: Recent

  constructor(parts: AnsweringParts) {
    this.#parts = parts
    this.#taken = new Recent(parts.limits.answering)
  }

  respond({ pattern, handler, options }: RespondCall): Responder {
    const { line, limits } = this.#parts
    const { schema, signal, concurrency = limits.answering, share, again = false } = options
    signal?.throwIfAborted()
    if (this.#respondersById.size + this.#leaving.size >= limits.subscriptions) {
      const mend = 'close some, use a wildcard, or raise limits.subscriptions'
      throw new BusError('LIMIT', `${limits.subscriptions} responders are open: ${mend}`)
    }
    const id = this.#parts.nextId()
    const group = `${GROUP_PREFIX}${share}`
    const sharing = share === undefined ? undefined : { group, again, questions: true }
    const end = (): void => {
      signal?.removeEventListener('abort', abort)
      if (this.#respondersById.delete(id)) this.#leave(id)
    }
    const about = { pattern, handler, schema, concurrency, sharing }
    const responder = new LiveResponder({ ...about, end })
    const abort = (): void => {
      responder.abort(signal?.reason, true)
    }
    signal?.addEventListener('abort', abort, { once: true })
    this.#respondersById.set(id, responder)
    if (sharing) this.#members.add(id)
    line.subscribe(id, pattern, sharing)
    return responder
  }

  /** Whether this bus answers questions on the topic, whoever is chosen; `named`: it is asked by name. */
  responds(segments: readonly string[], named: boolean): boolean {
    return [...this.#respondersById.values()].some((responder) => {
      return (named || !responder.sharing) && responder.matches(segments)
    })
  }

  /** A message that carries a question: whether it is one for plain subscriptions, too. */
  onQuestion(delivered: Delivered, bytes: Uint8Array): boolean {
    const question = readQuestion(bytes)
    const { from } = delivered.stream
    // Whoever is asked says so by its answers; nothing else is to be confirmed.
    for (const id of delivered.subscriptions) {
      if (this.#members.has(id)) this.#parts.line.finish({ id, ...placeOf(delivered) })
    }
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
    for (const responder of this.#respondersById.values()) responder.abort(error, false)
    for (const [id, cancel] of this.#leaving) {
      cancel()
      this.#parts.line.unsubscribe(id)
    }
    this.#leaving.clear()
  }

  /** Whoever asks now does not know yet, and is told. */
  #leave(id: number): void {
    const { line } = this.#parts
    if (this.#members.has(id)) line.retire(id)
    const left = (): void => {
      this.#leaving.delete(id)
      this.#members.delete(id)
      line.unsubscribe(id)
    }
    this.#leaving.set(id, line.after(LEAVING_MS, left))
  }

  /**
   * The oldest of those that it has come to, or one that shares if that is full; who is asked by name
   * answers for its groups, too.
   */
  #responderOf(delivered: Delivered, named: boolean): LiveResponder | undefined {
    const { subscriptions, members = [] } = delivered
    let oldest: LiveResponder | undefined
    for (const [id, responder] of this.#respondersById) {
      if (!subscriptions.includes(id) && !(named && members.includes(id))) continue
      if (!responder.isFull) return responder
      oldest ??= responder
    }
    return oldest
  }

  #cancel(key: string): void {
    this.#workByKey.get(key)?.abort()
  }

  #onAsk(delivered: Delivered, ask: Ask): void {
    const { line, limits, count } = this.#parts
    const { from } = delivered.stream
    if (ask.wanted.length > 0 && !ask.wanted.includes(line.instance)) return
    const key = `${from}/${ask.id}`
    const isGiven = delivered.subscriptions.some((id) => this.#members.has(id))
    // What is given once more was refused, or its answer was: unless it is at work it is new.
    const isNew = delivered.again === true && isGiven && !this.#workByKey.has(key)
    if (this.#taken.has(key) && !isNew) return
    const responder = this.#responderOf(delivered, ask.wanted.length > 0)
    if (!responder) return this.#onNone(delivered, ask, isGiven)
    this.#taken.add(key)
    if (this.#workByKey.size >= limits.answering || responder.isFull) {
      count('answeringFull')
      return this.#say(delivered, ask, { id: ask.id, sequence: 0, kind: 'busy' })
    }
    this.#work(responder, { delivered, ask, key })
  }

  /** No responder here takes it. */
  #onNone(delivered: Delivered, ask: Ask, isGiven: boolean): void {
    const { subscriptions, members = [], stream } = delivered
    const isSelf = stream.from === this.#parts.line.instance
    const isPlain = subscriptions.some((id) => !members.includes(id))
    // What is for another one of its group is nothing to it, and a bus knows itself.
    const isExpected = isGiven || (!isSelf && (isPlain || ask.wanted.length > 0))
    if (isExpected) this.#say(delivered, ask, { id: ask.id, sequence: 0, kind: 'none' })
  }

  #work(responder: LiveResponder, { delivered, ask, key }: Task): void {
    const { line, limits, codec, event } = this.#parts
    const work = new Work(delivered, ask, {
      codec,
      sizeMax: limits.answerSize,
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
    const drop = (): void => {
      work.refuse()
      work.abort()
      this.#workByKey.delete(key)
    }
    responder.begin({ work, drop })
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

/** A question for one responder. */
interface Task {
  readonly delivered: Delivered
  readonly ask: Ask
  readonly key: string
}

/** Tells groups of responders from those of subscriptions with the same name. */
const GROUP_PREFIX = '\0'
/** For so long a closed responder's questions are answered: with none. */
export const LEAVING_MS = 2000

function goneError(): BusError {
  return new BusError('ABANDONED', 'the asker has left')
}
