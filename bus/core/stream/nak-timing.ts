/**
 * When a receiver asks for what is missing: RFC 5401's truncated exponential back-off.
 *
 * Of many receivers that lack the same packet most draw a long wait and few a short one: the few
 * ask, the others hear it, or get the repair, before their own time has come. The window grows
 * with the group's round trip and the draw with its size, both told by the publisher.
 */

export class NakTiming {
  /** This receiver's round trip to the publisher, ms; undefined until measured. */
  rttMs: number | undefined
  readonly #unit: () => number
  /** The longest round trip in the group, ms, and how many receivers it has. */
  #grttMs = RTT_START_MS
  #receivers = 1
  /** How late packets come that nobody had to send again, ms. */
  #reorderMs = REORDER_MIN_MS

  /** `unit` draws from [0, 1). */
  constructor(unit: () => number) {
    this.#unit = unit
  }

  /** Whether nobody else hears this stream, as far as the publisher knows. */
  get alone(): boolean {
    return this.#receivers <= 1
  }

  /** What the publisher says of its group. */
  hear(grttMs: number, receivers: number): void {
    this.#grttMs = clampRtt(grttMs)
    this.count(receivers)
  }

  get receivers(): number {
    return this.#receivers
  }

  /** So many receivers have attached. */
  count(receivers: number): void {
    this.#receivers = Math.max(1, receivers)
  }

  /** A question was answered after `ms`, which is at least the round trip. */
  measured(ms: number): void {
    this.rttMs = clampRtt(this.rttMs === undefined ? ms : Math.min(this.rttMs, ms))
  }

  /**
   * A missing packet has come `lateMs` after it was missed. Where it was not asked for, and nobody
   * else is there who could have done so, it was only late.
   */
  filled(lateMs: number, asked: boolean): void {
    if (!asked && this.alone) return this.late(lateMs)
    this.#reorderMs = Math.max(REORDER_MIN_MS, this.#reorderMs * REORDER_DECAY)
  }

  /** A packet was not lost but so late: next time it is waited for so long, and a little more. */
  late(lateMs: number): void {
    this.#reorderMs = Math.min(REORDER_MAX_MS, Math.max(this.#reorderMs, lateMs * 1.25))
  }

  /** How long to wait before asking for what has just been missed, ms. */
  first(): number {
    if (this.alone) return this.#reorderMs
    // RFC 5401 section 3.2.2.1, with its two steps made one.
    const lambda = Math.log(this.#receivers) + 1
    const drawn = (this.#window / lambda) * Math.log(1 + this.#unit() * Math.expm1(lambda))
    return this.#reorderMs + drawn
  }

  /** What is due within this time, ms, may be asked for with what is due now. */
  get soon(): number {
    return this.alone ? this.#reorderMs : this.#window / 2
  }

  /** How long to wait for an answer before asking again, ms. */
  again(): number {
    const rounds = this.alone ? 2 : K + 2
    const round = Math.min(AGAIN_MAX_MS, Math.max(AGAIN_MIN_MS, rounds * this.#grtt))
    return round * (1 + this.#unit() / 4)
  }

  /** The longest back-off, ms. */
  get #window(): number {
    return Math.min(WINDOW_MAX_MS, Math.max(WINDOW_MIN_MS, K * this.#grtt))
  }

  get #grtt(): number {
    return Math.max(this.rttMs ?? 0, this.#grttMs)
  }
}

/** The longest round trip of a group, as its publisher knows it: up at once, down slowly. */
export class GroupRtt {
  #ms: number | undefined

  get ms(): number {
    return this.#ms ?? RTT_START_MS
  }

  /** Returns whether it is another one than the group can know. */
  hear(ms: number): boolean {
    const before = this.ms
    const told = Math.min(GROUP_RTT_MAX_MS, clampRtt(ms))
    this.#ms = Math.max(told, (this.#ms ?? 0) * GRTT_DECAY)
    return this.#ms > before * NEWS || this.#ms < before / NEWS
  }
}

function clampRtt(ms: number): number {
  return Math.min(RTT_MAX_MS, Math.max(RTT_MIN_MS, ms))
}

/** Factor of the back-off window where receivers hear each other's requests (RFC 5740). */
const K = 4
/** Of a local network, loaded; NORM's 250 ms are for the Internet. */
const RTT_START_MS = 10
const RTT_MIN_MS = 1
const RTT_MAX_MS = 1000
/** What one asker says of itself may make all others wait so long. */
const GROUP_RTT_MAX_MS = 500
const WINDOW_MIN_MS = 4
const WINDOW_MAX_MS = 200
/** Timers of the platform are no finer than a millisecond, and a busy publisher has other work. */
const AGAIN_MIN_MS = 10
const AGAIN_MAX_MS = 1000
const REORDER_MIN_MS = 1
const REORDER_MAX_MS = 50
const REORDER_DECAY = 0.98
const GRTT_DECAY = 0.98
/** A round trip that has changed by this factor is told at once. */
const NEWS = 2
