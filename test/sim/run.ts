/**
 * Runs one seed: a storm of load and faults, then healing, then the demand that all is well.
 *
 * Safety is checked at every step by the ledger, the wire watch, the presence and the cryptography;
 * what must hold in the end is checked here.
 */
import { brew } from './faults.ts'
import { name, type Stream, type Subscribed, type Track } from './ledger.ts'
import type { Host } from './host.ts'
import {
  checkHistory,
  checkLive,
  checkNothingLost,
  firstAsked,
  onLive,
  type Owed,
  SETTLED_MS,
} from './past.ts'
import { type Fault, isFrugal, type Plan, planOf, summaryOf } from './plan.ts'
import { type Overrides, planWith } from './overrides.ts'
import type { Process, Told } from './process.ts'
import { Random } from '../../bus/testing/random.ts'
import { Trace } from './trace.ts'
import { mayReach } from './reach.ts'
import { check, RULES, Violation } from './violation.ts'
import { advance, patiently, World } from './world.ts'

export interface Outcome {
  readonly seed: number
  readonly overrides: Overrides | undefined
  readonly summary: string
  readonly violation:
    | { readonly rule: string; readonly detail: string; readonly at: number }
    | undefined
  readonly hash: string
  readonly events: number
  /** What the storm consisted of, by number. */
  readonly acts: number
  readonly delivered: number
  readonly lost: number
  /** Packets that parity gave back. */
  readonly mended: number
}

export interface RunOptions {
  /** Receives every event. */
  readonly line?: (line: string) => void
  readonly overrides?: Overrides
}

export function runSeed(seed: number, options: RunOptions = {}): Outcome {
  const { line, overrides } = options
  const plan = overrides ? planWith(seed, overrides) : planOf(seed)
  const trace = new Trace(line)
  const world = new World(plan, trace)
  let violation: Outcome['violation']
  try {
    play(world)
  } catch (error) {
    // Whatever is thrown in a world is a finding; the rule says which kind.
    const rule = error instanceof Violation ? error.rule : 'exception'
    const detail = error instanceof Violation ? error.message : String((error as Error).stack)
    violation = { rule: RULES[rule], detail, at: world.schedule.time }
  }
  const { hash, count } = trace
  const { delivered, lost } = world.ledger
  const acts = world.acts.count
  const summary = summaryOf(plan)
  const mended = world.sum('packetsMended')
  return { seed, overrides, summary, violation, hash, events: count, acts, delivered, lost, mended }
}

/** One line that says what went wrong and how to see it again. */
export function failureLine({ seed, overrides, summary, violation }: Outcome): string {
  if (!violation) return ''
  const { rule, detail, at } = violation
  const plan = overrides ? ` --plan '${JSON.stringify(overrides)}'` : ''
  return `npm run sim -- ${seed}${plan}  (${summary}) at ${at.toFixed(0)} ms: ${rule}: ${detail}`
}

function play(world: World): void {
  const { plan } = world
  const random = new Random(plan.seed, 'play')
  populate(world, random)
  watchCloses(world)
  world.onLive = (process, id) => onLive(world, process, id)
  watchMemory(world)
  brew(world, random.fork('faults'))
  advance(world, plan.stormMs)
  world.network.heal()
  // Whoever hears somebody, on the own host or by another interface, does not notice a silent one.
  const shared = world.network.hosts.some(({ processes, interfaces }) => {
    return processes.length > 1 || interfaces.length > 1
  })
  if (shared) world.schedule.after(QUERY_MS, () => world.network.query())
  advance(world, world.schedule.time + healingMs(plan))
  checkPresence(world)
  world.workload.checkFlushes()
  if (plan.pasts.length > 0) {
    for (const process of world.processes.filter(({ open }) => open)) {
      world.workload.subscribe(process, true)
    }
    patiently(world, () => {
      checkHistory(world, owed(world))
      checkLive(world)
    })
  } else checkLive(world)
  if (random.chance(0.5)) {
    // Nobody publishes any more: heartbeats alone must tell where the streams end.
    advance(world, world.schedule.time + (plan.calm ? 0 : TAIL_MS))
    checkAccounts(world)
  }
  probe(world)
  checkAccounts(world)
  if (plan.mendable) checkNothingLost(world, owed(world))
  checkHistory(world, owed(world))
  if (isFrugal(plan)) world.repair.check(world.network.held)
  closeAll(world)
}

/** How long it may take until everybody knows everybody again. */
function healingMs({ calm, faults }: Plan): number {
  if (calm) return CALM_MS
  return DARK.some((fault) => faults.has(fault)) ? HEALING_MS : MENDING_MS
}

/** The bounds on what waits hold at every moment that is looked at. */
function watchMemory(world: World): void {
  const { limits, stormMs } = world.plan
  for (const { id, peer } of world.processes.filter(({ alive }) => alive)) {
    const { packets, size, earlySize, blocksSize } = peer.held
    check(packets <= limits.quarantinePackets, 'memory', () => `${id} holds ${packets} packets`)
    check(size <= limits.quarantineSize, 'memory', () => `${id} holds ${size} B`)
    check(blocksSize <= limits.blocksSize, 'memory', () => `${id} keeps ${blocksSize} B of blocks`)
    check(earlySize <= limits.reorderSize, 'memory', () => `${id} keeps ${earlySize} B too early`)
  }
  if (world.schedule.time < stormMs) world.schedule.after(LOOK_MS, () => watchMemory(world))
}

function populate(world: World, random: Random): void {
  const { plan, network } = world
  for (let i = 0; i < plan.hosts; i++) {
    const segments = [random.integer(0, plan.segments - 1)]
    if (plan.segments > 1 && random.chance(0.3)) segments[0] = 0
    if (plan.segments > 1 && random.chance(0.3)) segments.push(1 - segments[0]!)
    if (plan.faults.has('twin') && random.chance(0.5)) segments.push(segments[0]!)
    network.host(segments)
  }
  const launch = (host: Host, realm: number, atMs: number): void =>
    world.schedule.at(atMs, () => void world.start({ host, realm }))
  for (let i = 0; i < plan.processes; i++) {
    const late = plan.faults.has('late') && random.chance(0.4)
    const host = network.hosts[i % plan.hosts]!
    launch(host, 0, late ? random.between(0, plan.stormMs) : random.between(0, 50))
  }
  if (!plan.faults.has('rivals')) return
  for (const realm of [1, 2]) {
    for (let i = 0; i < 2; i++) launch(random.pick(network.hosts), realm, random.between(0, 100))
  }
}

/** Every living process sees every other living one that it can reach, and none of the dead. */
function checkPresence(world: World): void {
  for (const process of world.processes.filter(({ open }) => open)) {
    const seen = world.presence.seenBy(process)
    for (const other of world.processes) {
      const found = !other.open || !world.reaches(process, other) || seen.has(other)
      check(found, 'liveness', () => `${process.id} does not see ${other.id}`)
      // A living one of another segment may be seen: who replays there and back is a relay.
      const { endedAt = Infinity } = other
      const gone = world.schedule.time < endedAt + MISSED_MS || !seen.has(other)
      check(gone, 'liveness', () => `${process.id} still sees ${other.id}, who is dead`)
    }
  }
}

/** What each open subscription should have an account of: streams of living publishers. */
function* owed(world: World): Generator<Owed> {
  for (const subscribed of world.ledger.subscriptions) {
    const { process, endedAt } = subscribed
    if (!process.open || endedAt !== undefined) continue
    for (const stream of world.ledger.streams) {
      const { publisher } = stream
      if (!publisher.open || stream.messages.length === 0) continue
      if (publisher !== process && !world.reaches(process, publisher)) continue
      if (world.ledger.matches(subscribed, stream)) yield { subscribed, stream }
    }
  }
}

/** Every message of a reliable stream was delivered or is in a gap: the last one, too. */
function checkAccounts(world: World): void {
  for (const { subscribed, stream } of owed(world)) {
    if (stream.delivery !== 'reliable') continue
    const track = subscribed.tracks.get(stream)
    const newest = stream.messages.at(-1)!
    // Who subscribed behind the last message is owed nothing; nor is who could not attach before
    // the publisher's history was over.
    const attaches = !world.plan.calm && stream.openedAt < subscribed.at + SETTLED_MS
    const wanted = stream.messages.slice(firstAsked(world, { subscribed, stream }))
    // What had expired before is not there to be given or told of.
    const asked = wanted.some(({ expiresMs }) => expiresMs === Infinity)
    if (!track && !asked && (attaches || newest.at <= subscribed.at)) continue
    check(track?.next === stream.messages.length, 'contract', () => {
      const seen = track ? `up to ${track.next - 1}` : 'nothing'
      return `${name(subscribed, stream)}: ${seen} of ${stream.messages.length} accounted for`
    })
  }
}

/** After healing, what is published arrives: on old streams and on new ones. */
function probe(world: World): void {
  const { ledger, workload, plan } = world
  const open = world.processes.filter((process) => process.open)
  world.quiet = true
  workload.lasting = true
  const newTopic = `${plan.topics[0]!}/new`
  for (const [round, last] of [false, false, false, true].entries()) {
    const at = world.schedule.time
    for (const process of open) {
      // Tight limits may refuse; then this stream is not probed.
      const topics = new Set([...ledger.streamsOf(process).map(({ topic }) => topic), newTopic])
      for (const topic of topics) workload.publish(process, topic, 40 + round)
      process.endTurn()
    }
    advance(world, at + (last ? PROBED_MS : PROBE_MS))
  }
  for (const { subscribed, stream } of owed(world)) {
    // Nothing tells a receiver that a switch does not forward a group without heartbeats.
    if (plan.faults.has('snoop') && stream.delivery !== 'reliable') continue
    const track = subscribed.tracks.get(stream)
    const place = stream.messages.length
    const lost = track?.gaps.at(-1)?.to === place - 1
    check(track?.next === place && !lost, 'liveness', () => {
      return `${name(subscribed, stream)}: the last message, long after healing, did not come`
    })
  }
}

/** Each close ends in time; in a calm world everybody has confirmed everything then. */
function watchCloses(world: World): void {
  world.onClosed = (process, told) => {
    const { ledger, schedule } = world
    checkLost(world, process, told)
    if (!world.plan.calm || world.lingerOf(process) < PATIENT_MS) return
    const lacking = told.unconfirmed.some((instance) => mayReach(world, process, instance))
    check(!lacking, 'close', () => `${process.id} says that some lack something`)
    for (const stream of ledger.streamsOf(process).filter((s) => s.delivery === 'reliable')) {
      for (const one of ledger.subscriptions) {
        const { process: other, at, endedAt } = one
        if (!other.open || endedAt !== undefined || !world.reaches(process, other)) continue
        if (!ledger.matches(one, stream) || other.startedAt + SETTLED_MS > schedule.time) continue
        const track = one.tracks.get(stream)
        if (!track && stream.messages.at(-1)!.at <= at) continue
        check(track?.next === stream.messages.length, 'close', () => {
          return `${name(one, stream)}: closed at ${track?.next} of ${stream.messages.length}`
        })
      }
    }
  }
}

/** Who has confirmed with losses is named with their number, and nobody else is. */
function checkLost(world: World, closed: Process, told: Told): void {
  const { ledger, processes, quiet } = world
  const seen = world.presence.seenBy(closed)
  const streams = ledger.streamsOf(closed).filter(({ delivery }) => delivery === 'reliable')
  for (const other of processes) {
    const reported = told.lostBy.get(other.peer.instance) ?? 0
    const mine = ledger.subscriptions.filter(({ process }) => process === other)
    const most = (some: readonly Subscribed[], stream: Stream, lost: typeof lostInAll): number =>
      Math.max(0, ...some.map(({ tracks }) => lost(tracks.get(stream))))
    const sum = (some: readonly Subscribed[], lost = lostInAll): number =>
      streams.reduce((all, stream) => all + most(some, stream, lost), 0)
    check(reported === 0 || sum(mine) > 0, 'close', () => {
      return `${closed.id} says that ${other.id} has lost ${reported}, and it lost nothing`
    })
    const heard = quiet && other.open && seen.has(other) && world.presence.seenBy(other).has(closed)
    if (!heard || told.unconfirmed.includes(other.peer.instance)) continue
    const open = mine.filter(({ endedAt }) => endedAt === undefined)
    check(reported >= sum(open, lostLater), 'close', () => {
      return `${closed.id} says that ${other.id} has lost ${reported} of ${sum(open)} lost`
    })
  }
}

function lostInAll(track: Track | undefined): number {
  const expired = track?.gaps.filter(({ cause }) => cause === 'expired') ?? []
  return expired.reduce((lost, { from, to }) => lost - (to - from + 1), track?.lost ?? 0)
}

/** Without what was asked for and had gone before. */
function lostLater(track: Track | undefined): number {
  const [first] = track?.gaps ?? []
  const before = first?.from === track?.first && first?.cause === 'history' ? first : undefined
  return lostInAll(track) - (before ? before.to - before.from + 1 : 0)
}

function closeAll(world: World): void {
  for (const process of world.processes.filter(({ open }) => open)) {
    world.close(process, 2000)
    advance(world, world.schedule.time + 50)
  }
  advance(world, world.schedule.time + CLOSED_MS)
  for (const process of world.processes) {
    check(!process.alive, 'close', () => `${process.id} has not closed`)
  }
}

/** A goodbye may be dropped with the hellos of a rival realm; then silence tells in 5 s. */
const CALM_MS = 7000
/** After these somebody may be dead, or deaf: silence is repaired within 30 s. */
const DARK: readonly Fault[] = ['partition', 'mtu', 'snoop', 'stall', 'crash', 'burst']
const HEALING_MS = 40_000
/** Nobody was silent for long. */
const MENDING_MS = 12_000
const QUERY_MS = 30_000
/** Heartbeats are at most 30 s apart. */
const TAIL_MS = 31_000
const LOOK_MS = 100
const PROBE_MS = 2500
const PROBED_MS = 3000
const PATIENT_MS = 500
const CLOSED_MS = 4000
/**
 * Who was removed is there for a while, and may end late. It is missed when it was silent for 5 s,
 * by who looks each 250 ms, and what it sent last was on its way a little longer than it lived.
 */
const MISSED_MS = 5300
