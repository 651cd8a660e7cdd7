/**
 * What subscriptions that want history are owed, as far as an oracle can tell that does not know
 * when a publisher heard of them.
 */
import { name, type Stream, type Subscribed } from './ledger.ts'
import type { Process } from './process.ts'
import { losesUnrepaired } from './plan.ts'
import { check } from './violation.ts'
import type { World } from './world.ts'

/** One reliable stream of a publisher that lives, and a subscription that should have it. */
export interface Owed {
  readonly subscribed: Subscribed
  readonly stream: Stream
}

/** Index of the message at which, or before which, a subscription with history must begin. */
export function firstAsked(world: World, { subscribed, stream }: Owed): number {
  const { past, at, process } = subscribed
  if (!past || stream.delivery !== 'reliable') return Infinity
  const late = process === stream.publisher ? 0 : latencyOf(world)
  if (past.ageMs > 0) return countBefore(stream, at - past.ageMs + late)
  return Math.max(0, countBefore(stream, at + late) - past.back)
}

/** Each began where it asked to, and lost nothing that its publisher still had. */
export function checkHistory(world: World, owed: Iterable<Owed>): void {
  for (const one of owed) {
    const { subscribed, stream } = one
    const asked = firstAsked(world, one)
    if (asked >= stream.messages.length) continue
    const track = subscribed.tracks.get(stream)
    const where = name(subscribed, stream)
    // What expired before it was sent is in no packet that one could begin with.
    const lasting = stream.messages.findIndex(
      ({ expiresMs }, i) => i >= asked && expiresMs === Infinity,
    )
    if (lasting < 0) continue
    check(track !== undefined && track.first <= lasting, 'contract', () => {
      return `${where}: began at ${track?.first}, though ${asked} was asked for`
    })
    // Who keeps next to nothing knows the times of the rest but roughly.
    if (!world.plan.faults.has('tight')) checkModest(world, one, track.first)
    if (!world.plan.mendable) continue
    const held = Math.max(asked, firstHeld(world, one))
    const lasts = ({ from, to }: { from: number; to: number }): boolean =>
      stream.messages.slice(Math.max(from, held), to + 1).some((one) => one.expiresMs === Infinity)
    const gap = track.gaps.find((one) => one.cause !== 'expired' && lasts(one))
    check(!gap, 'lossless', () => {
      return `${where}: lacks ${gap?.from} to ${gap?.to} (${gap?.cause}), and ${held} was kept`
    })
  }
}

/** A subscription is live: whoever was there, and still is, has given it what was asked for. */
export function onLive(world: World, process: Process, id: number): void {
  const subscribed = world.ledger.subscriptionsOf(process).find((one) => one.id === id)
  check(subscribed !== undefined, 'content', () => `${process.id} is live for #${id}, not open`)
  check(subscribed.liveAt === undefined, 'contract', () => `${process.id} #${id} is live twice`)
  subscribed.liveAt = world.schedule.time
  const seen = world.presence.seenBy(process)
  const known = [process, ...subscribed.known.filter((other) => seen.has(other))]
  for (const stream of known.flatMap((other) => world.ledger.streamsOf(other))) {
    if (stream.delivery !== 'reliable' || !world.ledger.matches(subscribed, stream)) continue
    // What was published just before may still have waited for its turn.
    const before = countBefore(stream, subscribed.at - UNSENT_MS)
    const next = subscribed.tracks.get(stream)?.next ?? 0
    const asked = firstAsked(world, { subscribed, stream })
    // What had expired before it was sent is in no packet that could be given.
    const due = stream.messages.slice(Math.max(next, asked), before)
    const given = due.every(({ at, expiresMs }) => at + expiresMs <= subscribed.at)
    check(given, 'contract', () => {
      return `${name(subscribed, stream)}: live at ${next}, and ${before} were there`
    })
  }
}

/** Each open subscription has been told that it is live. */
export function checkLive(world: World): void {
  for (const subscribed of world.ledger.subscriptions) {
    const { process, id } = subscribed
    check(!waitsToBeLive(subscribed), 'liveness', () => `${process.id} #${id} was never live`)
  }
}

function waitsToBeLive({ process, endedAt, liveAt }: Subscribed): boolean {
  return process.open && endedAt === undefined && liveAt === undefined
}

/** Who wants five messages is not given fifty: as long as the publisher knows when they were sent. */
function checkModest(world: World, { subscribed, stream }: Owed, first: number): void {
  const { past, at, liveAt = Infinity } = subscribed
  // A publisher that it has met only later may have forgotten when that was.
  const met = Math.max(liveAt, world.presence.metAt(subscribed.process, stream.publisher))
  const own = subscribed.process === stream.publisher
  const young = stream.messages[first]!.at >= (own ? liveAt : met) - YOUNG_MS
  if (!past || past.ageMs > 0 || stream.openedAt > at - EARLY_MS || !young) return
  // What has waited in the socket for long looks as if it were new.
  if (subscribed.process.stoodStillAt(at)) return
  const least = Math.max(0, countBefore(stream, at - EARLY_MS) - past.back)
  check(first >= least, 'contract', () => {
    return `${name(subscribed, stream)}: began at ${first}, though ${least} was asked for`
  })
}

/** The first message that the publisher surely kept until the subscriber could ask for it. */
function firstHeld(world: World, { subscribed, stream }: Owed): number {
  const settledAt = settledAtOf(subscribed, stream)
  const young = countBefore(stream, settledAt - KEPT_MS)
  const retained = countBefore(stream, settledAt) - world.plan.retain
  return Math.min(young, Math.max(0, retained))
}

/** Nothing published while a subscription existed is missing: of other than reliable streams, in a calm world. */
export function checkNothingLost(world: World, owed: Iterable<Owed>): void {
  const { plan } = world
  for (const one of owed) {
    const { subscribed, stream } = one
    if (losesUnrepaired(plan) && stream.delivery !== 'reliable') continue
    const track = subscribed.tracks.get(stream)
    const early = Math.max(subscribed.at + plan.workMs * BUFFERED, keptSince(world, one))
    const since = stream.delivery === 'reliable' ? early : settledAtOf(subscribed, stream)
    if (stream.delivery === 'best-effort' && plan.faults.has('reorder')) continue
    // How many there were before it a publisher counts when it hears of it.
    const counted = subscribed.past?.ageMs === 0 ? firstAsked(world, one) : 0
    const first = Math.max(
      counted,
      // What expired before it was sent is in no packet that one could begin with.
      stream.messages.findIndex(({ at, expiresMs }) => at >= since && expiresMs === Infinity),
    )
    if (first < 0) continue
    const where = name(subscribed, stream)
    const seen = track !== undefined && (track.first <= first || stream.delivery === 'latest')
    check(seen, 'lossless', () => `${where}: began at ${track?.first}, and ${first} was due`)
    const gap = track.gaps.find(({ to, cause }) => to >= first && cause !== 'expired')
    check(!gap, 'lossless', () => `${where}: lacks ${gap?.from} to ${gap?.to} (${gap?.cause})`)
  }
}

/**
 * Where packets are lost two may take long to know each other, however often they ask: what the
 * publisher had no more by then is told of as a gap.
 */
function keptSince({ plan, presence }: World, { subscribed, stream }: Owed): number {
  const { process } = subscribed
  const { publisher } = stream
  if (plan.calm || process === publisher) return 0
  const metAt = Math.max(
    presence.firstMetAt(process, publisher),
    presence.firstMetAt(publisher, process),
  )
  return metAt - plan.limits.historyAge + SETTLED_MS
}

/** From when on a subscription has a stream that is not given again what was sent before. */
function settledAtOf({ at, process }: Subscribed, { publisher, openedAt }: Stream): number {
  return Math.max(at, process.startedAt, publisher.startedAt, openedAt) + SETTLED_MS
}

/** How long the question of a subscriber is under way, at most; what is published meanwhile counts as before. */
function latencyOf({ plan }: World): number {
  return plan.faults.has('stall') || plan.faults.has('overflow') ? 3000 : 100
}

function countBefore({ messages }: Stream, time: number): number {
  const place = messages.findIndex(({ at }) => at > time)
  return place < 0 ? messages.length : place
}

export const SETTLED_MS = 1500
/** Ages are compared across clocks and cables. */
const EARLY_MS = 100
/** What is younger has not been forgotten by age, and when it was sent is known exactly. */
const YOUNG_MS = 8000
const KEPT_MS = 4000
/** At the slowest pace of a plan nothing waits longer. */
const UNSENT_MS = 9000
/** Datagrams that wait at most before a busy publisher reads how old a subscription was. */
const BUFFERED = 280
