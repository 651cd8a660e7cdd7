/**
 * Notices that a switch has forgotten one group: a lively stream has fallen silent all at once.
 *
 * The publisher of a reliable stream goes on with heartbeats in the stream's group, each after at
 * most twice the silence before, until they are rare. Whoever has heard of the stream a moment ago
 * and then nothing for much longer, though the publisher has not gone, is not reached there: other
 * groups, and so other signs of life, may well come through.
 */
import type { Context, Inflow } from '../context.ts'

export class Hush {
  readonly #context: Context
  /** Streams whose next sign of life is due in their group soon. */
  readonly #lively = new Set<Inflow>()

  constructor(context: Context) {
    this.#context = context
  }

  /** A packet of the stream has come. */
  packet(now: number, inflow: Inflow): void {
    if (inflow.binding.delivery !== 'reliable') return
    inflow.heardAt = inflow.packetAt = now
    inflow.renewals = 0
    this.#lively.add(inflow)
  }

  /** A heartbeat of the stream has come: rare ones go to the control group and tell nothing. */
  heartbeat(now: number, inflow: Inflow): void {
    inflow.heardAt = now
    inflow.renewals = 0
    if (now - inflow.packetAt < RARE_MS) this.#lively.add(inflow)
    else this.#lively.delete(inflow)
  }

  forget(inflow: Inflow): void {
    this.#lively.delete(inflow)
  }

  /** This process stood still for `ms`: that was no silence. */
  forgive(ms: number): void {
    for (const inflow of this.#lively) {
      inflow.heardAt += ms
      inflow.packetAt += ms
    }
  }

  /** Called every now and then. */
  watch(now: number): void {
    for (const inflow of this.#lively) {
      const { heardAt, packetAt } = inflow
      if (now - heardAt < Math.max(HUSH_MS, MISSED * (heardAt - packetAt))) continue
      if (!renew(now, this.#context, inflow)) continue
      inflow.renewals += 1
      if (inflow.renewals === RENEWALS_MAX) this.#lively.delete(inflow)
    }
  }
}

/** Renews the membership of a stream's group; false when it has just been renewed for the stream. */
export function renew(now: number, context: Context, inflow: Inflow): boolean {
  if (now - inflow.rejoinedAt < REJOIN_MS) return false
  inflow.rejoinedAt = now
  context.rejoin(inflow.binding.group)
  return true
}

const REJOIN_MS = 2000
const HUSH_MS = 1500
/** Heartbeats that have doubled their wait so often are rare, and go elsewhere. */
const RARE_MS = 1000
/** The next heartbeat comes after twice the silence: this is two of them lost. */
const MISSED = 6
const RENEWALS_MAX = 3
