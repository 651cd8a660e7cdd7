/**
 * Attaching: tells publishers from where a receiver wants their streams, until they answer.
 *
 * A stream has one lane that goes on for as long as it is wanted, and one more for each
 * subscription that is still being given what was there before it (peer/subscribing/replays.ts). Each lane
 * asks for itself, and the number of a question, `ask`, tells what an answer is for.
 *
 * A question says how long ago its lane began, and the publisher counts that from when it comes.
 * Whoever holds one back, and lets it go when the others were lost, would make the lane begin too
 * late. So after a late answer to an old question it asks once more, and begins with the earlier.
 */
import type { Binding, Context, Inflow, Lane, Remote } from '../context.ts'
import { type ControlOut, ENTRIES_MAX } from '../control.ts'
import { lanesOf } from './lanes.ts'
import type { Sharing } from '../publishing/seating-parts.ts'
import type { ProofRule } from '../../publication.ts'
import { answerDelay } from '../../service/presence.ts'
import type { ReceiverStream } from '../../stream/receiver.ts'
import type { AttachEntry, StartedEntry } from '../../wire/attach.ts'
import { VARINT_MAX } from '../../wire/varint.ts'

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
  /** To share the messages with others of a group. */
  readonly sharing?: Sharing | undefined
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
    const rest = { attachAt, attempts: 0, asked: [], late: undefined, goal: undefined }
    return { receiver, ...wish, ...rest }
  }

  /**
   * Attaches once more to a publisher that may have forgotten it; false when it is attaching. Who
   * repeats old hellos of the publisher makes it do so once in a while.
   */
  again(now: number, lane: Lane): boolean {
    if (lane.attachAt < Infinity || lane.goal === undefined) return false
    const delay = answerDelay(this.#context.roster.size, this.#context.unit())
    lane.attachAt = Math.max(now + delay, (lane.asked.at(-1)?.at ?? 0) + AGAIN_MS)
    lane.attempts = 0
    return true
  }

  /** Lets a lane that is attaching do so by `at`, or a second after it last has; false when it does. */
  hasten(lane: Lane, at: number): boolean {
    const soonestAt = Math.max(at, (lane.asked.at(-1)?.at ?? -Infinity) + AGAIN_MS)
    if (lane.attachAt <= soonestAt || lane.attachAt === Infinity) return false
    lane.attachAt = soonestAt
    return true
  }

  /** The publisher has said where a lane begins, or, to one that has begun, where it is. */
  started(now: number, lane: Lane, entry: StartedEntry): void {
    const { receiver, late } = lane
    const { timing } = receiver.options
    const at = lane.asked.find(({ ask }) => ask === entry.ask)?.at ?? now
    // Who did not answer at once is busy: that is no round trip.
    if (lane.attempts === 1) timing.measured(now - at)
    timing.count(entry.receivers)
    const { start, index, wanted } = late && late.place.start < entry.start ? late.place : entry
    if (receiver.next === 0 && now - at > LATE_MS && at < (late?.at ?? now)) {
      lane.late = { at: late?.at ?? now, place: { start, index, wanted } }
      if (!late) lane.attachAt = now
      return
    }
    lane.attachAt = Infinity
    lane.late = undefined
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
      if (inflow.attachAt <= now && inflow.attempts === ATTACH_MAX) startAnywhere(now, inflow)
      for (const lane of lanesOf(inflow)) {
        if (lane.attachAt > now) continue
        this.#asks += 1
        const entry = entryOf(now, { binding: inflow.binding, lane, ask: this.#asks })
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
      const to = this.#context.wayTo(remote, page[0]!.attempt >= UNICAST_ATTEMPTS)
      this.#control.add(to, { type: 'attach', target: remote.instance, entries: page })
    }
  }
}

/** Nobody says where it begins: where an old answer said, or with what comes next. */
function startAnywhere(now: number, { receiver, late }: Inflow): void {
  if (late) receiver.start(now, late.place.start, late.place.index, late.place.wanted)
  else receiver.startAnywhere(now)
}

function entryOf(
  now: number,
  { binding, lane, ask }: { readonly binding: Binding; readonly lane: Lane; readonly ask: number },
): AttachEntry {
  const { receiver, since, attempts, asked } = lane
  lane.attempts += 1
  asked.push({ ask, at: now })
  if (asked.length > ATTACH_MAX) asked.shift()
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
/** An answer that comes later may be one to a question that somebody has held back. */
const LATE_MS = 100
