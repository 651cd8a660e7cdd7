/**
 * The subscribing half of a peer: subscriptions, the streams they match, attaching to them.
 *
 * A binding (stream -> topic) of a present instance that some subscription matches becomes an
 * inflow. A reliable inflow attaches: it tells the publisher from where it wants the stream, and
 * is given what was sent before its group membership took effect. A stream that was opened after
 * the subscription is wanted from its first packet; of an older one, what has been published for
 * as long as the subscription exists. Both are compared as ages, so no clocks need agree.
 */
import type { Binding, Context, Inflow, Remote } from './peer-context.ts'
import { type ControlOut, ENTRIES_MAX } from './peer-control.ts'
import { Asker } from './peer-asker.ts'
import { Hush } from './peer-hush.ts'
import { Reporter } from './peer-reporter.ts'
import { answerDelay } from './service/presence.ts'
import { AssemblyPool } from './stream/assembly.ts'
import { Bookmarks } from './stream/bookmarks.ts'
import { NakTiming } from './stream/nak-timing.ts'
import { ReceiverStream } from './stream/receiver.ts'
import { isExact, matches, type Pattern } from './topic/pattern.ts'
import { Trie } from './topic/trie.ts'
import {
  type AttachEntry,
  type Heartbeat,
  HeartbeatFlag,
  type Oldest,
  type Started,
} from './wire/control.ts'
import type { Nak } from './wire/nak.ts'

interface Subscribed {
  readonly pattern: Pattern
  readonly since: number
  /** The group of an exact pattern, joined from the beginning. */
  readonly group: string | undefined
}

export class Subscriber {
  readonly #context: Context
  readonly #control: ControlOut
  readonly #subscriptions = new Map<number, Subscribed>()
  readonly #trie = new Trie<number>()
  readonly #inflowsByTopic = new Map<string, Set<Inflow>>()
  /** Inflows with a deadline of their own: reordering, attaching, or owing a cursor. */
  readonly #timed = new Set<Inflow>()
  readonly #budget: { used: number; readonly max: number }
  readonly #pool: AssemblyPool
  readonly #bookmarks: Bookmarks
  readonly #asker: Asker
  readonly #hush: Hush
  readonly #reporter: Reporter

  constructor(context: Context, control: ControlOut) {
    this.#context = context
    this.#control = control
    this.#budget = { used: 0, max: context.limits.reorderSize }
    this.#bookmarks = new Bookmarks(context.limits.streams)
    this.#asker = new Asker(context, control)
    this.#hush = new Hush(context)
    this.#reporter = new Reporter(context, control)
    this.#pool = new AssemblyPool(context.limits.assemblySize, () => {
      context.metrics.count('assemblyFull')
    })
  }

  /** Ids of the subscriptions whose pattern matches a topic. */
  matching(segments: readonly string[]): readonly number[] {
    return this.#trie.match(segments)
  }

  /** Bytes that wait for an earlier packet. */
  get earlySize(): number {
    return this.#budget.used
  }

  get size(): number {
    return this.#subscriptions.size
  }

  subscribe(now: number, id: number, pattern: Pattern): void {
    const { groups, keys } = this.#context
    const group = isExact(pattern) ? groups.of(keys.tagOf(pattern.text)) : undefined
    if (group) this.#context.join(group)
    this.#subscriptions.set(id, { pattern, since: now, group })
    this.#trie.add(pattern, id)
    for (const remote of this.#context.roster) {
      for (const binding of remote.bindings.values()) {
        if (matches(pattern, binding.segments)) this.#open(now, remote, binding)
      }
    }
  }

  /** Returns the pattern that the subscription had. */
  unsubscribe(id: number): Pattern | undefined {
    const subscribed = this.#subscriptions.get(id)
    if (!subscribed) return undefined
    this.#subscriptions.delete(id)
    this.#trie.remove(subscribed.pattern, id)
    if (subscribed.group) this.#context.leave(subscribed.group)
    for (const inflow of this.#inflowsOf(subscribed.pattern)) this.#match(inflow)
    return subscribed.pattern
  }

  /** A stream has become known. */
  onBound(now: number, remote: Remote, binding: Binding): void {
    this.#open(now, remote, binding)
  }

  onStarted(now: number, remote: Remote, record: Started): void {
    if (record.asker !== this.#context.self.instance) return
    for (const entry of record.entries) {
      const inflow = remote.inflows.get(entry.stream)
      // Number 0 is no packet's: a stream would wait for its start for ever, and keep the budget.
      if (!inflow || inflow.attachAt === Infinity || entry.start === 0) continue
      inflow.attachAt = Infinity
      const { receiver } = inflow
      // After a second question nobody knows which one was answered.
      const { timing } = receiver.options
      if (inflow.attempts === 1) timing.measured(now - inflow.attachedAt)
      timing.count(entry.receivers)
      if (receiver.next === 0) receiver.start(now, entry.start, entry.index)
      else receiver.skipTo(now, entry.start, entry.index)
      receiver.catchUp(now, entry.head)
      this.#time(inflow)
    }
  }

  onHeartbeat(now: number, remote: Remote, record: Heartbeat): void {
    for (const entry of record.entries) {
      const inflow = remote.inflows.get(entry.stream)
      if (!inflow) {
        if (record.flags & HeartbeatFlag.final) this.#reporter.wantNothing(remote, entry)
        continue
      }
      inflow.receiver.options.timing.hear(record.grttUs / 1000, entry.receivers)
      inflow.receiver.heartbeat(now, entry.head, entry.index)
      this.#hush.heartbeat(now, inflow)
      if (record.flags & HeartbeatFlag.final) this.#reporter.closing(now, inflow, entry.head)
      this.#time(inflow)
    }
  }

  /** Somebody asks another publisher for packets. */
  onNak(now: number, nak: Nak): void {
    const inflow = this.#asker.overhear(now, nak)
    if (inflow) this.#time(inflow)
  }

  /** A publisher has packets from `first` on and no older ones. */
  onOldest(now: number, remote: Remote, { stream, first, index }: Oldest): void {
    const inflow = remote.inflows.get(stream)
    if (!inflow) return
    inflow.receiver.skipTo(now, first, index)
    this.#time(inflow)
  }

  /** The publisher has gone: what is known to be missing becomes a gap. */
  forget(now: number, remote: Remote): void {
    for (const inflow of remote.inflows.values()) {
      const { receiver, binding } = inflow
      receiver.end()
      const { next, index } = receiver
      const mark = { next, index, lost: receiver.options.tally.lost, at: now }
      if (next > 0 && index >= 0) this.#bookmarks.put(remote.instance, binding.stream, mark)
      this.#close(inflow)
    }
  }

  /** Packets that were due while this process stood still for `ms` may be waiting in its socket. */
  forgive(now: number, ms: number): void {
    for (const { receiver } of this.#timed) receiver.postpone(now)
    this.#hush.forgive(ms)
  }

  /** A packet of the stream has come: its deadlines may have changed. */
  received(now: number, inflow: Inflow): void {
    this.#hush.packet(now, inflow)
    this.#time(inflow)
  }

  /** Called every now and then. */
  housekeep(now: number): void {
    this.#hush.watch(now)
  }

  /** The `receive` timer: reordering, attaching, cursors. */
  onTimer(now: number): void {
    for (const inflow of this.#timed) {
      if (inflow.receiver.deadline <= now) {
        inflow.receiver.expire(now)
        this.#asker.ask(now, inflow)
      }
      if (inflow.cursorAt <= now) this.#reporter.report(inflow)
    }
    this.#attachDue(now)
    for (const inflow of this.#timed) this.#time(inflow)
    this.#arm()
  }

  /** Makes the binding an inflow if some subscription matches it, or gives it one more taker. */
  #open(now: number, remote: Remote, binding: Binding): void {
    const known = remote.inflows.get(binding.stream)
    if (known) return this.#match(known)
    const subscriptions = this.matching(binding.segments)
    if (subscriptions.length === 0) return
    const { keys, limits, metrics } = this.#context
    const mark = this.#bookmarks.take(remote.instance, binding.stream)
    const receiver = new ReceiverStream({
      info: { topic: binding.topic, from: remote.instance, delivery: binding.delivery },
      reorderPackets: limits.reorderPackets,
      repairAge: limits.repairAge,
      timing: new NakTiming(() => this.#context.unit()),
      messageSize: limits.messageSize,
      tally: { lost: mark?.lost ?? remote.detached.get(binding.stream) ?? 0 },
      budget: this.#budget,
      pool: this.#pool,
      metrics,
      emit: (output) => this.#context.emit(output),
    })
    receiver.subscriptions = subscriptions
    const since = Math.min(...subscriptions.map((id) => this.#subscriptions.get(id)!.since))
    const key = keys.dataKeyOf(remote.sender, binding.topic)
    const reliable = binding.delivery === 'reliable'
    const delay = answerDelay(this.#context.roster.size, this.#context.unit())
    const attachAt = reliable ? now + delay : Infinity
    const rest = {
      attachAt,
      attachedAt: 0,
      attempts: 0,
      finalHead: 0,
      cursorAt: Infinity,
      packetAt: -Infinity,
      heardAt: -Infinity,
      rejoinedAt: -Infinity,
      renewals: 0,
    }
    const inflow: Inflow = { binding, remote, key, receiver, since, ...rest }
    remote.inflows.set(binding.stream, inflow)
    remote.detached.delete(binding.stream)
    const sameTopic = this.#inflowsByTopic.get(binding.topic)
    if (sameTopic) sameTopic.add(inflow)
    else this.#inflowsByTopic.set(binding.topic, new Set([inflow]))
    this.#context.join(binding.group)
    if (mark && since <= mark.at) receiver.start(now, mark.next, mark.index)
    else if (reliable && binding.openedAt >= since) receiver.start(now, 1, 0)
    this.#time(inflow)
  }

  #inflowsOf(pattern: Pattern): Inflow[] {
    if (isExact(pattern)) return [...(this.#inflowsByTopic.get(pattern.text) ?? [])]
    return [...this.#inflowsByTopic.values()].flatMap((inflows) => [...inflows])
  }

  #match(inflow: Inflow): void {
    inflow.receiver.subscriptions = this.matching(inflow.binding.segments)
    if (inflow.receiver.subscriptions.length > 0) return
    this.#close(inflow)
    inflow.remote.detached.set(inflow.binding.stream, inflow.receiver.options.tally.lost)
  }

  #close(inflow: Inflow): void {
    const { remote, binding } = inflow
    inflow.receiver.release()
    this.#timed.delete(inflow)
    this.#hush.forget(inflow)
    if (!remote.inflows.delete(binding.stream)) return
    const sameTopic = this.#inflowsByTopic.get(binding.topic)
    sameTopic?.delete(inflow)
    if (sameTopic?.size === 0) this.#inflowsByTopic.delete(binding.topic)
    this.#context.leave(binding.group)
  }

  #attachDue(now: number): void {
    const entriesByRemote = new Map<Remote, AttachEntry[]>()
    for (const inflow of this.#timed) {
      if (inflow.attachAt > now) continue
      if (inflow.attempts >= ATTACH_MAX) {
        inflow.attachAt = Infinity
        inflow.receiver.startAnywhere(now)
        continue
      }
      const { binding, receiver, remote, since, attempts } = inflow
      const ageMs = Math.ceil(now - since)
      const entry = { stream: binding.stream, from: receiver.next, ageMs, attempt: attempts }
      inflow.attempts += 1
      inflow.attachedAt = now
      inflow.attachAt = now + Math.min(ATTACH_MAX_MS, ATTACH_MIN_MS * 2 ** attempts)
      const entries = entriesByRemote.get(remote)
      if (entries) entries.push(entry)
      else entriesByRemote.set(remote, [entry])
    }
    for (const [remote, entries] of entriesByRemote) this.#attach(remote, entries)
  }

  /** By unicast first; from the third attempt on for everybody to hear. */
  #attach(remote: Remote, entries: readonly AttachEntry[]): void {
    for (let i = 0; i < entries.length; i += ENTRIES_MAX) {
      const page = entries.slice(i, i + ENTRIES_MAX)
      const to = page[0]!.attempt < UNICAST_ATTEMPTS ? remote.endpoint : this.#context.controlGroup
      this.#control.add(to, { type: 'attach', target: remote.instance, entries: page })
    }
  }

  /** Keeps the inflow among the timed ones exactly as long as it has a deadline. */
  #time(inflow: Inflow): void {
    const { receiver, attachAt, remote, binding } = inflow
    const at = Math.min(receiver.deadline, attachAt, this.#reporter.dueAt(inflow))
    if (at === Infinity || remote.inflows.get(binding.stream) !== inflow) {
      this.#timed.delete(inflow)
      return
    }
    this.#timed.add(inflow)
    this.#context.timers.setBefore('receive', at)
  }

  #arm(): void {
    let at = Infinity
    for (const inflow of this.#timed) {
      at = Math.min(at, inflow.receiver.deadline, inflow.attachAt, inflow.cursorAt)
    }
    if (at < Infinity) this.#context.timers.set('receive', at)
  }
}

const ATTACH_MIN_MS = 40
const ATTACH_MAX_MS = 1000
const ATTACH_MAX = 10
const UNICAST_ATTEMPTS = 2
