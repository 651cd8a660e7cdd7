/**
 * Attaching: tells publishers from where a receiver wants their streams, until they answer.
 *
 * A stream has one lane that goes on for as long as it is wanted, and one more for each
 * subscription that is still being given what was there before it (peer-replays.ts). Each lane
 * asks for itself, and its number, `ask`, tells whom an answer is for.
 */
import type { Context, Inflow, Lane, Remote } from './peer-context.ts'
import { type ControlOut, ENTRIES_MAX } from './peer-control.ts'
import { lanesOf } from './peer-lanes.ts'
import type { ProofRule } from './publication.ts'
import { answerDelay } from './service/presence.ts'
import type { ReceiverStream } from './stream/receiver.ts'
import type { AttachEntry, StartedEntry } from './wire/control.ts'
import { VARINT_MAX } from './wire/varint.ts'

/** What a subscription wants of the time before it. */
export interface Past {
  /** Everything published in so many ms. */
  readonly ageMs: number
  /** And so many messages before that. */
  readonly back: number
}

/** What a subscription may want besides the messages to come. */
export interface Wants {
  /** Of the time before it. */
  readonly history?: Past | undefined
  /** Of each publisher: streams that prove less are not taken. */
  readonly proof?: ProofRule | undefined
  /** To be told when it has been given everything that was there. */
  readonly live?: boolean
}

/** From where a receiver wants a stream. */
export interface Wish {
  /** Everything published since then, ms of the driver's clock. */
  readonly since: number
  /** And so many messages before. */
  readonly back: number
}

export class Attacher {
  readonly #context: Context
  readonly #control: ControlOut
  #asks = 0

  constructor(context: Context, control: ControlOut) {
    this.#context = context
    this.#control = control
  }

  /** A new lane, which attaches when its time has come. */
  lane(now: number, receiver: ReceiverStream, wish: Wish): Lane {
    const reliable = receiver.options.info.delivery === 'reliable'
    const delay = answerDelay(this.#context.roster.size, this.#context.unit())
    const attachAt = reliable ? now + delay : Infinity
    this.#asks += 1
    const rest = { attachAt, attachedAt: 0, attempts: 0, goal: undefined }
    return { receiver, ask: this.#asks, ...wish, ...rest }
  }

  /**
   * Attaches once more to a publisher that may have forgotten it; false when it is attaching. Who
   * repeats old hellos of the publisher makes it do so once in a while.
   */
  again(now: number, lane: Lane): boolean {
    if (lane.attachAt < Infinity || lane.goal === undefined) return false
    const delay = answerDelay(this.#context.roster.size, this.#context.unit())
    lane.attachAt = Math.max(now + delay, lane.attachedAt + AGAIN_MS)
    lane.attempts = 0
    return true
  }

  /** The publisher has said where a lane begins, or, to one that has begun, where it is. */
  started(now: number, lane: Lane, entry: StartedEntry): void {
    lane.attachAt = Infinity
    const { receiver, attempts, attachedAt } = lane
    // After a second question nobody knows which one was answered.
    const { timing } = receiver.options
    if (attempts === 1) timing.measured(now - attachedAt)
    timing.count(entry.receivers)
    const { start, index, wanted } = entry
    if (receiver.next === 0) receiver.start(now, start, index, Math.min(wanted, index))
    else receiver.skipTo(now, start, index)
    if (lane.goal === undefined) receiver.catchUp(now, entry.head, entry.behind)
    else receiver.heartbeat(now, entry.head, entry.behind)
    lane.goal ??= entry.head
  }

  /** Attaches what is due of these streams. */
  attach(now: number, inflows: Iterable<Inflow>): void {
    const entriesByRemote = new Map<Remote, AttachEntry[]>()
    for (const inflow of inflows) {
      if (inflow.attachAt <= now && inflow.attempts === ATTACH_MAX) {
        inflow.receiver.startAnywhere(now)
      }
      for (const lane of lanesOf(inflow)) {
        if (lane.attachAt > now) continue
        const entry = entryOf(now, inflow, lane)
        const entries = entriesByRemote.get(inflow.remote)
        if (entries) entries.push(entry)
        else entriesByRemote.set(inflow.remote, [entry])
      }
    }
    for (const [remote, entries] of entriesByRemote) this.#send(remote, entries)
  }

  /** By unicast first; from the third attempt on for everybody to hear. */
  #send(remote: Remote, entries: readonly AttachEntry[]): void {
    for (let i = 0; i < entries.length; i += ENTRIES_MAX) {
      const page = entries.slice(i, i + ENTRIES_MAX)
      const to = page[0]!.attempt < UNICAST_ATTEMPTS ? remote.endpoint : this.#context.controlGroup
      this.#control.add(to, { type: 'attach', target: remote.instance, entries: page })
    }
  }
}

function entryOf(now: number, { binding }: Inflow, lane: Lane): AttachEntry {
  const { ask, receiver, since, attempts } = lane
  lane.attempts += 1
  lane.attachedAt = now
  lane.attachAt = now + waitMs(attempts)
  const back = Math.min(VARINT_MAX, lane.back)
  const age = Math.min(VARINT_MAX, now - since)
  // A number of messages is counted exactly; else rather a little more comes than too little.
  const ageMs = back > 0 ? Math.floor(age) : Math.ceil(age)
  const from = receiver.next
  return { stream: binding.stream, ask, from, ageMs, back, attempt: attempts }
}

function waitMs(attempts: number): number {
  if (attempts < ATTACH_MAX) return Math.min(ATTACH_MAX_MS, ATTACH_MIN_MS * 2 ** attempts)
  return Math.min(RARELY_MS, ATTACH_MAX_MS * 2 ** (attempts - ATTACH_MAX))
}

const ATTACH_MIN_MS = 40
const ATTACH_MAX_MS = 1000
const ATTACH_MAX = 10
/** The publisher is to know of its receiver; but one that says nothing must not cost much. */
const RARELY_MS = 30_000
/** A receiver is made to attach again at most this often. */
const AGAIN_MS = 1000
const UNICAST_ATTEMPTS = 2
