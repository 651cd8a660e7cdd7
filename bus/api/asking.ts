/** The asking half of a bus: questions under way, what comes back, and when each of them ends. */
import type { Limits } from '../core/limits.ts'
import type { CounterName } from '../core/metrics.ts'
import type { Notice } from '../core/output.ts'
import type { PublishFault } from '../core/publication.ts'
import type { Budget } from '../core/stream/reorder.ts'
import { isRefusal, readAnswer } from '../core/wire/answer.ts'
import { AskFlag, writeQuestion } from '../core/wire/question.ts'
import { LEAVING_MS } from './answering.ts'
import { decodeValue, encodeValue } from './codec.ts'
import { BusError } from './errors.ts'
import { faultError } from './faults.ts'
import { LiveGathering } from './gathering.ts'
import { Inquiry, type InquirySink } from './inquiry.ts'
import type { PayloadCodec, Presence, Proof } from './options.ts'
import type { QuestionLine } from './question-line.ts'
import { type AskCall, spreadOf } from './request-call.ts'
import type { Gathering, Reply } from './request-options.ts'
import { assertQuestionSize, noReplyError } from './request-error.ts'
import { validate, type Validation } from './schema.ts'
import type { Segments } from './segments.ts'
import { peerId } from './subscription.ts'

export interface AskingParts {
  readonly line: QuestionLine
  readonly limits: Limits
  readonly codec: PayloadCodec | undefined
  readonly proof: Proof
  readonly presence: Presence
  readonly segments: Segments
  readonly count: (name: CounterName) => void
  /** Whether this bus itself answers questions on the topic. */
  readonly responds: (segments: readonly string[], named: boolean) => boolean
}

/** An answer as it comes. */
export interface Answered {
  readonly from: bigint
  readonly topic: string
  readonly payload: Uint8Array
}

type Asked = Extract<Notice, { readonly type: 'asked' }>

interface Open {
  readonly id: number
  readonly topic: string
  /** Index of the question among the messages of its topic. */
  index: number
  readonly inquiry: Inquiry
  /** It says who is asked. */
  readonly named: boolean
  readonly askedAt: number
  readonly timeoutMs: number
  /** Ends what it holds: timers, and the listening for its signal. */
  readonly release: (() => void)[]
}

export class Asking {
  readonly #parts: AskingParts
  readonly #openById = new Map<number, Open>()
  /** Bytes of answers that wait for their programs. */
  readonly #budget: Budget
  #lastId = 0
  #closed: BusError | undefined

  constructor(parts: AskingParts) {
    this.#parts = parts
    this.#budget = { used: 0, max: parts.limits.repliesSize }
  }

  /** Resolves to the first answer. */
  request(call: AskCall): Promise<Reply> {
    const { signal } = call
    if (signal?.aborted) return Promise.reject(signal.reason as Error)
    return new Promise((resolve, reject) => {
      this.#open(call, {
        reply: (reply) => {
          resolve(reply)
          return true
        },
        settled: (outcome) => {
          // Who is busy or leaves, leaves it to others.
          const isAnswer = outcome.type === 'error' && !LEFT.has(outcome.error.code)
          if (isAnswer) reject(outcome.error)
          return isAnswer
        },
        ended: (report) => {
          if (report.end === 'aborted') reject(signal?.reason as Error)
          else reject(this.#closed ?? noReplyError(call, report))
        },
      })
    })
  }

  gather(call: AskCall): Gathering<unknown> {
    const { quiet, signal } = call
    let hush = (): void => undefined
    const gathering = new LiveGathering(this.#budget, (how) => open.inquiry.end(how))
    const open = this.#open(call, {
      reply: (reply, size) => {
        hush()
        if (quiet !== undefined) {
          hush = this.#parts.line.after(quiet, () => open.inquiry.end('quiet'))
        }
        const taken = gathering.push(reply, size)
        if (!taken) this.#parts.count('repliesFull')
        return taken
      },
      settled: call.settled ?? (() => false),
      ended: (report) => {
        hush()
        const reason = report.end === 'aborted' ? (signal?.reason as unknown) : this.#closed
        gathering.ended(report, reason)
      },
    })
    return gathering
  }

  /** An answer of a peer, which may read the topic that it has come by. */
  onAnswer({ from, topic, payload }: Answered): void {
    const answer = readAnswer(payload)
    if (!answer) return this.#parts.count('malformed')
    const open = this.#openById.get(answer.id)
    const asked = open?.topic === topic ? open : undefined
    if (!asked) return this.#parts.count('answersUnknown')
    const { inquiry, index } = asked
    const which = { index, instance: from }
    // Nothing was begun: another one has it before this one is done with it.
    const others = isRefusal(answer) ? this.#parts.line.refused(topic, which) : []
    for (const other of others) inquiry.given(other)
    // By another of its responders.
    if (others.includes(from)) return
    const taken = inquiry.answer(this.#parts.line.now(), from, answer)
    if (!taken) this.#parts.count('answersUnknown')
    // When all is over the end has said so.
    else if (answer.kind !== 'part' && !inquiry.ended) this.#parts.line.answered(topic, which)
  }

  /** Somebody has attached to a topic of this bus, and gets its messages from `first` on. */
  attached(topic: string, from: bigint, first: number): void {
    const isApart = this.#isApart(topic)
    for (const open of this.#openById.values()) {
      if (open.topic !== topic || first > open.index) continue
      if (open.named || !isApart(from)) open.inquiry.hear([from])
    }
  }

  /** What has become of a question that members of groups answer. */
  asked(choice: Asked): void {
    for (const open of this.#openById.values()) {
      const { inquiry } = open
      if (open.topic !== choice.topic) continue
      if (choice.state === 'left') this.#forsaken(open, choice.instance)
      else if (choice.state === 'apart') {
        if (!open.named) inquiry.passed(choice.instance)
      } else if (open.index !== choice.index) continue
      else if (choice.state === 'given') inquiry.given(choice.instance)
      else inquiry.check()
    }
  }

  /** Everybody who is here has met this bus. */
  met(): void {
    const { line } = this.#parts
    for (const open of this.#openById.values()) {
      if (!open.inquiry.seeks) continue
      this.#hear(open)
      const soonMs = open.askedAt + NOBODY_MS - line.now()
      if (open.inquiry.isHeard || soonMs <= 0) open.inquiry.met()
      else open.release.push(line.after(soonMs, () => line.seek(true)))
    }
  }

  left(instance: bigint): void {
    for (const { inquiry } of this.#openById.values()) inquiry.left(instance)
  }

  /** Nothing is asked any more: what is under way rejects with this. */
  close(error: BusError): void {
    this.#closed = error
    for (const { inquiry } of this.#openById.values()) inquiry.end('closed')
  }

  #open(call: AskCall, sink: InquirySink): Open {
    const { line, limits, count } = this.#parts
    if (this.#openById.size >= limits.requests) {
      count('requestsFull')
      const mend = 'wait for some of them, or raise limits.requests'
      throw new BusError('LIMIT', `${limits.requests} questions are under way: ${mend}`)
    }
    this.#lastId += 1
    const id = this.#lastId
    const askedAt = line.now()
    const { topic, timeoutMs, to, expect, crowd, max } = call
    const check = (
      codec: number,
      payload: Uint8Array,
    ): Validation<unknown> | Promise<Validation<unknown>> => {
      const decoded = decodeValue(codec, payload, this.#parts.codec)
      return call.schema && 'value' in decoded ? validate(call.schema, decoded.value) : decoded
    }
    const isHere = (instance: bigint): boolean =>
      this.#parts.presence.get(peerId(instance)) !== undefined
    const awaits = (): boolean => line.awaits(topic, open.index)
    const inquiry: Inquiry = new Inquiry(
      { askedAt, to, expect, crowd, max, isHere, check, awaits },
      {
        ...sink,
        ended: (report, unfinished) => {
          this.#end(open, unfinished && report.end !== 'timeout' && report.end !== 'closed')
          sink.ended(report, unfinished)
        },
      },
    )
    const named = to !== undefined
    const about = { id, topic, named, askedAt, timeoutMs }
    const open: Open = { ...about, index: Infinity, inquiry, release: [] }
    this.#openById.set(id, open)
    try {
      this.#ask(open, call)
    } catch (error) {
      this.#openById.delete(id)
      throw error
    }
    this.#watch(open, call)
    return open
  }

  #ask(open: Open, call: AskCall): void {
    const { line, codec, segments, responds } = this.#parts
    const { topic, value, timeoutMs, to = [], first } = call
    const encoded = encodeValue(value, codec)
    assertQuestionSize(topic, encoded.payload.length, this.#parts.limits)
    const ask = { id: open.id, flags: first ? AskFlag.first : 0, timeoutMs, wanted: to }
    const spreadMs = this.#spreadMs(call)
    const question = writeQuestion({ type: 'ask', ...ask, spreadMs })
    const { index, isOpen, isShared } = line.audience(topic)
    open.index = index
    // What answers in this process does so within the call.
    const named = open.named && (isShared || !isOpen)
    if (responds(segments.of(topic), named)) open.inquiry.hear([line.instance])
    // One of a group may answer, unless the topic is a bus's own or has begun as one that is not.
    const shared = isOpen || topic.startsWith(OWN) ? undefined : 'questions'
    this.#publish(open, { ...encoded, question, shared, everybody: open.named })
    open.inquiry.deaf(line.instance)
  }

  #watch(open: Open, { signal, timeoutMs }: AskCall): void {
    const { line } = this.#parts
    const { inquiry, release } = open
    this.#hear(open)
    inquiry.check()
    if (inquiry.ended) return
    release.push(line.after(timeoutMs, () => inquiry.end('timeout')))
    const abort = (): void => inquiry.end('aborted')
    signal?.addEventListener('abort', abort, { once: true })
    release.push(() => signal?.removeEventListener('abort', abort))
    if (signal?.aborted) return abort()
    if (inquiry.seeks) line.seek(true)
  }

  #publish(
    { topic, timeoutMs, askedAt }: Open,
    message: {
      readonly codec: number
      readonly payload: Uint8Array
      readonly question: Uint8Array
      readonly shared?: 'questions' | undefined
      readonly everybody: boolean
    },
  ): void {
    const { line, segments, proof, limits } = this.#parts
    const expiresMs = Math.max(1, askedAt + timeoutMs - line.now())
    const how = { delivery: 'reliable', urgent: false, expiresMs, proof } as const
    const fault: PublishFault = line.publish({
      topic,
      segments: segments.of(topic),
      ...how,
      ...message,
    })
    if (fault) throw faultError(fault, topic, limits)
  }

  /** Who has attached in time gets the question; of those who share it, who is chosen. */
  #hear({ topic, index, named, inquiry }: Open): void {
    const { firstByInstance, apart } = this.#parts.line.audience(topic)
    for (const [instance, first] of firstByInstance) {
      if (first <= index && (named || !apart.has(instance))) inquiry.hear([instance])
    }
  }

  /**
   * Who listens no more has had no responder for as long as closed ones are heard: a younger question
   * came too late. An answer may still be on its way, a goodbye, or that it listens again.
   */
  #forsaken({ topic, index, inquiry, askedAt, release }: Open, instance: bigint): void {
    const { line } = this.#parts
    if (line.now() - askedAt >= LEAVING_MS - STALE_MS) return
    const passed = (): void => {
      const first = line.audience(topic).firstByInstance.get(instance) ?? Infinity
      if (first > index) inquiry.passed(instance)
    }
    release.push(line.after(STALE_MS, passed))
  }

  /** Whether somebody answers nothing but what is given to it; looked up once it matters. */
  #isApart(topic: string): (instance: bigint) => boolean {
    let apart: ReadonlySet<bigint> | undefined
    return (instance) => (apart ??= this.#parts.line.audience(topic).apart).has(instance)
  }

  #spreadMs(call: AskCall): number {
    const { line, presence } = this.#parts
    const { size } = line.audience(call.topic).firstByInstance
    return spreadOf(call, call.to?.length ?? (size > 0 ? size : presence.size))
  }

  #end(open: Open, unfinished: boolean): void {
    if (!this.#openById.delete(open.id)) return
    for (const release of open.release) release()
    this.#parts.line.answered(open.topic, { index: open.index })
    this.#seek()
    if (!unfinished) return
    const question = writeQuestion({ type: 'cancel', id: open.id })
    try {
      this.#publish(open, { codec: 0, payload: NOTHING, question, everybody: true })
    } catch (error) {
      // They go on until their time is over.
      if (!(error instanceof BusError)) throw error
    }
  }

  #seek(): void {
    for (const { inquiry } of this.#openById.values()) if (inquiry.seeks) return
    this.#parts.line.seek(false)
  }
}

/** Errors of a responder that are no answer. */
const LEFT: ReadonlySet<string> = new Set(['BUSY', 'ABANDONED'])
/** Topics by which buses talk to each other: nobody shares them. */
const OWN = 'sixcast/'
const NOTHING = new Uint8Array(0)
/** Who has only just come may lie unread in a socket: for so long it is not said that nobody answers. */
const NOBODY_MS = 100
/** Of who has left a topic: for so long its last answers may be on their way, ms. */
const STALE_MS = 300
