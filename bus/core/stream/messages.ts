/**
 * Turns the bodies of a stream's packets, in order, into deliveries and gaps.
 *
 * How many messages a gap holds is known exactly, because each packet says the index of its first
 * message and a heartbeat says the index behind the last one.
 */
import type { CounterName, Metrics } from '../metrics.ts'
import type { GapCause, Output, StreamInfo } from '../output.ts'
import { Flag } from '../wire/packet.ts'
import { readFragment, readRecords, type Record } from '../wire/record.ts'
import { Assembly, type AssemblyPool } from './assembly.ts'

export interface MessagesOptions {
  readonly info: StreamInfo
  /** What unfinished messages may hold, shared by all streams of the process. */
  readonly pool: AssemblyPool
  readonly messageSize: number
  /** Messages that have been given up, before this receiver was there, too. */
  readonly tally: { lost: number }
  readonly metrics: Metrics
  readonly emit: (output: Output) => void
}

export class Messages {
  readonly #options: MessagesOptions
  readonly #assembly: Assembly
  /** Whom the messages go to. */
  subscriptions: readonly number[] = []
  /** Index of the message that is next, or -1 when unknown. */
  index = -1
  /** Why packets were passed over since the last delivery. */
  #cause: GapCause = 'network'

  constructor(options: MessagesOptions) {
    this.#options = options
    this.#assembly = new Assembly(options.messageSize, options.pool)
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
  open(flags: number, body: Uint8Array): void {
    if (flags & Flag.fragment) return this.#openFragment(body)
    const records = readRecords(body)
    if (!records) return this.#options.metrics.count('malformed')
    this.#assembly.reset()
    this.#reach(records.index)
    // Who begins within a packet has not asked for what is before.
    const skipped = this.index - records.index
    for (let i = skipped; i < records.records.length; i++) {
      this.#deliver(records.records[i]!, records.sentAt)
    }
  }

  /** Whether it stands between two messages, and not in the middle of one. */
  get whole(): boolean {
    return this.#assembly.size === 0
  }

  /** Packets will be passed over: what they held is lost for this reason. */
  pass(cause: GapCause): void {
    this.#assembly.reset()
    this.#cause = cause
  }

  /** Reports the messages before `index` as lost. */
  giveUp(index: number, cause: GapCause = this.#cause): void {
    const from = this.index
    if (from < 0 || index <= from) return
    this.index = index
    const { info, emit, metrics, tally } = this.#options
    const { subscriptions } = this
    if (subscriptions.length === 0) return
    metrics.count('messagesLost', index - from)
    tally.lost += index - from
    metrics.count(LOST[cause], index - from)
    if (info.delivery === 'latest') return
    emit({ type: 'gap', subscriptions, stream: info, from, to: index - 1, cause })
  }

  /** Forgets an unfinished message. */
  reset(): void {
    this.#assembly.reset()
  }

  #openFragment(body: Uint8Array): void {
    const fragment = readFragment(body)
    if (!fragment) return this.#options.metrics.count('malformed')
    // Who begins in the middle of a message begins behind it.
    if (this.index < 0 && fragment.offset > 0) this.index = fragment.index + 1
    if (!this.#reach(fragment.index)) return
    const step = this.#assembly.add(fragment)
    if (step.type === 'done') this.#deliver(step.record, fragment.sentAt)
  }

  /** Comes to the message with this index; false when it is past. */
  #reach(index: number): boolean {
    if (this.index < 0) this.index = index
    this.giveUp(index)
    return index === this.index
  }

  #deliver(record: Record, sentAt: number): void {
    const { info, emit, metrics } = this.#options
    const { subscriptions, index } = this
    this.index += 1
    this.#cause = 'network'
    if (subscriptions.length === 0) return
    metrics.count('messagesDelivered', subscriptions.length)
    const { codec, payload } = record
    emit({ type: 'deliver', subscriptions, stream: info, index, sentAt, codec, payload })
  }
}

/** What lost messages are counted as, besides `messagesLost`. */
const LOST: { readonly [cause in GapCause]: CounterName } = {
  network: 'lostNetwork',
  history: 'lostHistory',
  'publisher-gone': 'lostPublisherGone',
  overflow: 'lostOverflow',
}
