/**
 * Turns the bodies of a stream's packets, in order, into deliveries and gaps.
 *
 * How many messages a gap holds is known exactly, because each packet says the index of its first
 * message and a heartbeat says the index behind the last one. Where no packet is missing and an
 * index is, the message had expired before it was sent.
 */
import type { CounterName, Metrics } from '../metrics.ts'
import type { GapCause, Output, StreamInfo } from '../output.ts'
import { Flag } from '../wire/packet.ts'
import { readFragment, readRecords, type Record } from '../wire/record.ts'
import type { Cell } from '../tally.ts'
import { Assembly, type AssemblyPool } from './assembly.ts'
import type { EarlyPacket } from './reorder.ts'

export interface MessagesOptions {
  readonly info: StreamInfo
  /** What unfinished messages may hold, shared by all streams of the process. */
  readonly pool: AssemblyPool
  readonly messageSize: number
  /** Goes on where an earlier receiver of the stream stopped. */
  readonly tally: Tally
  readonly metrics: Metrics
  readonly emit: (output: Output) => void
}

export interface Tally {
  /** Messages that have been given up. */
  lost: number
  /** Why packets were passed over since the last message, if any were. */
  cause?: GapCause | undefined
}

export class Messages {
  readonly #options: MessagesOptions
  readonly #assembly: Assembly
  readonly #delivered: Cell
  /** Whom the messages go to. */
  subscriptions: readonly number[] = []
  /** Of a shared stream: whom one message goes to. */
  takers: ((record: Record, index: number) => readonly number[]) | undefined
  /** Those of them that share it. */
  members: (() => readonly number[]) | undefined
  /** Index of the message that is next, or -1 when unknown. */
  index = -1
  /** When the unfinished message began to come, ms. */
  #begunAt = 0

  constructor(options: MessagesOptions) {
    this.#options = options
    this.#assembly = new Assembly(options.messageSize, options.pool)
    this.#delivered = options.metrics.cell('messagesDelivered')
  }

  /** Begins with message `index`; those from `wanted` to it had gone before it was asked for them. */
  begin(index: number, wanted: number): void {
    const { tally } = this.#options
    const { lost } = tally
    this.index = wanted
    this.giveUp(index, 'history')
    // What was no longer there is nobody's loss on the way.
    tally.lost = lost
  }

  /** Opens the next packet. */
  open(now: number, packet: EarlyPacket): void {
    if (packet.body === VOID.body) return this.pass(this.#options.tally.cause ?? 'expired')
    // It has proven others, and holds nothing.
    if (packet.flags & Flag.signed && packet.body.length === 0) return
    if (packet.flags & Flag.fragment) return this.#openFragment(now, packet)
    const records = readRecords(packet.body)
    if (!records) return this.#malformed()
    this.#assembly.reset()
    this.#reach(records.index)
    let { index } = records
    for (const record of records.records) {
      const expiresAt = endOf(record, packet.since)
      // Who begins within a packet has not asked for what is before.
      if (now < expiresAt && index >= this.index) {
        this.giveUp(index, 'expired')
        this.#deliver(record, records.sentAt, expiresAt)
      }
      index += 1
    }
    this.giveUp(index, 'expired')
  }

  /** Whether it stands between two messages, and not in the middle of one. */
  get whole(): boolean {
    return this.#assembly.size === 0
  }

  /** Packets will be passed over: what they held is lost for this reason. */
  pass(cause: GapCause): void {
    this.#assembly.reset()
    this.#options.tally.cause = cause
  }

  /** Reports the messages before `index` as lost; with `beyond` what was passed over goes on. */
  giveUp(
    index: number,
    cause: GapCause = this.#options.tally.cause ?? 'expired',
    beyond = false,
  ): void {
    const from = this.index
    if (from < 0 || index <= from) return
    this.index = index
    const { info, emit, metrics, tally } = this.#options
    if (!beyond) tally.cause = undefined
    const { subscriptions } = this
    if (subscriptions.length === 0) return
    metrics.count(LOST[cause], index - from)
    if (cause !== 'expired') {
      metrics.count('messagesLost', index - from)
      tally.lost += index - from
    }
    if (info.delivery === 'latest') return
    emit({ type: 'gap', subscriptions, stream: info, from, to: index - 1, cause })
  }

  /** Forgets an unfinished message. */
  reset(): void {
    this.#assembly.reset()
  }

  #openFragment(now: number, { body, since }: EarlyPacket): void {
    const fragment = readFragment(body)
    if (!fragment) return this.#malformed()
    if (fragment.offset === 0) this.#begunAt = since
    // Who begins in the middle of a message begins behind it.
    if (this.index < 0 && fragment.offset > 0) this.index = fragment.index + 1
    // Its beginning may be among what was passed over, as messages before it may be.
    const { cause = 'network' } = this.#options.tally
    if (!this.#reach(fragment.index)) return
    const step = this.#assembly.add(fragment)
    if (step.type === 'broken') this.#options.tally.cause ??= cause
    if (step.type !== 'done') return
    const expiresAt = endOf(step.record, this.#begunAt)
    if (now < expiresAt) this.#deliver(step.record, fragment.sentAt, expiresAt)
    else this.giveUp(fragment.index + 1, 'expired')
  }

  /** What it held is lost. */
  #malformed(): void {
    this.#options.metrics.count('malformed')
    this.pass('network')
  }

  /** Comes to the message with this index; false when it is past. */
  #reach(index: number): boolean {
    if (this.index < 0) this.index = index
    this.giveUp(index)
    return index === this.index
  }

  #deliver(record: Record, sentAt: number, end: number): void {
    const { info, emit } = this.#options
    const { index } = this
    const subscriptions = this.takers?.(record, index) ?? this.subscriptions
    this.index += 1
    this.#options.tally.cause = undefined
    if (subscriptions.length === 0 && !this.#isForAll(record)) return
    this.#delivered.value += subscriptions.length
    const { codec, payload, question } = record
    const expiresAt = end < Infinity ? end : undefined
    // Field by field: a copy by `...` costs more than all the rest of a delivery.
    emit({
      type: 'deliver',
      subscriptions,
      stream: info,
      index: record.again !== undefined && this.takers ? record.again : index,
      sentAt,
      codec,
      payload,
      expiresAt,
      question,
      place: this.takers && index,
      again: this.takers && record.again !== undefined,
      members: question && this.members?.(),
    })
  }

  /** What calls a question off, or names who is asked, is for members of groups as well. */
  #isForAll({ question, chosen, again }: Record): boolean {
    return this.takers !== undefined && question !== undefined && !chosen && again === undefined
  }
}

/** When a message is of no use any more, whose packet was due at `since`. */
function endOf({ lifeMs = Infinity }: Record, since: number): number {
  return since + lifeMs
}

/** What missing messages are counted as; all but the expired ones as `messagesLost`, too. */
export const LOST: { readonly [cause in GapCause]: CounterName } = {
  network: 'lostNetwork',
  history: 'lostHistory',
  'publisher-gone': 'lostPublisherGone',
  overflow: 'lostOverflow',
  unproven: 'lostUnproven',
  expired: 'messagesExpired',
}

/** Stands for a packet whose messages have all expired, and which is not sent again. */
export const VOID: { readonly flags: number; readonly body: Uint8Array } = {
  flags: 0,
  body: new Uint8Array(0),
}
