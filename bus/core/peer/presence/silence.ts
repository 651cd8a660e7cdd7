/**
 * Notices that a switch may have forgotten this host's memberships, and renews them.
 *
 * Nobody is heard though somebody is here, or somebody has fallen silent, though peers on this
 * host may still be heard, or nobody came ever.
 */
import type { Context } from '../context.ts'

export class Silence {
  readonly #context: Context
  /** When something last came by multicast. */
  #heardAt: number
  /** Since when there is silence, or it was answered; and how long the next one may be. */
  #silentAt: number
  #silenceMs = SILENCE_MIN_MS
  #rejoinedAt: number
  /** When somebody last fell silent without a goodbye. */
  #lostAt = -Infinity

  constructor(now: number, context: Context) {
    this.#context = context
    this.#heardAt = now
    this.#silentAt = now
    this.#rejoinedAt = now
  }

  /** Something has come by multicast. */
  heard(now: number): void {
    // What made the control group audible again may not have done so for the others.
    if (now - this.#heardAt >= SILENCE_MIN_MS) this.#rejoin(now)
    this.#heardAt = now
    this.#silentAt = now
    this.#silenceMs = SILENCE_MIN_MS
  }

  /** This process itself stood still for `ms`: that was no silence. */
  forgive(ms: number): void {
    this.#heardAt += ms
    this.#silentAt += ms
  }

  /** Somebody has fallen silent without a goodbye. */
  lost(now: number): void {
    this.#lostAt = now
  }

  /** Called every now and then. */
  watch(now: number): void {
    const { size } = this.#context.roster
    const silent = size > 0 && now - this.#silentAt >= this.#silenceMs
    const lacking = size === 0 || now - this.#lostAt < LOST_MS
    if (!silent && !(lacking && now - this.#rejoinedAt >= SILENCE_MAX_MS)) return
    this.#rejoin(now)
    if (!silent) return
    this.#silentAt = now
    this.#silenceMs = Math.min(SILENCE_MAX_MS, this.#silenceMs * 2)
  }

  #rejoin(now: number): void {
    this.#rejoinedAt = now
    this.#context.rejoinAll()
  }
}

const SILENCE_MIN_MS = 1500
const SILENCE_MAX_MS = 30_000
/** How long somebody who has fallen silent may still come back. */
const LOST_MS = 600_000
/** How often a peer looks after what has no timer of its own. */
export const HOUSEKEEPING_MS = 250
