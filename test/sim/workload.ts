/** What simulated programs do: publish bursts, subscribe and unsubscribe, answer, flush. */
import type { Delivery } from '../../bus/core/output.ts'
import type { ProofRule } from '../../bus/core/publication.ts'
import { parsePattern, parseTopic } from '../../bus/core/topic/pattern.ts'
import { Codec } from '../../bus/core/wire/record.ts'
import type { Acts } from './acts.ts'
import type { Ledger } from './ledger.ts'
import { MARKER, type Plan, type SizeClass } from './plan.ts'
import type { Presence } from './presence.ts'
import type { Process } from './process.ts'
import { Random } from '../../bus/testing/random.ts'
import type { Schedule } from '../../bus/testing/schedule.ts'
import { check } from './violation.ts'

interface WorkloadParts {
  readonly random: Random
  readonly schedule: Schedule
  readonly ledger: Ledger
  readonly presence: Presence
  readonly acts: Acts
  /** Writes down what programs do. */
  readonly note: (text: string) => void
}

export class Workload {
  readonly #plan: Plan
  readonly #random: Random
  readonly #schedule: Schedule
  readonly #ledger: Ledger
  readonly #presence: Presence
  readonly #acts: Acts
  readonly #note: (text: string) => void
  /** Bytes that each process may still publish. */
  readonly #budgets = new Map<Process, number>()
  readonly #flushes = new Map<Process, Set<number>>()
  #ids = 0
  #messages = 0
  /** Programs' messages expire in this world; a source of its own leaves all else as it was. */
  readonly #brief: Random | undefined
  /** Reliable topics wait for their slowest receivers in this world. */
  readonly #paced: boolean
  /** From now on nothing expires. */
  lasting = false

  constructor(plan: Plan, parts: WorkloadParts) {
    this.#plan = plan
    const brief = new Random(plan.seed, 'brief')
    if (!plan.calm && brief.chance(0.3)) this.#brief = brief
    this.#paced = new Random(plan.seed, 'paced').chance(0.2)
    this.#random = parts.random
    this.#schedule = parts.schedule
    this.#ledger = parts.ledger
    this.#presence = parts.presence
    this.#acts = parts.acts
    this.#note = parts.note
  }

  /** Plans what a new process does until the storm is over. */
  employ(process: Process): void {
    const { stormMs, bursts, rate, volume } = this.#plan
    const leftMs = stormMs - this.#schedule.time
    const random = this.#random
    this.#budgets.set(process, Math.min(volume, (rate * Math.max(leftMs, 500)) / 3000))
    for (let i = random.integer(0, 2); i > 0; i--) if (this.#acts.next()) this.subscribe(process)
    for (let i = random.integer(0, 2); i > 0; i--)
      this.#in(leftMs, process, () => this.subscribe(process))
    if (random.chance(0.3)) this.#in(leftMs, process, () => this.#unsubscribe(process))
    if (random.chance(0.3)) this.#in(leftMs, process, () => this.#flush(process))
    const publishes = random.chance(0.7) ? random.integer(1, bursts) : 0
    for (let i = 0; i < publishes; i++) this.#in(leftMs, process, () => this.burst(process))
    // Who publishes at once, before anybody has found it, is a case of its own.
    if (random.chance(0.3) && this.#acts.next()) this.burst(process)
  }

  subscribe(process: Process, late = false): void {
    const parsed = parsePattern(this.#random.pick(this.#plan.patterns))
    if (!parsed.ok) throw new Error(parsed.fault)
    const { pattern } = parsed
    const { pasts } = this.#plan
    const looksBack = pasts.length > 0 && (late || this.#random.chance(0.6))
    const past = looksBack ? this.#random.pick(pasts) : undefined
    const id = ++this.#ids
    const history = past ? `, history ${past.back} ${past.ageMs} ms` : ''
    this.#note(`${process.id} subscribes #${id} ${pattern.text}${history}`)
    const known = [...this.#presence.seenBy(process)]
    this.#ledger.subscribed(process, this.#schedule.time, { id, pattern, past, known })
    const proof = this.#plan.proof === 'each' ? 'each' : 'group'
    const wants = { history: past, live: true, proof } as const
    process.command((peer, now) => peer.subscribe(now, id, pattern, wants))
  }

  /** Some messages in one turn of the program. */
  burst(process: Process): void {
    const random = this.#random
    const topic = random.pick(this.#plan.topics)
    const count = random.integer(1, this.#plan.burstMax)
    for (let i = 0; i < count; i++) {
      const left = this.#budgets.get(process) ?? 0
      // Who has said all that the plan lets it say still says a word each time.
      if (left < 0 && i > 0) break
      const size = left < 0 ? 0 : this.#sizeOf(random.pick(this.#plan.sizes))
      this.#budgets.set(process, left - size - MESSAGE_COST)
      this.publish(process, random.chance(0.9) ? topic : random.pick(this.#plan.topics), size)
    }
    process.endTurn()
  }

  /** Publishes one message; false when a bound forbids it. */
  publish(process: Process, topic: string, size: number): boolean {
    const parsed = parseTopic(topic)
    if (!parsed.ok) throw new Error(parsed.fault)
    const ledger = this.#ledger
    const delivery = ledger.deliveryOf(process, topic) ?? this.#deliveryOf(process, topic)
    const payload = payloadOf(delivery === 'latest' ? Math.max(32, size) : size, this.#messages++)
    const about = { topic, segments: parsed.segments, delivery }
    const expiresMs = this.#expiry()
    const entry = { ...about, payload, expiresMs }
    const stream = ledger.published(process, this.#schedule.time, entry)
    this.#note(
      `${process.id} publishes ${topic} ${stream.messages.length - 1}, ${payload.length} B`,
    )
    const urgent = this.#random.chance(0.02)
    const { retain } = this.#plan
    const expires = expiresMs < Infinity ? { expiresMs } : {}
    const flow = this.#paced && delivery === 'reliable' ? ('min' as const) : undefined
    const given = {
      retain,
      flow,
      proof: this.#proofOf(delivery),
      codec: Codec.bytes,
      payload,
      urgent,
    }
    const sent = { ...about, ...expires, ...given }
    const fault = process.command((peer, now) => peer.publish(now, sent))
    if (!fault) return true
    check(fault === 'queue' && this.#plan.faults.has('tight'), 'liveness', () => {
      return `${process.id} was refused "${topic}": ${fault}`
    })
    stream.messages.pop()
    return false
  }

  #proofOf(delivery: Delivery): ProofRule {
    const { proof } = this.#plan
    return proof === 'checkpoint' && delivery !== 'reliable' ? 'each' : proof
  }

  /** How long the next message is of use, ms. */
  #expiry(): number {
    if (this.lasting || !this.#brief?.chance(0.3)) return Infinity
    return this.#brief.integer(1, this.#brief.pick([20, 300, 5000]))
  }

  flushed(process: Process, id: number): void {
    const known = this.#flushes.get(process)?.delete(id)
    check(known === true, 'liveness', () => `${process.id} flushed ${id}, which nobody waits for`)
  }

  /** Every flush of a living process has been answered. */
  checkFlushes(): void {
    for (const [process, waiting] of this.#flushes) {
      check(!process.open || waiting.size === 0, 'liveness', () => `${process.id} never flushed`)
    }
  }

  #flush(process: Process): void {
    const id = ++this.#ids
    const waiting = this.#flushes.get(process) ?? new Set()
    this.#flushes.set(process, waiting.add(id))
    process.command((peer, now) => peer.flush(now, id))
  }

  #unsubscribe(process: Process): void {
    const open = this.#ledger.subscriptionsOf(process)
    if (open.length === 0) return
    const subscribed = this.#random.pick(open)
    subscribed.endedAt = this.#schedule.time
    process.command((peer, now) => peer.unsubscribe(now, subscribed.id))
  }

  /** At some time in the future, if the process can still do something then. */
  #in(leftMs: number, process: Process, then: () => void): void {
    const act = (): void => {
      if (!process.open) return
      if (process.stalled) this.#schedule.after(RETRY_MS, act)
      else then()
    }
    const delayMs = this.#random.between(0, leftMs)
    if (this.#acts.next()) this.#schedule.after(delayMs, act)
  }

  #deliveryOf(process: Process, topic: string): Delivery {
    const { deliveries } = this.#plan
    return deliveries[(topic.length + process.id.length) % deliveries.length]!
  }

  #sizeOf(size: SizeClass): number {
    const { packetSize } = this.#plan
    const random = this.#random
    switch (size) {
      case 'empty':
        return 0
      case 'small':
        return random.integer(1, 64)
      case 'middle':
        return random.integer(200, 1500)
      case 'edge':
        // Around what fills a packet, or a part of one.
        return Math.floor(packetSize / random.pick([1, 1, 2, 3])) - random.integer(0, 80)
      case 'large':
        return random.integer(packetSize, packetSize * random.pick([2, 5]))
    }
  }
}

/** Bytes that tell every message, and every place in it, apart: a part of one long text. */
function payloadOf(size: number, serial: number): Uint8Array {
  const from = (serial * STRIDE) % (TEXT.length - size)
  return TEXT.subarray(from, from + size)
}

const TEXT = new Uint8Array(
  Buffer.from(Array.from({ length: 80_000 }, (_, i) => `${MARKER}${i};`).join('')),
)
const STRIDE = 7919
/** What a message takes of its process's volume, whatever its size: a world takes bounded time. */
const MESSAGE_COST = 500
const RETRY_MS = 20
