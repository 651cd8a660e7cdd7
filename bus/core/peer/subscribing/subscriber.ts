/**
 * The subscribing half of a peer: subscriptions, the streams they match, attaching to them.
 *
 * A binding (stream -> topic) of a present instance that some subscription matches becomes an
 * inflow. A reliable inflow attaches: it tells the publisher from where it wants the stream, and
 * is given what was sent before its group membership took effect. A stream that was opened after
 * the subscription is wanted from its first packet; of an older one, what has been published for
 * as long as the subscription exists. Both are compared as ages, so no clocks need agree.
 */
import type { Binding, Context, Inflow, Remote } from '../context.ts'
import { Attacher, type Past, type Wants } from './attacher.ts'
import type { ControlOut } from '../control.ts'
import { Deadlines } from '../../deadlines.ts'
import { Asker } from './asker.ts'
import { Hush } from '../presence/hush.ts'
import { deadlineOf, laneOf, lanesOf, lostOf, markOf, passExpired } from './lanes.ts'
import { Receivers } from './receivers.ts'
import { Replays } from './replays.ts'
import { Inflows, newInflow } from './inflows.ts'
import { Reporter } from './reporter.ts'
import type { SharedBy } from './held-seat.ts'
import { Seats } from './seats.ts'
import { fit, Subscriptions } from './subscriptions.ts'
import { type Bookmark, Bookmarks } from '../../stream/bookmarks.ts'
import { NakTiming } from '../../stream/nak-timing.ts'
import { isExact, type Pattern } from '../../topic/pattern.ts'
import type { Started } from '../../wire/attach.ts'
import { type Heartbeat, HeartbeatFlag } from '../../wire/control.ts'
import type { Expired, Oldest } from '../../wire/gone.ts'
import type { Nak } from '../../wire/nak.ts'

export class Subscriber {
  readonly #context: Context
  readonly #subscriptions = new Subscriptions()
  readonly #inflows = new Inflows()
  /** Inflows with a deadline of their own: reordering, attaching, or owing a cursor. */
  readonly #timed = new Deadlines<Inflow>()
  readonly #receivers: Receivers
  readonly #bookmarks: Bookmarks
  readonly #asker: Asker
  readonly #hush: Hush
  readonly reporter: Reporter
  readonly #attacher: Attacher
  readonly #replays: Replays
  readonly seats: Seats

  constructor(context: Context, control: ControlOut) {
    this.#context = context
    this.#receivers = new Receivers(context)
    this.#bookmarks = new Bookmarks(context.limits.streams)
    this.#asker = new Asker(context, control)
    this.#hush = new Hush(context)
    this.reporter = new Reporter(context, control)
    this.#attacher = new Attacher(context, control)
    this.#replays = new Replays(context, this.#attacher)
    this.seats = new Seats(context, control, (id) => this.sharingOf(id))
  }

  /** Ids of the subscriptions whose pattern matches a topic. */
  matching(segments: readonly string[]): readonly number[] {
    return this.#subscriptions.matching(segments)
  }

  /** The group of a subscription that shares, and since when it does. */
  sharingOf(id: number): SharedBy | undefined {
    const { sharing, since = 0 } = this.#subscriptions.get(id) ?? {}
    return sharing && { ...sharing, since, isRetired: this.seats.isRetired(id) }
  }

  /** Bytes that wait for an earlier packet, or are kept to mend others of their block. */
  get held(): { readonly earlySize: number; readonly blocksSize: number } {
    const { earlySize, blocksSize } = this.#receivers
    return { earlySize, blocksSize }
  }

  subscribe(now: number, id: number, pattern: Pattern, wants: Wants): void {
    const { history, proof = 'group', sharing } = wants
    const { groups, keys } = this.#context
    const group = isExact(pattern) ? groups.of(keys.tagOf(pattern.text)) : undefined
    if (group) this.#context.join(group)
    const one = { pattern, since: now, group, history, proof, sharing }
    const subscribed = this.#subscriptions.add(id, one)
    for (const remote of this.#context.roster) {
      for (const binding of remote.bindings.values()) {
        const fits = fit(subscribed, binding)
        this.#context.withheld.refuse(remote, binding.topic, fits)
        if (fits !== 'taken') continue
        const known = remote.inflows.get(binding.stream)
        if (!known) this.#open(now, remote, binding)
        else {
          this.#replay(now, known, id)
          this.#match(now, known)
          this.#time(now, known)
        }
      }
    }
  }

  /** Returns the pattern that the subscription had. */
  unsubscribe(now: number, id: number): Pattern | undefined {
    const subscribed = this.#subscriptions.delete(id)
    if (!subscribed) return undefined
    this.reporter.press(id, false)
    if (subscribed.group) this.#context.leave(subscribed.group)
    for (const inflow of this.#inflows.of(subscribed.pattern)) this.#match(now, inflow)
    if (subscribed.sharing) this.seats.end(now, id)
    return subscribed.pattern
  }

  /** A stream has become known. */
  onBound(now: number, remote: Remote, binding: Binding): void {
    for (const fits of this.#subscriptions.refusals(binding)) {
      this.#context.withheld.refuse(remote, binding.topic, fits)
    }
    this.#open(now, remote, binding)
  }

  /** A stream is not to be taken any more. */
  onUnbound(now: number, remote: Remote, { stream }: Binding): void {
    const inflow = remote.inflows.get(stream)
    if (!inflow) return
    markOf(now, inflow) // it ends as that of a publisher that has gone
    this.seats.detach(now, inflow, true)
    this.#close(inflow)
  }

  /** A publisher may not know this peer any more, nor that it receives anything. */
  attachAgain(now: number, remote: Remote): void {
    this.seats.again(now, remote)
    for (const inflow of remote.inflows.values()) {
      if (this.#attacher.again(now, inflow)) this.#time(now, inflow)
    }
  }

  /** A publisher is here and asks: what this peer has attached to in vain is tried again by `at`. */
  hasten(now: number, remote: Remote, at: number): void {
    for (const inflow of remote.inflows.values()) {
      if (this.#attacher.hasten(inflow, at)) this.#time(now, inflow)
    }
  }

  onStarted(now: number, remote: Remote, record: Started): void {
    if (record.asker !== this.#context.self.instance) return
    for (const entry of record.entries) {
      const inflow = remote.inflows.get(entry.stream)
      const lane = inflow && laneOf(inflow, entry.ask)
      // Number 0 is no packet's: a stream would wait for its start for ever, and keep the budget.
      if (!inflow || !lane || lane.attachAt === Infinity || entry.start === 0) continue
      this.#attacher.started(now, lane, entry)
      this.#time(now, inflow)
    }
  }

  onHeartbeat(now: number, remote: Remote, record: Heartbeat): void {
    for (const entry of record.entries) {
      const inflow = remote.inflows.get(entry.stream)
      if (!inflow) {
        if (record.flags & HeartbeatFlag.final) this.reporter.wantNothing(remote, entry)
        continue
      }
      inflow.receiver.options.timing.hear(record.grttUs / 1000, entry.receivers)
      for (const { receiver } of lanesOf(inflow)) receiver.heartbeat(now, entry.head, entry.index)
      this.#hush.heartbeat(now, inflow)
      if (record.flags & HeartbeatFlag.final) this.reporter.closing(now, inflow, entry.head)
      else this.reporter.pace(now, inflow, true)
      this.#time(now, inflow)
    }
  }

  /** Somebody asks another publisher for packets. */
  onNak(now: number, nak: Nak): void {
    const inflow = this.#asker.overhear(now, nak)
    if (inflow) this.#time(now, inflow)
  }

  /** A publisher has packets from `first` on and no older ones. */
  onOldest(now: number, remote: Remote, { stream, first, index }: Oldest): void {
    const inflow = remote.inflows.get(stream)
    if (!inflow) return
    for (const { receiver } of lanesOf(inflow)) receiver.skipTo(now, first, index)
    this.#time(now, inflow)
  }

  /** What these packets of a publisher held has expired. */
  onExpired(now: number, remote: Remote, { stream, entries }: Expired): void {
    const inflow = remote.inflows.get(stream)
    if (!inflow) return
    for (const run of entries) passExpired(now, inflow, run)
    this.#time(now, inflow)
  }

  /** The publisher has gone: what is known to be missing becomes a gap. */
  forget(now: number, remote: Remote): void {
    for (const inflow of remote.inflows.values()) {
      const mark = markOf(now, inflow)
      const { stream } = inflow.binding
      if (mark) this.#bookmarks.put(remote.instance, stream, { ...mark, at: now })
      this.seats.detach(now, inflow, false)
      this.#close(inflow)
    }
    this.seats.forget(remote)
  }

  /** Packets that were due while this process stood still for `ms` may be waiting in its socket. */
  forgive(now: number, ms: number): void {
    for (const inflow of this.#timed) {
      for (const { receiver } of lanesOf(inflow)) receiver.postpone(now)
    }
    this.#hush.forgive(ms)
  }

  /** A packet of the stream has come: its deadlines may have changed. */
  received(now: number, inflow: Inflow): void {
    this.#hush.packet(now, inflow)
    this.reporter.pace(now, inflow)
    this.#time(now, inflow)
  }

  /** The program is behind with a subscription, or is so no more. */
  press(now: number, id: number, behind: boolean): void {
    this.reporter.press(id, behind)
    const subscribed = this.#subscriptions.get(id)
    for (const inflow of subscribed ? this.#inflows.of(subscribed.pattern) : []) {
      this.reporter.pace(now, inflow)
      this.#time(now, inflow)
    }
  }

  /** Called every now and then. */
  housekeep(now: number): void {
    this.#hush.watch(now)
    for (const inflow of this.#timed) this.#time(now, inflow)
  }

  /** The `receive` timer: reordering, attaching, cursors. */
  onTimer(now: number): void {
    const all = this.#timed.due(now)
    for (const inflow of all) {
      let due = false
      for (const { receiver } of lanesOf(inflow)) {
        if (receiver.deadline > now) continue
        receiver.expire(now)
        due = true
      }
      if (due) this.#asker.ask(now, inflow)
      if (inflow.cursorAt <= now) this.reporter.report(now, inflow)
    }
    this.#attacher.attach(now, all)
    for (const inflow of all) this.#time(now, inflow)
    if (this.#timed.next < Infinity) this.#context.timers.set('receive', this.#timed.next)
  }

  /** Makes the binding an inflow if some subscription matches it. */
  #open(now: number, remote: Remote, binding: Binding): void {
    const subscriptions = this.#subscriptions.takersOf(binding)
    if (subscriptions.length === 0 || remote.inflows.has(binding.stream)) return
    const mark = this.#bookmarks.take(remote.instance, binding.stream)
    const receiver = this.#receivers.open(remote, binding, {
      timing: new NakTiming(() => this.#context.unit()),
      tally: {
        lost: mark?.lost ?? remote.detached.get(binding.stream) ?? 0,
        cause: mark?.cause,
      },
      mends: true,
    })
    const since = Math.min(...subscriptions.map((id) => this.#subscriptions.get(id)!.since))
    const lane = this.#attacher.lane(now, receiver, { since, back: 0 })
    const inflow = newInflow(remote, binding, lane)
    remote.inflows.set(binding.stream, inflow)
    remote.detached.delete(binding.stream)
    this.#inflows.add(inflow)
    this.#context.join(binding.group)
    this.#begin(now, inflow, mark)
    this.#match(now, inflow)
    this.#time(now, inflow)
  }

  /** Where its takers begin with a stream: from the first packet, as they ask, or at their mark. */
  #begin(now: number, inflow: Inflow, mark: Bookmark | undefined): void {
    const { receiver, binding, since } = inflow
    const taken = this.#subscriptions.takersOf(binding).map((id) => {
      const told = mark?.subscriptions.includes(id) === true
      return { id, told, ...this.#subscriptions.get(id)! }
    })
    // Who was there when the stream was left, and had not begun, has its time still to come.
    const behind = taken.some((one) => mark && !one.told && !one.history && one.since <= mark.at)
    const resumes = !behind && taken.some(({ told }) => told)
    const fresh = !resumes && binding.delivery === 'reliable' && binding.openedAt >= since
    if (mark && resumes) receiver.start(now, mark.next, mark.index)
    else if (fresh) receiver.start(now, 1, 0)
    for (const one of taken) {
      if (one.told && !resumes) this.#replay(now, inflow, one.id, mark)
      if (!one.told && !(fresh && binding.openedAt >= one.since)) this.#replay(now, inflow, one.id)
    }
  }

  /** Gives a subscription what it wants of the time before it, or what is behind its mark. */
  #replay(now: number, inflow: Inflow, subscription: number, mark?: Bookmark): void {
    const { binding, remote } = inflow
    const { since, history = mark && NOTHING } = this.#subscriptions.get(subscription)!
    if (!history || binding.delivery !== 'reliable') return
    const { timing } = inflow.receiver.options
    const receiver = this.#receivers.open(remote, binding, { timing, tally: { lost: 0 } })
    if (binding.shared) this.seats.pass(receiver.messages)
    if (mark) receiver.start(now, mark.next, mark.index)
    const wish = { since: since - history.ageMs, back: history.back }
    this.#replays.begin(now, inflow, { subscription, wish, receiver })
  }

  /** Finds the takers of a stream anew: those that a replay serves are not the main receiver's. */
  #match(now: number, inflow: Inflow): void {
    const subscriptions = this.#subscriptions.takersOf(inflow.binding)
    this.#replays.retain(inflow, subscriptions)
    const replayed = inflow.replays.map(({ subscription }) => subscription)
    inflow.receiver.messages.subscriptions = subscriptions.filter((id) => !replayed.includes(id))
    this.seats.match(now, inflow, subscriptions)
    if (subscriptions.length > 0) return
    this.#close(inflow)
    inflow.remote.detached.set(inflow.binding.stream, lostOf(inflow))
    this.reporter.leave(inflow)
  }

  #close(inflow: Inflow): void {
    const { remote, binding } = inflow
    inflow.receiver.release()
    this.#replays.retain(inflow, [])
    this.#timed.delete(inflow)
    this.#hush.forget(inflow)
    if (!remote.inflows.delete(binding.stream)) return
    this.#inflows.delete(inflow)
    this.#context.leave(binding.group)
  }

  /** Keeps the inflow among the timed ones exactly as long as it has a deadline. */
  #time(now: number, inflow: Inflow): void {
    if (this.#replays.merge(inflow)) this.#match(now, inflow)
    this.seats.received(now, inflow)
    const { remote, binding } = inflow
    const at = Math.min(this.reporter.dueAt(inflow), deadlineOf(inflow))
    if (at === Infinity || remote.inflows.get(binding.stream) !== inflow) {
      this.#timed.delete(inflow)
      return
    }
    this.#timed.set(inflow, at)
    this.#context.timers.setBefore('receive', at)
  }
}

const NOTHING: Past = { ageMs: 0, back: 0 }
