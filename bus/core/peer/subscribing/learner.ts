/**
 * Learns which topic each stream of the other instances carries, and asks where it does not know.
 *
 * Bindings come unasked when a stream is opened. What was lost, or said before this peer was here,
 * shows as a stream count higher than the bindings at hand, or as a packet of an unknown stream.
 */
import { bytesOf64, hexOf } from '../../bytes.ts'
import { BINDINGS_LABEL, openBinding } from '../binding.ts'
import type { Binding, Closure, Context, Remote } from '../context.ts'
import type { ControlOut } from '../control.ts'
import { UNASKED_MAX } from '../publishing/announcer.ts'
import { answerDelay } from '../../service/presence.ts'
import type { Bindings } from '../../wire/control.ts'

/** What the learner tells the peer. */
export interface LearnerEvents {
  bound(now: number, remote: Remote, binding: Binding): void
  /** A page has been taken in: packets may have waited for it. */
  learnt(now: number, remote: Remote): void
  /** A stream may not be taken any more. */
  unbound(now: number, remote: Remote, binding: Binding): void
  /** Whether the program has subscribed to such a topic. */
  wants(segments: readonly string[]): boolean
}

export class Learner {
  readonly #context: Context
  readonly #control: ControlOut
  readonly #events: LearnerEvents
  /** Instances that a question is due for. */
  readonly #asking = new Set<Remote>()
  #bindings = 0
  /** How many of them each identity has announced, by its digits. */
  readonly #bindingsByMember = new Map<string, number>()

  constructor(context: Context, control: ControlOut, events: LearnerEvents) {
    this.#context = context
    this.#control = control
    this.#events = events
  }

  /** An instance says how many streams it has opened: asks for bindings if they do not come. */
  hear(now: number, remote: Remote, streamCount: number): void {
    const known = Math.min(streamCount, this.#context.limits.streams)
    remote.streamCount = Math.max(remote.streamCount, known)
    if (remote.bound >= remote.streamCount || remote.wantAt < Infinity) return
    remote.wantMs = WANT_MIN_MS
    // A few come unasked, behind the hello by which it has been met.
    const isNew = remote.entry.since === now && remote.streamCount <= UNASKED_MAX
    this.#askAt(remote, now + (isNew ? WANT_NEW_MS : WANT_MIN_MS) + this.#spread)
  }

  /** A packet of this stream came before its binding. */
  hearStream(now: number, remote: Remote, stream: number): void {
    // One draw for all packets of it: the least of many would be at once, for everybody.
    if (isKnown(remote, stream) || remote.wanted.has(stream)) return
    if (remote.wanted.size >= WANTED_MAX) return
    remote.wanted.add(stream)
    // Nobody has vouched for the packet yet: it may not make this peer ask often.
    const delay = Math.min(WANTED_SPREAD_MS, this.#spread)
    this.#askAt(remote, Math.max(now + WANT_MIN_MS + delay, remote.wantedAt + WANT_AGAIN_MS))
  }

  /** So much later, by chance: all who lack a binding ask, and one answer is for all. */
  get #spread(): number {
    return answerDelay(this.#context.roster.size, this.#context.unit())
  }

  onBindings(remote: Remote, record: Bindings): void {
    const entries = record.entries.filter((entry) => !isKnown(remote, entry.stream))
    if (entries.length === 0) return
    const { identity } = remote.sender
    const parts = [bytesOf64(remote.instance), record.signed.slice()]
    const proof = { identity, signature: record.signature.slice(), label: BINDINGS_LABEL, parts }
    this.#context.verify(proof, (now) => {
      if (this.#context.roster.get(remote.instance) !== remote) return
      for (const entry of entries) {
        const binding = openBinding(now, this.#context, entry)
        if (binding) this.#keep(now, remote, binding)
        else this.#context.reject('malformed')
      }
      while (isKnown(remote, remote.bound + 1)) remote.bound += 1
      this.#events.learnt(now, remote)
    })
  }

  /** An instance has gone. */
  forget(remote: Remote): void {
    this.#asking.delete(remote)
    this.#count(remote, -knownOf(remote))
  }

  /** Rights have changed: what they close is let go, what they may open is asked for anew. */
  judge(now: number, remote: Remote): void {
    this.#count(remote, -remote.closed.size)
    remote.closed.clear()
    for (const binding of remote.bindings.values()) {
      const closure = this.#closure(remote, binding)
      if (!closure) continue
      remote.bindings.delete(binding.stream)
      this.#close(remote, binding.stream, closure)
      this.#events.unbound(now, remote, binding)
    }
    remote.bound = 0
    while (isKnown(remote, remote.bound + 1)) remote.bound += 1
    this.hear(now, remote, remote.streamCount)
  }

  /** The `learn` timer. */
  onTimer(now: number): void {
    for (const remote of this.#asking) {
      if (remote.wantAt > now) continue
      remote.wantAt = Infinity
      this.#asking.delete(remote)
      this.#ask(now, remote)
    }
    let next = Infinity
    for (const remote of this.#asking) next = Math.min(next, remote.wantAt)
    if (next < Infinity) this.#context.timers.setBefore('learn', next)
  }

  #keep(now: number, remote: Remote, binding: Binding): void {
    const { limits, metrics } = this.#context
    remote.wanted.delete(binding.stream)
    if (isKnown(remote, binding.stream)) return
    const ofMember = this.#bindingsByMember.get(hexOf(remote.sender.identity)) ?? 0
    const isFull = knownOf(remote) >= limits.streams || ofMember >= limits.memberBindings
    if (isFull || this.#bindings >= limits.bindings) return metrics.count('streamsFull')
    this.#count(remote, 1)
    const closure = this.#closure(remote, binding)
    if (closure === 'uninterested') this.#withhold(remote, binding)
    if (closure) return this.#close(remote, binding.stream, closure)
    remote.bindings.set(binding.stream, binding)
    const { topic, delivery } = binding
    this.#context.emit({ type: 'topic', topic, from: remote.instance, delivery })
    this.#events.bound(now, remote, binding)
  }

  #count({ sender }: Remote, by: number): void {
    const member = hexOf(sender.identity)
    const count = (this.#bindingsByMember.get(member) ?? 0) + by
    this.#bindings += by
    if (count > 0) this.#bindingsByMember.set(member, count)
    else this.#bindingsByMember.delete(member)
  }

  /** Why a stream is not to be taken, if it is not. */
  #closure(remote: Remote, { topic, segments }: Binding): Closure | undefined {
    if (!this.#context.keys.opens(topic)) return 'uninterested'
    if (remote.rights?.allows('publish', segments) === false) return 'denied'
    const { rights } = this.#context
    return rights?.allows('subscribe', segments) === false ? 'uninterested' : undefined
  }

  /** What the program wants and this peer may not have. */
  #withhold(remote: Remote, { topic, segments }: Binding): void {
    if (!this.#events.wants(segments)) return
    const { keys, withheld } = this.#context
    withheld.tell(remote, topic, keys.opens(topic) ? 'rights' : 'key')
  }

  #close(remote: Remote, stream: number, closure: Closure): void {
    remote.closed.set(stream, closure)
    if (closure === 'denied') this.#context.reject(closure)
  }

  #ask(now: number, remote: Remote): void {
    const { controlGroup } = this.#context
    const target = remote.instance
    for (const first of remote.wanted) {
      remote.wantedAt = now
      this.#control.add(controlGroup, { type: 'want', target, first, count: 1 })
    }
    remote.wanted.clear()
    if (remote.bound >= remote.streamCount) return
    const count = remote.streamCount - remote.bound
    this.#control.add(controlGroup, { type: 'want', target, first: remote.bound + 1, count })
    // Never the present, also when the first question was for a single stream.
    remote.wantMs = Math.min(WANT_MAX_MS, Math.max(WANT_MIN_MS, remote.wantMs * 2))
    this.#askAt(remote, now + remote.wantMs)
  }

  #askAt(remote: Remote, at: number): void {
    remote.wantAt = Math.min(remote.wantAt, at)
    this.#asking.add(remote)
    this.#context.timers.setBefore('learn', remote.wantAt)
  }
}

function isKnown(remote: Remote, stream: number): boolean {
  return remote.bindings.has(stream) || remote.closed.has(stream)
}

function knownOf(remote: Remote): number {
  return remote.bindings.size + remote.closed.size
}

const WANT_MIN_MS = 10
const WANT_NEW_MS = 50
/** The packet does not wait for ever. */
const WANTED_SPREAD_MS = 200
const WANT_MAX_MS = 2000
const WANT_AGAIN_MS = 100
const WANTED_MAX = 32
