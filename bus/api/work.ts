/**
 * One question at work: its handler is called, and what it gives is sent as answers.
 *
 * It ends when the handler has, also where nobody waits for the answer any more: what a program
 * does at once is bounded by what it has begun, not by what is still of use.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { AnswerFault } from '../core/publication.ts'
import { type Answer, writeAnswer } from '../core/wire/answer.ts'
import { type Ask, AskFlag } from '../core/wire/question.ts'
import { orAborted } from './abort.ts'
import { becomesRemote, CutOffError, faultOf } from './answer-error.ts'
import { decodeValue, encodeValue } from './codec.ts'
import { BusError } from './errors.ts'
import { asError } from './thrown.ts'
import { type After, pause } from './matching.ts'
import type { BusEvent, Params, PayloadCodec } from './options.ts'
import type { Question, Responding } from './request-options.ts'
import { validate } from './schema.ts'
import { type Delivered, peerId } from './subscription.ts'

export interface WorkParts {
  readonly codec: PayloadCodec | undefined
  /** Bytes that an answer may have, with what stands around it. */
  readonly sizeMax: number
  readonly after: After
  /** The driver's clock, ms. */
  readonly now: () => number
  readonly event: (event: BusEvent) => void
  readonly send: (answer: Answer, lifeMs: number) => AnswerFault
  readonly done: () => void
}

interface Task {
  readonly handler: Responding<unknown, unknown>
  readonly schema: StandardSchemaV1 | undefined
  readonly params: Params<string>
}

export class Work {
  readonly topic: string
  readonly asker: bigint
  readonly #delivered: Delivered
  readonly #ask: Ask
  readonly #parts: WorkParts
  readonly #control = new AbortController()
  readonly #timeoutMs: number
  readonly #deadline: number
  readonly #release: () => void
  #sequence = 0

  constructor(delivered: Delivered, ask: Ask, parts: WorkParts) {
    this.topic = delivered.stream.topic
    this.asker = delivered.stream.from
    this.#delivered = delivered
    this.#ask = ask
    this.#parts = parts
    const timeoutMs = Math.min(ask.timeoutMs, TIMEOUT_MAX_MS)
    this.#timeoutMs = timeoutMs
    this.#deadline = parts.now() + timeoutMs
    this.#release = parts.after(timeoutMs, () => {
      this.abort(new BusError('TIMEOUT', `the asker has waited for ${timeoutMs} ms`))
    })
  }

  /** It will not be answered, unless it has been in part. */
  refuse(): void {
    if (!this.isWhole || this.#control.signal.aborted) return
    this.#parts.send({ id: this.#ask.id, sequence: 0, kind: 'none' }, this.#timeoutMs)
  }

  /** Nothing of it has been answered. */
  get isWhole(): boolean {
    return this.#sequence === 0
  }

  /** It is given up: whatever has been done of it, no more is answered. */
  abandon(): void {
    if (this.#control.signal.aborted) return
    const about = { id: this.#ask.id, sequence: this.#sequence, kind: 'error' } as const
    const fault = faultOf(new CutOffError('its responder was closed before it had answered'))
    this.#parts.send({ ...about, ...fault }, this.#timeoutMs)
  }

  /** Nobody waits for it any more. */
  abort(reason?: unknown): void {
    this.#release()
    this.#control.abort(reason)
  }

  async run(task: Task): Promise<void> {
    // A bus that asks itself is in the middle of asking.
    await Promise.resolve()
    try {
      const question = await this.#question(task)
      const given = question && (await task.handler(question))
      if (isSeveral(given)) await this.#sendAll(given)
      else if (question) await this.#sendValue('value', given)
    } catch (error) {
      // Nobody waits for this promise: what cannot be said of a failure must not end the process.
      await this.#fail(error).catch(() => undefined)
    } finally {
      this.#release()
      this.#parts.done()
    }
  }

  /** What the handler is given; throws INVALID_VALUE. */
  async #question({ schema, params }: Task): Promise<Question | undefined> {
    const { stream, codec, payload, index, sentAt } = this.#delivered
    const decoded = decodeValue(codec, payload, this.#parts.codec)
    const checked = schema && 'value' in decoded ? await validate(schema, decoded.value) : decoded
    if ('issues' in checked) {
      const from = peerId(stream.from)
      this.#parts.event({ type: 'invalid', topic: stream.topic, from, issues: checked.issues })
      throw new BusError(
        'INVALID_VALUE',
        `the question is not what it takes: ${checked.issues.join('; ')}`,
      )
    }
    const { signal } = this.#control
    if (signal.aborted) return undefined
    const about = {
      topic: stream.topic,
      params,
      from: peerId(stream.from),
      sequence: index,
      sentAt,
    }
    return { type: 'message', ...about, value: checked.value, signal }
  }

  /** One answer after the other, as far as somebody waits for them. */
  async #sendAll(several: AsyncIterable<unknown>): Promise<void> {
    const { signal } = this.#control
    const answers = several[Symbol.asyncIterator]()
    const first = (this.#ask.flags & AskFlag.first) !== 0
    let ended = false
    try {
      while (!signal.aborted) {
        const next = await orAborted(answers.next(), signal)
        ended = next.done === true
        if (next.done) return await this.#send({ kind: 'end' })
        await this.#sendValue(first ? 'value' : 'part', next.value)
        if (first) return
      }
    } finally {
      // It has to do with the program alone how long that takes.
      if (!ended) await answers.return?.()
    }
  }

  async #sendValue(kind: 'value' | 'part', value: unknown): Promise<void> {
    if (this.#control.signal.aborted) return
    // A handler that gives nothing back has done what it was asked for.
    const { codec, payload } = encodeValue(value ?? null, this.#parts.codec)
    await this.#send({ kind, codec, payload })
  }

  async #fail(error: unknown): Promise<void> {
    if (this.#control.signal.aborted) return
    if (becomesRemote(error)) this.#parts.event({ type: 'error', error: asError(error) })
    await this.#send({ kind: 'error', ...faultOf(error) })
  }

  /** Waits while too many answers wait already, and somebody waits for this one. Throws TOO_LARGE. */
  async #send(body: AnswerBody): Promise<void> {
    const { signal } = this.#control
    const answer = { id: this.#ask.id, sequence: this.#sequence, ...body } as Answer // its kinds, placed
    while (!signal.aborted) {
      const fault = this.#parts.send(answer, Math.max(1, this.#deadline - this.#parts.now()))
      if (fault === undefined) {
        this.#sequence += 1
        return
      }
      if (fault === 'gone') return this.abort(new BusError('ABANDONED', 'the asker has left'))
      if (fault === 'size') throw sizeError(answer, this.#parts.sizeMax)
      await orAborted(pause(this.#parts.after, AGAIN_MS), signal).catch(() => undefined)
    }
  }
}

type AnswerBody = BodyOf<Answer>
type BodyOf<One> = One extends Answer ? Omit<One, 'id' | 'sequence'> : never

function isSeveral(given: unknown): given is AsyncIterable<unknown> {
  return typeof given === 'object' && given !== null && Symbol.asyncIterator in given
}

function sizeError(answer: Answer, sizeMax: number): BusError {
  const size = 'payload' in answer ? answer.payload.length : 0
  const most = Math.max(0, sizeMax - (writeAnswer(answer).length - size))
  const fault = `an answer of ${size} bytes, where limits.answerSize (${sizeMax}) leaves ${most}`
  const mend = 'answer with several parts, or a file; or raise that limit'
  return new BusError('TOO_LARGE', `${fault}: ${mend}`)
}

/** An asker says what it likes: nothing is kept for it longer than any of ours may wait. */
const TIMEOUT_MAX_MS = 86_400_000
/** How long to wait while there is no room for an answer. */
const AGAIN_MS = 20
