/**
 * The rate of a publisher, from what its receivers say they miss.
 *
 * Loss alone does not say whether the network is full: radio loses packets at any rate. So a high
 * loss makes a trial: the rate is cut, and if the loss goes down with it, the cut stands and the
 * next may follow; if not, the old rate comes back and that much loss is taken for the network's
 * nature for a while. Without loss the rate climbs to its ceiling.
 *
 * The idea of comparing what a rate gave is that of PCC (Dong et al., NSDI 2015); TFMCC (RFC 4654)
 * would halve the rate of a group for one receiver with a bad radio.
 */

export class Rate {
  /** Bytes a second now. */
  value: number
  readonly #floor: number
  readonly #ceiling: number
  /** What receivers missed, of so many packets that were new to them, in this interval. */
  #missed = 0
  #all = 0
  #checkAt = -Infinity
  #climbAt = -Infinity
  readonly #packetSize: number
  #trial: { readonly before: number; readonly loss: number; left: number } | undefined
  /** Loss up to here is the network's nature, until then. */
  #tolerated = HIGH
  #toleratedUntil = -Infinity

  /** `floor` and `ceiling` in bytes a second, `packetSize` in bytes; begins at the ceiling. */
  constructor(floor: number, ceiling: number, packetSize: number) {
    this.#floor = Math.min(floor, ceiling)
    this.#ceiling = ceiling
    this.#packetSize = packetSize
    this.value = ceiling
  }

  /** A receiver has missed so many of so many further packets. */
  report(missed: number, all: number): void {
    this.#missed += missed
    this.#all += all
  }

  /** Called while packets are sent. */
  step(now: number): void {
    if (now < this.#climbAt) return
    const packetMs = (this.#packetSize * 1000) / this.value
    this.#climbAt = now + Math.max(INTERVAL_MS, CLIMB_PACKETS * packetMs)
    const loss = this.#loss
    if (now > this.#toleratedUntil) this.#tolerated = HIGH
    if (now >= this.#checkAt) {
      // Enough packets for the reports to tell this interval from the one before.
      this.#checkAt = now + Math.max(INTERVAL_MS, INTERVAL_PACKETS * packetMs)
      this.#missed = this.#all = 0
      if (this.#trial) return this.#judge(now, this.#trial, loss)
      if (loss > this.#tolerated) return this.#cut(loss)
    }
    // A low rate would take minutes to come back if it had to wait for as many packets.
    if (!this.#trial && loss < this.#tolerated * CLIMB_BELOW) this.#set(this.value * CLIMB)
  }

  /** Of this interval, thousandths: of all receivers, so that one with a bad radio slows nobody. */
  get #loss(): number {
    return this.#all < REPORTED_MIN ? 0 : Math.min(1000, (1000 * this.#missed) / this.#all)
  }

  #cut(loss: number): void {
    if (this.value <= this.#floor) return
    this.#trial = { before: this.value, loss, left: TRIAL_INTERVALS }
    // What came through at this rate is what the network carries.
    this.#set(this.value * Math.min(CUT_LEAST, Math.max(CUT_MOST, 1 - loss / 1000)))
  }

  #judge(now: number, trial: { before: number; loss: number; left: number }, loss: number): void {
    trial.left -= 1
    // What was lost before the cut is still being reported.
    if (trial.left > 0) return
    this.#trial = undefined
    if (loss <= trial.loss * HELPED) {
      if (loss > this.#tolerated) this.#cut(loss)
      return
    }
    if (loss > BEARABLE) return this.#cut(loss)
    this.#set(trial.before)
    this.#tolerated = Math.min(1000, loss * TOLERATED)
    this.#toleratedUntil = now + TOLERATED_MS
  }

  #set(rate: number): void {
    this.value = Math.min(this.#ceiling, Math.max(this.#floor, rate))
  }
}

const INTERVAL_MS = 100
const INTERVAL_PACKETS = 128
/** After so many packets without much loss it climbs. */
const CLIMB_PACKETS = 32
const TRIAL_INTERVALS = 2
/** Fewer packets in an interval say nothing. */
const REPORTED_MIN = 16
/** Loss that is looked into, thousandths. */
const HIGH = 80
const CUT_LEAST = 0.85
const CUT_MOST = 0.3
const CLIMB = 1.08
/** Below this part of what is tolerated the rate climbs. */
const CLIMB_BELOW = 0.6
/** A cut has helped when it took away a fifth of the loss. */
const HELPED = 0.8
/** Loss that cuts do not help against is borne, and this much more. */
const TOLERATED = 1.5
const TOLERATED_MS = 10_000
/** More than this is no radio's nature, thousandths. */
const BEARABLE = 350
