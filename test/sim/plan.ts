/**
 * What one seed means: which faults there are at all, how many of everything, how large.
 *
 * Swarm testing: each seed switches most faults off completely, so that rare combinations are met
 * and a quiet network is met, too.
 */
import type { Delivery } from '../../bus/core/output.ts'
import { defaultLimits, type Limits } from '../../bus/core/limits.ts'
import type { Past } from '../../bus/core/peer/subscribing/attacher.ts'
import { type ProofRule, PROOFS } from '../../bus/core/publication.ts'
import { Random } from '../../bus/testing/random.ts'
import { CLEAR, type Weather } from './weather.ts'

export const FAULTS = [
  // These lose packets.
  'loss',
  'burst',
  'partition',
  'mtu',
  'snoop',
  'overflow',
  'stall',
  'crash',
  'tight',
  // These must not lose anything.
  'duplicate',
  'reorder',
  'jitter',
  'twin',
  'close',
  'late',
  'junk',
  'replay',
  'rivals',
  'answers',
  'echo',
] as const
export type Fault = (typeof FAULTS)[number]
/** These lose messages of reliable streams for good, or may: a gap is in order. */
const FINAL: readonly Fault[] = ['partition', 'mtu', 'snoop', 'stall', 'crash', 'tight']
const BURST_MENDABLE = 3
const LOSSY = FAULTS.indexOf('duplicate')

export interface Plan {
  readonly seed: number
  readonly faults: ReadonlySet<Fault>
  /** No fault that loses packets. */
  readonly calm: boolean
  /** No fault that loses messages of reliable streams. */
  readonly mendable: boolean
  readonly hosts: number
  readonly segments: number
  readonly processes: number
  readonly open: boolean
  /** The realm has an owner, who has granted everybody everything. */
  readonly owned: boolean
  readonly realSignatures: boolean
  /** SHA-512 and secretbox; otherwise quick functions in their place. */
  readonly trueCrypto: boolean
  readonly wildcard: boolean
  readonly fold: number
  readonly packetSize: number
  readonly rate: number
  readonly limits: Limits
  readonly weather: Weather
  readonly topics: readonly string[]
  readonly patterns: readonly string[]
  readonly deliveries: readonly Delivery[]
  /** What some subscriptions want of the time before them; none in most worlds. */
  readonly pasts: readonly Past[]
  /** Messages that reliable topics retain. */
  readonly retain: number
  /** What proves who has published; `each` in place of `checkpoint` where nothing is repaired. */
  readonly proof: ProofRule
  /** How often the owner of the realm draws new keys in the storm. */
  readonly rotations: number
  /** A member forges packets of others. */
  readonly forger: boolean
  /** Messages of one publication burst, at most. */
  readonly burstMax: number
  readonly sizes: readonly SizeClass[]
  /** Time of faults and load, ms. */
  readonly stormMs: number
  /** Bursts that each process publishes in that time, about. */
  readonly bursts: number
  /** Bytes that each process publishes, at most, with something for each message. */
  readonly volume: number
  readonly workMs: number
  readonly answerMs: number
  /** Numbers of what happens in the storm at all (see acts.ts); undefined: everything. */
  readonly acts: ReadonlySet<number> | undefined
}

export type SizeClass = 'empty' | 'small' | 'middle' | 'edge' | 'large'

export function planOf(seed: number): Plan {
  const random = new Random(seed, 'plan')
  const faults = faultsOf(random)
  const calm = FAULTS.every((fault, i) => i >= LOSSY || !faults.has(fault))
  const hosts = random.pick([1, 2, 2, 3, 4, 5])
  const topics = topicsOf(random)
  const large = new Random(seed, 'size').pick([6000, 6000, 6000, 60_000])
  const packetSize = random.pick([1232, 1232, large])
  // Of its own, so that the other draws of a seed stay as they are.
  const past = new Random(seed, 'past')
  const owned = new Random(seed, 'owned').chance(0.2)
  const proving = new Random(seed, 'proof')
  const rotating = new Random(seed, 'rotations')
  const rotations = mayRotate(seed) ? rotating.pick([0, 1, 1, 2, 3]) : 0
  const proof = mayBeProven(seed) ? proving.pick(PROOFS) : 'group'
  const plan: Omit<Plan, 'mendable' | 'owned'> = {
    seed,
    proof,
    rotations,
    forger: proof !== 'group' && proving.chance(0.5),
    pasts: past.chance(0.4) ? PASTS : [],
    retain: past.pick([0, 0, 1, 5, 200]),
    faults,
    calm,
    hosts,
    segments: random.chance(0.2) ? 2 : 1,
    processes: Math.max(2, hosts + random.integer(0, 2)),
    open: random.chance(0.25),
    realSignatures: random.chance(0.04),
    wildcard: random.chance(0.7),
    fold: random.pick([0, 0, 0, 1, 3]),
    packetSize,
    // A slow sender of large packets may take longer than a late attacher waits.
    rate: random.pick([calm && packetSize > 1232 ? 2_000_000 : 250_000, 2_000_000, 12_500_000]),
    limits: limitsOf(random, faults, packetSize),
    weather: weatherOf(random, faults, calm),
    topics,
    patterns: patternsOf(random, topics),
    deliveries: random.pick([['reliable'], ['reliable'], MODES, ['best-effort'], ['latest']]),
    burstMax: random.pick([1, 4, 40, 400]),
    sizes: random.pick(SIZE_MIXES),
    stormMs: random.pick([1500, 4000, 9000]),
    bursts: random.pick([2, 6, 20]),
    workMs: faults.has('overflow') ? random.pick([0.05, 0.2, 1]) : 0,
    answerMs: faults.has('answers') ? random.pick([1, 20]) : 0,
    trueCrypto: random.chance(0.04),
    volume: random.pick([400_000, 400_000, 400_000, 2_000_000]),
    acts: undefined,
  }
  // Whoever sends little is not heard for long in a long burst: longer than a history lasts.
  const dark = faults.has('burst') && plan.weather.burstLength > BURST_MENDABLE
  const ours = rotations > 0 ? { open: false, realSignatures: true } : {}
  return {
    ...plan,
    ...ours,
    owned: rotations > 0 || (owned && !plan.open),
    mendable: !dark && mendable(faults),
  }
}

function mendable(faults: ReadonlySet<Fault>): boolean {
  return !FINAL.some((fault) => faults.has(fault))
}

/** Only reliable topics come through all that this plan has in store. */
export function losesUnrepaired({ calm, rotations }: Plan): boolean {
  return !calm || rotations > 0
}

/** Whether only what was lost is asked for again: no forgery is in its place, and no key lacks. */
export function isFrugal({ faults, forger, rotations }: Plan): boolean {
  return !faults.has('tight') && !forger && rotations === 0
}

/** A plan without any fault, for worlds that a test furnishes itself. */
export function quietPlan(seed: number): Plan {
  return {
    ...planOf(seed),
    faults: new Set(),
    calm: true,
    mendable: true,
    open: false,
    owned: false,
    realSignatures: false,
    trueCrypto: false,
    wildcard: false,
    fold: 0,
    deliveries: ['reliable'],
    pasts: [],
    retain: 0,
    proof: 'group',
    rotations: 0,
    forger: false,
    packetSize: 1232,
    rate: 12_500_000,
    limits: defaultLimits,
    weather: CLEAR,
    workMs: 0,
    answerMs: 0,
    acts: undefined,
  }
}

/** The plan in one line. */
export function summaryOf(plan: Plan): string {
  const { hosts, processes, packetSize, fold, segments } = plan
  const words = [
    `${processes} peers on ${hosts} hosts`,
    plan.open ? 'open' : plan.owned ? 'owned' : 'sealed',
  ]
  if (segments > 1) words.push(`${segments} segments`)
  if (fold > 0) words.push(`${fold} groups`)
  if (plan.pasts.length > 0) words.push(`history, ${plan.retain} retained`)
  words.push(`${packetSize} B`, plan.deliveries.join('+'))
  if (plan.proof !== 'group') words.push(plan.proof)
  if (plan.rotations > 0) words.push(`${plan.rotations} rotations`)
  if (plan.forger) words.push('a forger')
  return `${words.join(', ')}; ${[...plan.faults].join(' ') || 'no faults'}`
}

function faultsOf(random: Random): Set<Fault> {
  const quiet = random.chance(0.35)
  const likely = random.pick([0.1, 0.25, 0.5])
  return new Set(FAULTS.filter((_, i) => random.chance(likely) && !(quiet && i < LOSSY)))
}

function weatherOf(random: Random, faults: ReadonlySet<Fault>, calm: boolean): Weather {
  const has = (fault: Fault, value: number): number => (faults.has(fault) ? value : 0)
  return {
    ...CLEAR,
    delayMs: random.pick([0.1, 0.5, 3]),
    jitterMs: has('jitter', random.pick([1, 10])) + STILL_MS,
    loss: has('loss', random.pick([0.01, 0.05, 0.15])),
    burst: has('burst', random.pick([0.002, 0.02])),
    burstLength: random.pick([3, 20, 50]),
    duplicate: has('duplicate', random.pick([0.05, 0.5])),
    overtaken: has('reorder', random.pick([0.02, 0.2])),
    // Ages are compared with 20 ms of slack: what takes longer may be late for an attacher.
    overtakenMs: random.pick([1, 10, calm || mendable(faults) ? 10 : 40]),
  }
}

function limitsOf(random: Random, faults: ReadonlySet<Fault>, packetSize: number): Limits {
  if (!faults.has('tight')) return defaultLimits
  return {
    ...defaultLimits,
    historySize: random.pick([4 * packetSize, 40 * packetSize]),
    historyAge: random.pick([500, 10_000]),
    reorderPackets: random.pick([4, 64]),
    reorderSize: random.pick([4 * packetSize, 64 * packetSize]),
    blocksSize: 64 * packetSize,
    quarantinePackets: random.pick([2, 32]),
    quarantineSize: random.pick([4 * packetSize, 64 * 1024]),
    sendMark: 8 * packetSize,
    sendSize: 64 * packetSize,
  }
}

/** Every name bears the marker that no sealed datagram may show. */
function topicsOf(random: Random): string[] {
  const words = ['a', 'b', 'c', 'kitchen', 'é']
  const topics = new Set<string>()
  const count = random.pick([1, 2, 5])
  while (topics.size < count) {
    const segments = [MARKER]
    for (let i = random.integer(0, 3); i > 0; i--) segments.push(random.pick(words))
    topics.add(segments.join('/'))
  }
  return [...topics]
}

function patternsOf(random: Random, topics: readonly string[]): string[] {
  const patterns = new Set<string>(topics)
  for (const topic of topics) {
    const segments = topic.split('/')
    segments[random.integer(0, segments.length - 1)] = random.pick(['*', '{name}', '**'])
    patterns.add(segments.join('/'))
  }
  return [...patterns, random.pick(['**', `${MARKER}/**`, `${MARKER}/*`, `${MARKER}/nothing`])]
}

export const MARKER = 'sixsim'
/** Other seeds are older than proof, and stay as they were. */
function mayBeProven(seed: number): boolean {
  return (seed > 4000 && seed < 8000) || seed > 100_000
}
/** Others are older than rotation. The owner's boxes take true signatures, so these are slower. */
function mayRotate(seed: number): boolean {
  return seed > 200_000
}
/** Others are older than removal. Who closes waits for somebody whom it is still to learn is out. */
export function mayRevoke({ seed, rotations, faults }: Plan): boolean {
  return seed > 250_000 && rotations > 0 && !faults.has('close')
}
/** Jitter where there is none to speak of. */
export const STILL_MS = 0.05
const PASTS: readonly Past[] = [
  { ageMs: 0, back: 1 },
  { ageMs: 0, back: 5 },
  { ageMs: 0, back: 300 },
  { ageMs: 0, back: Number.MAX_SAFE_INTEGER },
  { ageMs: 700, back: 0 },
  { ageMs: 20_000, back: 0 },
]
const MODES: readonly Delivery[] = ['reliable', 'best-effort', 'latest']
const SIZE_MIXES: readonly (readonly SizeClass[])[] = [
  ['small'],
  ['empty', 'small'],
  ['edge'],
  ['small', 'middle', 'edge'],
  ['small', 'large'],
  ['large'],
]
