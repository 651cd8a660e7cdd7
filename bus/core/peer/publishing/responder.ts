/**
 * Answers receivers: attaching, cursors, and packets that are asked for again.
 *
 * Who is asked by one receiver alone answers it by unicast. What several ask for, or one for all
 * to hear, goes to the group: whoever was suppressed needs it too. Nobody can make a publisher
 * send more than its paced rate, and one asker no more than its share of it.
 */
import { sameDestination } from '../../output.ts'
import type { Context, Remote } from '../context.ts'
import { type ControlOut, ENTRIES_MAX } from '../control.ts'
import { Departed } from './departed.ts'
import { counts } from './flow.ts'
import type { Pacer } from './pacer.ts'
import { hasExpired } from '../../stream/history.ts'
import type { Lack, ParityOut } from './parity.ts'
import { GroupRtt } from '../../stream/nak-timing.ts'
import { TokenBucket } from '../../stream/pace.ts'
import { Vanished } from './vanished.ts'
import type { Place, SenderStream } from '../../stream/sender.ts'
import type { Attach, AttachEntry, StartedEntry } from '../../wire/attach.ts'
import type { CursorReport } from '../../wire/control.ts'
import { addToRuns, type Run } from '../../wire/gone.ts'
import { NUMBER_MAX } from '../../wire/packet.ts'
import { eachMissing, type Nak, NakFlag, namesBeyond } from '../../wire/nak.ts'
import { blockOf } from '../../wire/parity.ts'

export class Responder {
  readonly #context: Context
  readonly #control: ControlOut
  readonly #pacer: Pacer
  readonly #parity: ParityOut
  readonly #beat: (stream: SenderStream) => void
  readonly #streams: readonly SenderStream[]
  readonly #shares = new Map<bigint, TokenBucket>()
  readonly vanished: Vanished
  readonly departed: Departed
  readonly #rtt = new GroupRtt()

  constructor(
    context: Context,
    parts: {
      readonly control: ControlOut
      readonly pacer: Pacer
      readonly parity: ParityOut
      /** Sends a heartbeat to the topic's group. */
      readonly beat: (stream: SenderStream) => void
      readonly streams: readonly SenderStream[]
    },
  ) {
    this.#context = context
    this.#control = parts.control
    this.#pacer = parts.pacer
    this.#parity = parts.parity
    this.#beat = parts.beat
    this.#streams = parts.streams
    const { receivers, historyAge } = context.limits
    this.vanished = new Vanished(receivers, historyAge)
    this.departed = new Departed(receivers)
  }

  /** The longest round trip of a receiver, ms. */
  get rttMs(): number {
    return this.#rtt.ms
  }

  onAttach(now: number, remote: Remote, record: Attach): void {
    const started: StartedEntry[] = []
    let attempt = 0
    for (const entry of record.entries) {
      const stream = this.#streams[entry.stream - 1]
      if (stream?.options.delivery !== 'reliable' || !this.#mayHear(remote, stream)) continue
      attempt = Math.max(attempt, entry.attempt)
      started.push(this.#attach(now, remote, { stream, entry }))
    }
    const to = this.#context.wayTo(remote, attempt >= UNICAST_ATTEMPTS)
    for (let i = 0; i < started.length; i += ENTRIES_MAX) {
      const entries = started.slice(i, i + ENTRIES_MAX)
      this.#control.add(to, { type: 'started', asker: remote.instance, entries })
    }
    this.#pacer.pump(now)
  }

  onCursor(now: number, remote: Remote, record: CursorReport): void {
    for (const entry of record.entries) {
      const stream = this.#streams[entry.stream - 1]
      const attached = stream?.attached.get(remote.instance)
      if (!stream || !attached) continue
      if (entry.next >= NUMBER_MAX && attached.next < NUMBER_MAX) {
        const { topic } = stream.options
        this.#context.emit({ type: 'asked', topic, state: 'left', instance: remote.instance })
      }
      attached.next = Math.max(attached.next, entry.next)
      this.#pace(now, { stream, remote, next: entry.next })
      // Nobody can have lost more than there was.
      attached.lost = Math.max(attached.lost, Math.min(entry.lost, stream.index))
    }
    this.#pacer.pump(now)
  }

  onNak(now: number, remote: Remote, nak: Nak): void {
    // Who is slow would answer both, one after the other.
    if (nak.flags & NakFlag.copy) return
    const stream = this.#streams[nak.stream - 1]
    if (stream?.options.delivery !== 'reliable' || !this.#mayHear(remote, stream)) return
    const { metrics } = this.#context
    metrics.count('naksReceived')
    this.#context.onWanted(remote.instance, stream.options.group)
    this.#hearLoss(stream, remote, nak)
    const news = this.#hearRtt(nak)
    stream.beat.lossyUntil = now + LOSSY_MS
    const alone = stream.attached.size === 1 && stream.attached.has(remote.instance)
    const solo = (nak.flags & NakFlag.solo) !== 0
    const to = solo ? remote.endpoint : stream.options.group
    const share = alone ? undefined : this.#shareOf(now, remote)
    const holdMs = Math.min(HOLD_MAX_MS, this.#rtt.ms)
    const granted = (size: number): boolean => {
      if (!share || share.take(now, size)) return true
      metrics.count('repairBudget')
      return false
    }
    let gone = false
    const runs: Run[] = []
    const parity = (nak.flags & NakFlag.parity) !== 0 && !solo
    const mended = parity ? this.#mend(now, stream, { nak, holdMs, granted }) : undefined
    const proof = (nak.flags & NakFlag.proof) !== 0
    eachMissing(nak, (named) => {
      const number = proof ? stream.provenBy(named) : named
      if (number > stream.sent) return false
      if (mended?.has(blockOf(number))) return true
      const stored = stream.history.get(number)
      if (!stored) {
        gone = true
        return true
      }
      if (hasExpired(now, stored)) {
        addToRuns(runs, number)
        return runs.length < ENTRIES_MAX
      }
      // Packets are large and answers under way: what has just been sent is not sent again.
      const { repairedTo, repairedAt = -Infinity } = stored
      const sent = repairedTo !== undefined && sameDestination(repairedTo, to)
      if (sent && now - repairedAt < holdMs) return true
      const urgent = alone || !solo
      // What one receiver lacks by itself has few turns of the pacer: that is its bound.
      const counts = urgent && !stored.repair
      if (counts && !granted(stored.packet.length)) return false
      this.#pacer.repair({ stream, number, stored, to, urgent })
      return true
    })
    if (gone) this.#tellOldest(now, stream, to)
    if (runs.length > 0) {
      this.#control.add(to, { type: 'expired', stream: stream.options.stream, entries: runs })
    }
    this.#pacer.pump(now)
    // Everybody waits as long as the group's round trip asks.
    if (news) this.#beat(stream)
  }

  /**
   * An instance has gone. Who fell silent without having confirmed everything may come back: a
   * closing process waits for it as long as what it lacks may still be there.
   */
  forget(remote: Remote, silent: boolean): void {
    const { instance } = remote
    let lost = 0
    for (const stream of this.#streams) {
      const attached = stream.attached.get(instance)
      lost += attached?.lost ?? 0
      if (silent && attached && attached.next <= stream.sent) this.vanished.add(remote)
      stream.attached.delete(instance)
      stream.options.flow?.forget(instance)
    }
    this.#shares.delete(instance)
    this.departed.add(remote, lost)
  }

  /** Whether its rights let it subscribe to the stream's topic. */
  #mayHear({ rights }: Remote, { options }: SenderStream): boolean {
    if (rights?.allows('subscribe', options.segments) !== false) return true
    this.#context.reject('denied')
    return false
  }

  /** A receiver has come as far as this: if it counts, the stream follows it. */
  #pace(
    now: number,
    { stream, remote, next }: { stream: SenderStream; remote: Remote; next: number },
  ): void {
    const { flow, flowRule } = stream.options
    if (!flow) return
    if (next >= NUMBER_MAX) flow.forget(remote.instance)
    else if (counts(flowRule, remote)) flow.hear(now, remote.instance, next)
  }

  /**
   * No answer comes sooner than a packet takes to leave: at a low rate that is what receivers wait
   * for, or they would ask again and again meanwhile.
   */
  #hearRtt({ rttUs }: Nak): boolean {
    const { packetMs } = this.#pacer
    if (rttUs === 0 && packetMs <= this.#rtt.ms) return false
    return this.#rtt.hear(Math.max(rttUs / 1000, packetMs))
  }

  /**
   * What the asker has missed since its last question. Who asks for what was never sent has been
   * told of it by a forger, and counts that as missed: it says nothing of the network.
   */
  #hearLoss(stream: SenderStream, { instance }: Remote, nak: Nak): void {
    const { missed, all, flags } = nak
    const attached = stream.attached.get(instance)
    if (!attached || all < attached.all) return
    const known = attached.all !== UNKNOWN
    const beyond = !(flags & NakFlag.proof) && namesBeyond(nak, stream.sent)
    const misled = beyond || all > stream.sent - attached.before
    // Counted from here on: what a forger has added stays in its sum.
    if (misled || !known) attached.before = Math.min(attached.before, stream.sent - all)
    if (known && !misled)
      this.#pacer.lossReported(Math.max(0, missed - attached.missed), all - attached.all)
    attached.missed = missed
    attached.all = all
  }

  /** Answers with parity what it can, and returns those blocks. */
  #mend(
    now: number,
    stream: SenderStream,
    { nak, ...rest }: { readonly nak: Nak } & Pick<Lack, 'holdMs' | 'granted'>,
  ): Set<number> {
    const counts = new Map<number, number>()
    eachMissing(nak, (number) => {
      const base = blockOf(number)
      if (number <= stream.sent) counts.set(base, (counts.get(base) ?? 0) + 1)
      return number <= stream.sent
    })
    const mended = new Set<number>()
    for (const [base, count] of counts) {
      if (this.#parity.answer(now, stream, { base, count, ...rest })) mended.add(base)
    }
    return mended
  }

  #tellOldest(now: number, stream: SenderStream, to: Remote['endpoint'] | string): void {
    if (now - stream.oldestToldAt < OLDEST_MS) return
    stream.oldestToldAt = now
    const { first } = stream.history
    const entry = { stream: stream.options.stream, first, index: stream.indexAt(first) }
    this.#control.add(to, { type: 'oldest', ...entry })
  }

  /** What one asker among several may make the group be sent again: a part of the rate. */
  #shareOf(now: number, { instance }: Remote): TokenBucket {
    let bucket = this.#shares.get(instance)
    if (bucket) return bucket
    const { rate, packetSize } = this.#context.config
    const burst = Math.max(rate * ASKER_BURST_S, 2 * packetSize)
    bucket = new TokenBucket(rate * ASKER_SHARE, burst, now)
    this.#shares.set(instance, bucket)
    return bucket
  }

  /** Registers a receiver and decides where it starts; what it missed it asks for. */
  #attach(
    now: number,
    remote: Remote,
    { stream, entry }: { stream: SenderStream; entry: AttachEntry },
  ): StartedEntry {
    stream.gateUntil = Math.min(stream.gateUntil, now + GATE_MS)
    if (stream.gateUntil > now) this.#context.timers.setBefore('pace', stream.gateUntil)
    this.vanished.delete(remote.instance)
    this.#context.onWanted(remote.instance, stream.options.group)
    stream.options.shares?.asked.forget(remote.instance)
    const { ask } = entry
    const place = placeOf(now, stream, entry)
    // Who names a packet has had what is before.
    this.#register(remote, { stream, entry, first: entry.from > 0 ? 0 : place.index })
    const attached = stream.attached.get(remote.instance)
    // Who had enough of it may want more.
    if (attached) attached.next = Math.min(attached.next, stream.sent)
    this.#pace(now, { stream, remote, next: place.start })
    const receivers = stream.attached.size
    const behind = stream.indexAt(stream.sent + 1)
    return { stream: entry.stream, ask, ...place, head: stream.sent, behind, receivers }
  }

  /** Remembers a receiver, as far as there is room. */
  #register(
    { instance }: Remote,
    at: { readonly stream: SenderStream; readonly entry: AttachEntry; readonly first: number },
  ): void {
    const { attached, options } = at.stream
    const known = attached.get(instance)
    // Who comes back to a stream that it never left has had what is before.
    const first = known && known.next < NUMBER_MAX ? Math.min(known.first, at.first) : at.first
    if (known) known.first = first
    else if (attached.size >= this.#context.limits.receivers) {
      this.#context.metrics.count('receiversFull')
      return
    } else {
      // Who has begun elsewhere, or long ago, says what it has missed since then.
      const all = at.entry.from > 1 ? UNKNOWN : 0
      const before = all === UNKNOWN ? Infinity : at.stream.sent
      attached.set(instance, { next: 0, lost: 0, first, missed: 0, all, before })
    }
    const count = attached.size
    if (!known) {
      this.#context.emit({ type: 'attached', topic: options.topic, count, from: instance, first })
    }
  }
}

/** Where an asker begins: with the packet that it names, or by age and count. */
function placeOf(now: number, stream: SenderStream, { from, ageMs, back }: AttachEntry): Place {
  // Who wants a number of messages from before gets just as many.
  if (from === 0) return stream.locate(now - ageMs - (back > 0 ? 0 : AGE_SLACK_MS), back)
  const start = Math.min(Math.max(from, stream.history.first), stream.head + 1)
  const index = stream.indexAt(start)
  return { start, wanted: index, index }
}

/** A receiver's count of packets that its publisher has yet to hear. */
const UNKNOWN = -1
/** How long a gated stream waits for more receivers once one has attached. */
const GATE_MS = 30
/** An attacher's age is made this much longer: its question took time to come. */
const AGE_SLACK_MS = 20
/** Attach attempts that are answered by unicast; later ones for everybody to hear. */
const UNICAST_ATTEMPTS = 2
/** A stream that was asked for something lately has its heartbeats sooner. */
const LOSSY_MS = 10_000
/** What was sent again is not sent again within a round trip, or this. */
const HOLD_MAX_MS = 250
/** How often a stream says what it no longer has. */
const OLDEST_MS = 20
/** One asker among several gets this part of the rate, and this many seconds of the rate at once. */
const ASKER_SHARE = 0.25
const ASKER_BURST_S = 0.25
