/**
 * The ladder of a peer that has multicast and a link to a relay: which of the two its packets go by,
 * and which of the two each other peer comes by.
 *
 * Near: the relay and this peer hear each other by multicast, so the relay brings to this network
 * what it wants, and the link rests. Far: everything goes both ways, but for the packets of peers
 * that are heard by multicast, which need not come down. Only what senders have sealed counts as
 * hearing, and only what is new, so nobody on the network can feign a rung that does not carry.
 */
import type { Hearing, Rung } from '../output.ts'
import { patienceMs, Steadiness } from './steadiness.ts'

/** What is to be done, in order. */
export type LadderStep =
  /** Say this to the relay; from now on packets go to groups by multicast alone, or by both. */
  | { readonly type: 'rung'; readonly near: boolean; readonly reason: string }
  /** Be a member of the groups on the link, or of none. */
  | { readonly type: 'members'; readonly joined: boolean }
  /** Say to the relay whose packets need not come down; or are needed again. */
  | { readonly type: 'spare' | 'need'; readonly instances: readonly bigint[] }
  /** A peer comes by another rung than before. */
  | {
      readonly type: 'peer'
      readonly instance: bigint
      readonly rung: Rung
      readonly reason: string
    }

interface Known {
  rung: Rung | undefined
  /** When it was heard by multicast, or by unicast where copies come that way. */
  heardAt: number
  intervalMs: number
  spared: boolean
}

interface Beacons {
  /** Since when none has been missed. */
  since: number
  at: number
  intervalMs: number
}

export class Ladder {
  readonly #steps: LadderStep[] = []
  readonly #knownByInstance = new Map<bigint, Known>()
  readonly #beaconsByRelay = new Map<bigint, Beacons>()
  #native = false
  #linked = false
  readonly #steadiness = new Steadiness()
  /** The relay that hears this peer; 0: it does not. */
  #hears = 0n
  /** When to leave the groups on the link: what is on its way there still counts. */
  #leaveAt = Infinity

  /** Whether packets go to groups by multicast alone. */
  get near(): boolean {
    return this.#steadiness.good
  }

  poll(): LadderStep | undefined {
    return this.#steps.shift()
  }

  /** A relay has welcomed this peer, which knows nothing of it yet; or the link is gone. */
  link(now: number, up: boolean): void {
    this.#linked = up
    this.#hears = 0n
    for (const known of this.#knownByInstance.values()) known.spared = false
    if (up) this.#fall('a new link')
    else this.#rest(now)
  }

  /** Datagrams can leave by multicast; or not. */
  native(now: number, up: boolean): void {
    this.#native = up
    this.#weigh(now, 'no multicast leaves')
  }

  /** The relay has said whether it hears this peer. */
  hears(now: number, relay: bigint, yes: boolean): void {
    this.#hears = yes ? relay : 0n
    this.#weigh(now, 'the relay does not hear this peer by multicast')
  }

  heard(now: number, hearing: Hearing): void {
    if (hearing.relay) return this.#onBeacon(now, hearing)
    const { instance, rung, intervalMs } = hearing
    const known = this.#knownByInstance.get(instance) ?? newKnown()
    this.#knownByInstance.set(instance, known)
    known.intervalMs = intervalMs
    if (rung !== 'relay') {
      known.heardAt = now
      this.#turn(instance, known, { rung, reason: `heard by ${rung}` })
      if (this.#linked && !this.near && !known.spared) {
        known.spared = true
        this.#steps.push({ type: 'spare', instances: [instance] })
      }
    } else if (now - known.heardAt > patienceMs(known.intervalMs)) {
      const reason = known.heardAt === -Infinity ? 'heard by the relay alone' : silence(now, known)
      this.#turn(instance, known, { rung, reason })
    }
  }

  /** The peer is here no more. */
  gone(instance: bigint): void {
    const known = this.#knownByInstance.get(instance)
    this.#knownByInstance.delete(instance)
    if (known?.spared) this.#steps.push({ type: 'need', instances: [instance] })
  }

  /** Called several times a second. */
  tick(now: number): void {
    this.#weigh(now, 'the relay is not heard by multicast')
    if (now >= this.#leaveAt) {
      this.#leaveAt = Infinity
      this.#steps.push({ type: 'members', joined: false })
    }
    const needed: bigint[] = []
    for (const [instance, known] of this.#knownByInstance) {
      if (!known.spared || now - known.heardAt <= patienceMs(known.intervalMs)) continue
      known.spared = false
      needed.push(instance)
      this.#turn(instance, known, { rung: 'relay', reason: silence(now, known) })
    }
    if (needed.length > 0) this.#steps.push({ type: 'need', instances: needed })
  }

  #onBeacon(now: number, { instance, rung, intervalMs }: Hearing): void {
    if (rung !== 'multicast') return
    const before = this.#beaconsByRelay.get(instance)
    const since = before && isFresh(now, before) ? before.since : now
    this.#beaconsByRelay.delete(instance)
    this.#beaconsByRelay.set(instance, { since, at: now, intervalMs })
    for (const oldest of this.#beaconsByRelay.keys()) {
      if (this.#beaconsByRelay.size <= RELAYS_MAX) break
      this.#beaconsByRelay.delete(oldest)
    }
    this.#weigh(now, '')
  }

  /** Climbs or falls. `why`: what may have made it fall. */
  #weigh(now: number, why: string): void {
    if (!this.#linked) return
    const beacons = this.#beaconsByRelay.get(this.#hears)
    const both = this.#native && beacons !== undefined && isFresh(now, beacons)
    if (!this.#steadiness.judge(now, both ? beacons.since : undefined)) return
    if (this.near) this.#climb(now)
    else this.#fall(why)
  }

  #climb(now: number): void {
    this.#leaveAt = now + LEAVE_MS
    const reason = 'the relay and this peer hear each other by multicast'
    this.#steps.push({ type: 'rung', near: true, reason })
  }

  #fall(reason: string): void {
    this.#steadiness.reset()
    this.#leaveAt = Infinity
    this.#steps.push({ type: 'rung', near: false, reason }, { type: 'members', joined: true })
    const spared = [...this.#knownByInstance].filter(([, known]) => known.spared)
    for (const [, known] of spared) known.spared = false
    const instances = spared.map(([instance]) => instance)
    // Who is still heard by multicast is spared again at once.
    if (instances.length > 0) this.#steps.push({ type: 'need', instances })
  }

  /** Without a link nothing is near or far; the next one is to have all groups from the start. */
  #rest(now: number): void {
    this.#steadiness.reset()
    this.#leaveAt = Infinity
    this.#steps.push({ type: 'members', joined: true })
    for (const [instance, known] of this.#knownByInstance) {
      if (now - known.heardAt > patienceMs(known.intervalMs)) continue
      this.#turn(instance, known, { rung: 'multicast', reason: 'heard by multicast' })
    }
  }

  #turn(
    instance: bigint,
    known: Known,
    to: { readonly rung: Rung; readonly reason: string },
  ): void {
    if (known.rung === to.rung) return
    known.rung = to.rung
    this.#steps.push({ type: 'peer', instance, ...to })
  }
}

function newKnown(): Known {
  return { rung: undefined, heardAt: -Infinity, intervalMs: 0, spared: false }
}

function silence(now: number, { heardAt }: Known): string {
  return `not heard by multicast for ${((now - heardAt) / 1000).toFixed(1)} s`
}

function isFresh(now: number, { at, intervalMs }: Beacons): boolean {
  return now - at <= Math.max(BEACON_MIN_MS, MISSED * Math.min(intervalMs, BEACON_MAX_MS))
}

/** After a climb: what is on its way down the link still comes. */
const LEAVE_MS = 1000
/** Beacons of a relay that are missed. */
const MISSED = 3.5
const BEACON_MIN_MS = 500
const BEACON_MAX_MS = 20_000
/** Relays on the network whose beacons are watched. */
const RELAYS_MAX = 64
