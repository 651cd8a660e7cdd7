/**
 * One question under way: who is expected to answer, what has come of it at each of them, and when
 * that is enough.
 *
 * A peer takes part when it gets the question (it has attached to the topic), when it is among
 * those that the program expects, or when it answers. Each of them comes to one outcome. What is
 * expected and does not get the question has none to give: that is known once everybody who is
 * here has met this bus.
 */
import type { Answer } from '../core/wire/answer.ts'
import { errorOf } from './answer-error.ts'
import { BusError } from './errors.ts'
import type { GatherEnd, GatherReport, Outcome, Reply } from './request-options.ts'
import type { Validation } from './schema.ts'
import { peerId } from './subscription.ts'

export interface InquiryOptions {
  readonly askedAt: number
  /** Nobody else's answers are taken. */
  readonly to: readonly bigint[] | undefined
  /** Who must have an outcome, or how many; absent: whoever gets the question. */
  readonly expect: readonly bigint[] | number | undefined
  /** Of whoever gets the question: for whom it waits, and who else has an outcome. */
  readonly crowd?: Crowd | undefined
  readonly max: number
  /** Whether it waits for a member of some group, which is to be chosen yet. */
  readonly awaits: () => boolean
  /** Whether a peer is here, as far as this bus knows. */
  readonly isHere: (instance: bigint) => boolean
  /** Decodes and checks a value. */
  readonly check: (
    codec: number,
    payload: Uint8Array,
  ) => Validation<unknown> | Promise<Validation<unknown>>
}

/** Those of everybody that a question is about. */
export interface Crowd {
  /** As far as is known when it is asked. */
  readonly members: readonly bigint[]
  readonly has: (instance: bigint) => boolean
  /** Those who are here now, as far as is known: more may be when all have met this bus. */
  readonly here?: () => readonly bigint[]
}

export interface InquirySink {
  /** One more answer; false when there is no room for it. */
  reply(reply: Reply, size: number): boolean
  /** One more outcome; true: that is enough. */
  settled(outcome: Outcome): boolean
  /** Called once. `open`: some may still be at work. */
  ended(report: GatherReport, open: boolean): void
}

interface Participant {
  readonly instance: bigint
  /** The program has named it. */
  readonly listed: boolean
  /** Its outcome is waited for. */
  readonly awaited: boolean
  /** The sequence of its next answer. */
  next: number
  /** It gets the question. */
  hears: boolean
  /** As the member of a group that it was given to. */
  given: boolean
  replies: number
  rtt: number
  outcome: Outcome | undefined
}

export class Inquiry {
  readonly #options: InquiryOptions
  readonly #sink: InquirySink
  /** Whether the program has said who is to have an outcome. */
  readonly #isListed: boolean
  readonly #participants = new Map<bigint, Participant>()
  /** Of them, who has no outcome; the same of those that the program has named. */
  #unsettled = 0
  #missing = 0
  /** Who has answered, well or not. */
  #answered = 0
  #replies = 0
  /** Everybody who is here has met this bus. */
  #met = false
  #ended = false
  /** A check that takes its time: what comes later waits behind it. */
  #checking: Promise<void> | undefined

  constructor(options: InquiryOptions, sink: InquirySink) {
    this.#options = options
    this.#sink = sink
    const { expect, to } = options
    const listed = typeof expect === 'object' ? expect : expect === undefined ? to : undefined
    this.#isListed = listed !== undefined
    for (const instance of listed ?? []) this.#participant(instance, true)
    for (const instance of options.crowd?.members ?? []) this.#participant(instance)
  }

  get ended(): boolean {
    return this.#ended
  }

  /** Whether it matters to it that everybody has met this bus. */
  get seeks(): boolean {
    if (this.#ended || this.#met || typeof this.#options.expect === 'number') return false
    return (
      !this.#isListed || [...this.#participants.values()].some((one) => !one.hears && !one.outcome)
    )
  }

  /** Whether anybody gets the question, as far as is known. */
  get isHeard(): boolean {
    if (this.#options.awaits()) return true
    return [...this.#participants.values()].some(({ hears }) => hears)
  }

  /** These get the question. */
  hear(instances: Iterable<bigint>): void {
    for (const instance of instances)
      if (this.#takes(instance)) this.#participant(instance).hears = true
  }

  /** This member of a group gets the question now, also if it had given it back before. */
  given(instance: bigint): void {
    if (this.#ended || !this.#takes(instance)) return
    const one = this.#participant(instance)
    one.hears = true
    one.given = true
    if (one.outcome?.type !== 'none' && one.outcome?.type !== 'gone') return
    one.outcome = undefined
    one.next = 0
    if (one.awaited) this.#unsettled += 1
    if (one.listed) this.#missing += 1
  }

  /** Everybody who is here has met this bus: who does not get the question never will. */
  met(): void {
    this.#met = true
    this.#gatherCrowd()
    this.check()
  }

  /** Who had not met this bus when it asked was here all the same; who comes later was not. */
  #gatherCrowd(): void {
    for (const instance of this.#options.crowd?.here?.() ?? []) this.#participant(instance)
  }

  /** This one answers nothing but what is given to it, or nothing any more. */
  passed(instance: bigint): void {
    const known = this.#participants.get(instance)
    if (!known || known.given || known.next > 0) return
    this.#settle(known, { type: 'none' })
    this.check()
  }

  /** This one answers no such questions, unless it gets this one. */
  deaf(instance: bigint): void {
    const known = this.#participants.get(instance)
    // Another one of its group may not want it.
    if (known && !known.hears && !this.#options.awaits()) this.#settle(known, { type: 'none' })
  }

  /** This peer is not here any more. */
  left(instance: bigint): void {
    const known = this.#participants.get(instance)
    if (known) this.#settle(known, { type: 'gone', asked: known.hears })
    // It may have been the last member of a group that it waits for.
    this.check()
  }

  /** False when nobody waits for it. */
  answer(now: number, instance: bigint, answer: Answer): boolean {
    if (this.#ended || !this.#takes(instance)) return false
    const one = this.#participant(instance)
    if (one.outcome) return false
    one.hears = true
    const rtt = now - this.#options.askedAt
    if (answer.sequence !== one.next) {
      this.#inOrder(() => this.#fail(one, lostError(one)))
      return true
    }
    one.next += 1
    this.#take(one, answer, rtt)
    return true
  }

  /** Ends it when that is enough. */
  check(): void {
    if (this.#ended) return
    if (this.#met && !this.#options.awaits()) this.#settleDeaf()
    if (this.#isComplete()) this.end('complete')
  }

  /** Who has not got it by now never will. */
  #settleDeaf(): void {
    for (const one of this.#participants.values()) {
      if (one.hears || one.outcome) continue
      const isHere = this.#options.isHere(one.instance)
      this.#settle(one, isHere ? { type: 'none' } : { type: 'gone', asked: false })
    }
  }

  end(end: GatherEnd): void {
    if (this.#ended) return
    this.#ended = true
    if (!this.#met) this.#gatherCrowd()
    const open = [...this.#participants.values()].some((one) => one.hears && !one.outcome)
    const rest = { type: end === 'timeout' || end === 'quiet' ? 'silent' : 'cancelled' } as const
    const outcomes = [...this.#participants.values()].map(
      (one) => one.outcome ?? outcomeOf(one, rest),
    )
    this.#sink.ended({ end, outcomes }, open)
  }

  #takes(instance: bigint): boolean {
    const { to } = this.#options
    return to === undefined || to.includes(instance)
  }

  #participant(instance: bigint, listed = false): Participant {
    const known = this.#participants.get(instance)
    if (known) return known
    const base = { next: 0, hears: false, given: false, replies: 0, rtt: 0 }
    const awaited = this.#options.crowd?.has(instance) ?? true
    const one: Participant = { instance, listed, awaited, ...base, outcome: undefined }
    this.#participants.set(instance, one)
    if (awaited) this.#unsettled += 1
    if (listed) this.#missing += 1
    return one
  }

  #isComplete(): boolean {
    const { expect } = this.#options
    if (typeof expect === 'number') return this.#answered >= expect
    if (this.#isListed) return this.#missing === 0
    return this.#met && this.#unsettled === 0 && !this.#options.awaits()
  }

  #take(one: Participant, answer: Answer, rtt: number): void {
    const from = peerId(one.instance)
    switch (answer.kind) {
      case 'value':
      case 'part':
        return this.#takeValue(one, { ...answer, rtt })
      case 'end':
        return this.#inOrder(() => this.#finish(one, { type: 'answered', rtt: one.rtt || rtt }))
      case 'none':
        return this.#inOrder(() => this.#finish(one, { type: 'none' }))
      case 'busy': {
        const mend = 'ask again later, or let it take more (its concurrency, or limits.answering)'
        const error = new BusError(
          'BUSY',
          `peer ${from} has as many questions at work as it takes: ${mend}`,
        )
        return this.#inOrder(() => this.#fail(one, error))
      }
      case 'error':
        return this.#inOrder(() => this.#fail(one, errorOf(from, answer)))
    }
  }

  #takeValue(
    one: Participant,
    given: Extract<Answer, { readonly codec: number }> & { readonly rtt: number },
  ): void {
    const { kind, sequence, codec, payload, rtt } = given
    const checked = this.#options.check(codec, payload)
    const done = (result: Validation<unknown>): void => {
      if (this.#ended || one.outcome) return
      if ('issues' in result) return this.#fail(one, invalidError(one, result.issues))
      const reply = { value: result.value, from: peerId(one.instance), sequence, rtt }
      if (!this.#sink.reply(reply, payload.length)) return this.#fail(one, overflowError(one))
      one.replies += 1
      one.rtt = rtt
      this.#replies += 1
      if (this.#replies >= this.#options.max) {
        if (kind === 'value') this.#settle(one, { type: 'answered', rtt })
        return this.end('max')
      }
      if (kind === 'value') this.#finish(one, { type: 'answered', rtt })
    }
    if (checked instanceof Promise) this.#inOrder(async () => done(await checked))
    else this.#inOrder(() => done(checked))
  }

  /** Keeps the order behind a check that takes its time. */
  #inOrder(task: () => void | Promise<void>): void {
    const before = this.#checking
    const run = before ? before.then(task) : task()
    if (!(run instanceof Promise)) return
    const mine = run.then(() => {
      if (this.#checking === mine) this.#checking = undefined
    })
    this.#checking = mine
  }

  #fail(one: Participant, error: BusError): void {
    this.#finish(one, { type: 'error', error })
  }

  #finish(one: Participant, result: Result): void {
    this.#settle(one, result)
    this.check()
  }

  #settle(one: Participant, result: Result): void {
    if (one.outcome || this.#ended) return
    one.outcome = outcomeOf(one, result)
    if (one.awaited) this.#unsettled -= 1
    if (one.listed) this.#missing -= 1
    if (result.type === 'answered' || result.type === 'error') this.#answered += 1
    if (this.#sink.settled(one.outcome)) this.end('max')
  }
}

type Result =
  | { readonly type: 'answered'; readonly rtt: number }
  | { readonly type: 'error'; readonly error: BusError }
  | { readonly type: 'gone'; readonly asked: boolean }
  | { readonly type: 'none' | 'silent' | 'cancelled' }

function outcomeOf({ instance, replies }: Participant, result: Result): Outcome {
  return { from: peerId(instance), replies, ...result }
}

/** The responder has given an answer up: it came through to nobody in the time that was left. */
function lostError({ instance, next }: Participant): BusError {
  const fault = `answer ${next} of peer ${peerId(instance)} did not come in time`
  return new BusError('TIMEOUT', `${fault}: give it a longer "timeout"`)
}

function invalidError({ instance }: Participant, issues: readonly string[]): BusError {
  const fault = `the answer of peer ${peerId(instance)} is not what the schema says`
  return new BusError('INVALID_VALUE', `${fault}: ${issues.join('; ')}`)
}

function overflowError({ instance }: Participant): BusError {
  const mend = 'take them sooner, or raise limits.repliesSize'
  return new BusError(
    'OVERFLOW',
    `no room is left for an answer of peer ${peerId(instance)}: ${mend}`,
  )
}
