/**
 * Peers that are reached by unicast: those whose hellos, or reports, have come that way.
 *
 * Both ends say once a second whether they hear the other by multicast. Whoever is not heard sends
 * a copy of each packet to a group by unicast as well, and so does who is told nothing any more: of
 * the control group all of them, of a topic's those that the other one wants, which it says.
 * While both ways work packets come twice, and receivers drop copies: a change loses nothing.
 *
 * Source addresses prove nothing: copies go to an endpoint only when a token that was sent there
 * has come back, so nobody can have them sent to somebody else.
 */
import { answerTo, type Endpoint, type Rung } from '../../output.ts'
import { Reach } from '../../path/reach.ts'
import type { Context, Remote } from '../context.ts'
import type { ControlOut } from '../control.ts'
import { Gossip } from './gossip.ts'
import { Greetings } from './greetings.ts'
import { GroupsSaid } from './groups-said.ts'
import { GroupsToSay } from './groups-to-say.ts'
import type { Interest } from '../../wire/interest.ts'
import type { Places } from '../../wire/places.ts'
import type { ReachReport } from '../../wire/reach.ts'

/** An endpoint, and the token that is sent there. */
interface Place {
  readonly endpoint: Endpoint
  readonly token: bigint
}

interface Entry {
  readonly remote: Remote
  /** Whether it comes by multicast. */
  readonly reach: Reach
  /** Where it is, as it has proved. */
  proven: Place | undefined
  /** Where it seems to be, and until when that is tried. */
  claimed: (Place & { readonly until: number }) | undefined
  /** The last token that it has told. */
  echo: bigint
  /** Until when it counts as hearing this peer by multicast. */
  hearsUntil: number
  sayAt: number
  /** As it was last told. */
  path: Rung | undefined
  /** The groups that it wants, as it has said, and as it is to be told of this peer. */
  readonly said: GroupsSaid
  readonly toSay: GroupsToSay
}

export interface UnicastEvents {
  /** Says hello to one endpoint alone. */
  greet(endpoint: Endpoint): void
  /** Somebody who is not known yet is going to be asked who it is. */
  asking(now: number): void
}

export class Unicast {
  readonly #context: Context
  readonly #control: ControlOut
  readonly #events: UnicastEvents
  readonly #greetings: Greetings
  readonly #gossip: Gossip
  readonly #entries = new Map<bigint, Entry>()
  /** Who gets copies, and where these go. */
  #deaf: readonly Entry[] = []
  #beside: readonly Endpoint[] = []
  #inUse = false
  #ranAt = -Infinity

  constructor(context: Context, control: ControlOut, events: UnicastEvents) {
    this.#context = context
    this.#control = control
    this.#events = events
    const greet = (endpoint: Endpoint): void => events.greet(endpoint)
    this.#greetings = new Greetings(context, greet)
    this.#gossip = new Gossip(context, control, greet)
    context.beside = (group) => this.#besideOf(group)
    context.onWanted = (instance, group) => this.#entries.get(instance)?.said.shown(group)
    context.onMember.push((group) => this.#onMember(group))
  }

  /** Those to say hello to by unicast, until they answer: all of them, in place of any before. */
  name(now: number, endpoints: readonly Endpoint[]): void {
    this.#greetings.name(now, endpoints)
    this.#context.timers.setBefore('unicast', now)
  }

  /** An instance has proved by a hello that it is here. */
  met(now: number, remote: Remote, from: Endpoint): void {
    if (from.rung === 'unicast') this.#admit(now, remote, answerTo(from, remote.port))
  }

  /** A control packet of a known instance has come; a new one, or the multicast copy of an old. */
  heard(now: number, remote: Remote, from: Endpoint): void {
    const entry = this.#entries.get(remote.instance)
    if (entry && from.rung === 'multicast') entry.reach.heard(now, remote.intervalMs)
    if (entry && from.rung === 'unicast') this.#claim(now, entry, answerTo(from, remote.port))
    const { rung } = from
    if (rung === undefined || (rung === 'unicast' && entry?.reach.good !== false)) return
    const { instance, intervalMs } = remote
    this.#context.emit({ type: 'heard', instance, rung, intervalMs, relay: false })
  }

  /** Told by unicast; it is sealed, and has not been heard before. */
  onReach(now: number, remote: Remote, report: ReachReport): void {
    const { target, multicast, token, echo } = report
    const direct = remote.endpoint.rung === 'unicast' && target === this.#context.self.instance
    const entry = direct ? this.#admit(now, remote, remote.endpoint) : undefined
    if (!entry) return
    if (token !== entry.echo) {
      entry.echo = token
      this.#sayAt(now, entry)
      // It has met this peer anew.
      entry.toSay.reset()
    }
    const { claimed } = entry
    if (claimed && echo === claimed.token) {
      this.#gossip.changed(now)
      entry.proven = claimed
      entry.claimed = undefined
      this.#context.timers.setBefore('unicast', now)
    }
    // It says nothing of groups while it hears this peer by multicast.
    if (multicast) entry.said.clear()
    entry.hearsUntil = multicast ? now + STALE_MS : -Infinity
    this.#review(now)
  }

  /** It says which groups it wants: by unicast, since it gets copies. */
  onInterest(now: number, remote: Remote, interest: Interest): void {
    const entry = this.#entries.get(remote.instance)
    if (!entry?.proven || remote.endpoint.rung !== 'unicast' || now < entry.hearsUntil) return
    entry.said.hear(now, interest)
  }

  /** Somebody tells where others are. */
  onPlaces(now: number, remote: Remote, places: Places): void {
    if (!this.#gossip.hear(now, remote, places)) return
    this.#events.asking(now)
    this.#context.timers.setBefore('unicast', now)
  }

  /** The instance is here no more. */
  forget(now: number, remote: Remote): void {
    if (this.#entries.delete(remote.instance)) this.#review(now)
  }

  /** Time in which nothing could be heard. */
  forgive(ms: number): void {
    for (const entry of this.#entries.values()) {
      entry.reach.forgive(ms)
      entry.hearsUntil += ms
    }
  }

  /** The `unicast` timer. */
  onTimer(now: number): void {
    this.#ranAt = now
    let saysAt = Infinity
    for (const entry of this.#entries.values()) {
      if (entry.claimed && now >= entry.claimed.until) entry.claimed = undefined
      if (!entry.claimed && !entry.proven) this.#entries.delete(entry.remote.instance)
      else if (entry.reach.judge(now) || now >= entry.sayAt) this.#say(now, entry)
      saysAt = Math.min(saysAt, this.#sayGroups(now, entry))
      entry.said.judge(now)
    }
    this.#review(now)
    const reached = [...this.#entries.values()].flatMap(({ proven, remote: { instance } }) => {
      return proven ? [{ instance, endpoint: proven.endpoint }] : []
    })
    const met = reached.map(({ endpoint }) => endpoint)
    const dueAt = Math.min(this.#greetings.step(now, met), this.#gossip.step(now, reached))
    const next = Math.min(dueAt, saysAt, this.#entries.size > 0 ? now + TICK_MS : Infinity)
    if (next < Infinity) this.#context.timers.setBefore('unicast', next)
  }

  #admit(now: number, remote: Remote, endpoint: Endpoint): Entry | undefined {
    const { limits, metrics } = this.#context
    const known = this.#entries.get(remote.instance)
    if (!known && this.#entries.size >= limits.unicastPeers) {
      metrics.count('unicastFull')
      return undefined
    }
    const entry = known ?? this.#newEntry(remote)
    this.#entries.set(remote.instance, entry)
    this.#claim(now, entry, endpoint)
    return entry
  }

  /** It speaks from there: a token goes there, unless one is under way or it has proved it. */
  #claim(now: number, entry: Entry, endpoint: Endpoint): void {
    const { proven, claimed } = entry
    if (isAt(proven, endpoint) || isAt(claimed, endpoint)) return
    entry.claimed = { endpoint, token: this.#context.random64(), until: now + CLAIM_MS }
    this.#sayAt(now, entry)
  }

  #sayAt(now: number, entry: Entry): void {
    entry.sayAt = now
    this.#context.timers.setBefore('unicast', now)
  }

  #say(now: number, entry: Entry): void {
    entry.sayAt = now + SAY_MS
    const { reach, echo, proven, claimed, remote } = entry
    const report = { type: 'reach', target: remote.instance, multicast: reach.good, echo } as const
    for (const place of [proven, claimed]) {
      if (place) this.#control.add(place.endpoint, { ...report, token: place.token })
    }
  }

  /** Tells who sends copies what is wanted of them; returns when there is more to say. */
  #sayGroups(now: number, { proven, reach, toSay }: Entry): number {
    if (proven && !reach.good) return toSay.step(now, proven.endpoint)
    toSay.reset()
    return Infinity
  }

  /** A group has been joined or left: said when this turn of the program is over. */
  #onMember(group: string): void {
    if (group === this.#context.controlGroup || this.#entries.size === 0) return
    for (const { toSay } of this.#entries.values()) toSay.changed(group)
    this.#context.timers.setBefore('unicast', this.#ranAt)
  }

  #besideOf(group: string): readonly Endpoint[] {
    if (this.#deaf.length === 0 || group === this.#context.controlGroup) return this.#beside
    const wanting = this.#deaf.filter(({ said }) => said.wants(group))
    return wanting.flatMap(({ proven }) => proven?.endpoint ?? [])
  }

  /** Who needs copies, and what has changed for the program. */
  #review(now: number): void {
    const entries = [...this.#entries.values()].filter(({ proven }) => proven)
    const deaf = entries.filter((entry) => now >= entry.hearsUntil)
    this.#deaf = deaf
    this.#beside = deaf.flatMap(({ proven }) => proven?.endpoint ?? [])
    for (const entry of entries) this.#tell(entry)
    const needed = deaf[0] ?? entries.find(({ reach }) => !reach.good)
    const inUse = needed !== undefined
    if (inUse === this.#inUse) return
    this.#inUse = inUse
    // Whoever was reached so may have left, and then nothing is known of multicast.
    const over = entries.length > 0 ? 'multicast reaches everybody' : 'nobody is met by unicast'
    const reason = needed ? `${needed.remote.entry.name} is reached by unicast` : over
    this.#context.emit({ type: 'unicast', inUse, reason })
  }

  #tell(entry: Entry): void {
    const path = entry.reach.good ? 'multicast' : 'unicast'
    if (path === entry.path) return
    const lost = entry.path === undefined ? 'met by unicast' : 'not heard by multicast any more'
    entry.path = path
    const reason = path === 'multicast' ? 'heard by multicast' : lost
    this.#context.emit({ type: 'way', instance: entry.remote.instance, path, reason })
  }

  #newEntry(remote: Remote): Entry {
    const never = -Infinity
    const unknown = { proven: undefined, claimed: undefined, echo: 0n, path: undefined }
    const said = new GroupsSaid(this.#context, remote.instance)
    const toSay = new GroupsToSay(this.#context, this.#control, remote)
    const times = { hearsUntil: never, sayAt: never }
    return { remote, reach: new Reach(), ...unknown, ...times, said, toSay }
  }
}

function isAt(place: Place | undefined, { address, port }: Endpoint): boolean {
  return place?.endpoint.address === address && place.endpoint.port === port
}

/** How often each is told whether it is heard. */
const SAY_MS = 1000
/** Who has not been told for so long that it is heard by multicast takes it that it is not. */
const STALE_MS = 5000
/** How long an endpoint is tried that does not echo. */
const CLAIM_MS = 5000
const TICK_MS = 250
