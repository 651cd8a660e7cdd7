/** One run of the fuzzer: a peer, its attackers, a clock, and what must hold all the time. */
import { concat } from '../../bus/core/bytes.ts'
import { COUNTER_NAMES, type CounterName } from '../../bus/core/metrics.ts'
import type { Delivery } from '../../bus/core/output.ts'
import { Rights } from '../../bus/core/rights.ts'
import { RealmKeys } from '../../bus/core/seal/keys.ts'
import { Random } from '../../bus/testing/random.ts'
import { crypto } from '../unit/core/crypto.ts'
import { grantOn, rightsBytes } from '../unit/core/granting.ts'
import { hostilePacket, joining } from './hostile.ts'
import { junkDatagram, type Seen } from './junk.ts'
import { Member } from './member.ts'
import { realm, signatureOf, Target, tightLimits, tightRate } from './target.ts'

export interface FuzzOptions {
  readonly packets: number
  readonly seed: number
  readonly open?: boolean
  /** The realm has an owner. */
  readonly owned?: boolean
  /** Share of packets that come from members: 0 is outsiders alone, after a quiet start. */
  readonly members: number
  /** Mean time between packets, ms. */
  readonly gapMs: number
  /** Called every so often; `heap` is measured after a collection. */
  readonly progress?: (report: FuzzReport) => void
  readonly collect?: () => void
}

export interface FuzzReport {
  readonly packets: number
  readonly seconds: number
  readonly counters: Readonly<Record<CounterName, number>>
  readonly bytesIn: number
  readonly bytesOut: number
  readonly delivered: number
  readonly groupsMax: number
  readonly instances: number
  /** Bytes of heap and of buffers outside of it, at each measurement. */
  readonly heaps: readonly number[]
}

const OWNER = new Uint8Array(32).fill(9)
const EMPTY = new Uint8Array(0)
const MEASUREMENTS = 20
const MEMBERS_MAX = 40
const RECORDED_MAX = 512

export class Fuzz {
  readonly #options: FuzzOptions
  readonly #random: Random
  readonly #keys: RealmKeys
  readonly #target: Target
  readonly #members: Member[] = []
  readonly #recorded: Uint8Array[] = []
  readonly #heaps: number[] = []
  #now = 0
  #bytesIn = 0
  #packets = 0
  #instances = 0

  constructor(options: FuzzOptions) {
    this.#options = options
    this.#random = new Random(options.seed, 'fuzz')
    const root = options.open ? undefined : realm.root
    const owner = options.owned ? OWNER : undefined
    this.#keys = new RealmKeys(crypto, { name: realm.name, root, owner })
    this.#target = new Target(this.#random.fork('target'), this.#keys, {
      limits: tightLimits,
      rate: tightRate,
      proof: 'each',
      ...(owner && { owner, rightsOf: (id, self) => Rights.read(rightsOf(id, self))! }),
      ...(!options.open && { past: { ageMs: 1000, back: 5 } }),
    })
    for (let i = 0; i < 4; i++) this.#join()
    for (let i = 0; i < 400; i++) this.#step(() => this.#fromMember())
  }

  get target(): Target {
    return this.#target
  }

  run(): FuzzReport {
    const { packets, members, progress } = this.#options
    const every = Math.max(1, Math.floor(packets / MEASUREMENTS))
    const [bytesOut, bytesIn] = [this.#target.sentBytes, this.#bytesIn]
    const report = (): FuzzReport => {
      const total = this.#report()
      return { ...total, bytesIn: total.bytesIn - bytesIn, bytesOut: total.bytesOut - bytesOut }
    }
    for (this.#packets = 1; this.#packets <= packets; this.#packets++) {
      if (members > 0 && this.#random.chance(0.003)) this.#publish()
      const member = this.#random.chance(members)
      this.#step(() => (member ? this.#fromMember() : this.#junk()))
      if (this.#packets % every > 0) continue
      this.#measure()
      progress?.(report())
    }
    return report()
  }

  #step(make: () => Uint8Array): void {
    this.#now += this.#random.unit() * 2 * this.#options.gapMs
    if (this.#random.chance(0.000_02)) this.#now += this.#random.integer(0, 20_000)
    const datagram = make()
    this.#bytesIn += datagram.length
    const place = this.#random.integer(1, 9)
    try {
      this.#target.advance(this.#now)
      this.#target.hear(this.#now, datagram, { address: `fe80::${place}`, port: 2000 + place })
    } catch (cause) {
      const { seed } = this.#options
      const where = `seed ${seed}, packet ${this.#packets}, now ${this.#now}`
      throw new Error(`${where}: ${Buffer.from(datagram).toString('hex')}`, { cause })
    }
    if (this.#random.chance(0.02)) this.#record(datagram)
    if (this.#random.chance(0.02)) this.#record(this.#target.sent)
  }

  #record(datagram: Uint8Array): void {
    if (datagram.length > 3000) return
    if (this.#recorded.length < RECORDED_MAX) this.#recorded.push(datagram.slice())
    else this.#recorded[this.#random.integer(0, RECORDED_MAX - 1)] = datagram.slice()
  }

  #fromMember(): Uint8Array {
    if (this.#random.chance(0.004) || this.#members.length === 0) return this.#join()
    const member = this.#random.pick(this.#members)
    const present = this.#target.present.has(member.sender.instance)
    // Whoever is not believed in gets no further than the quarantine.
    if (!present && this.#random.chance(0.8)) return joining(member, this.#target)
    return hostilePacket(this.#random, member, this.#target)
  }

  #join(): Uint8Array {
    const member = new Member(this.#random, this.#keys)
    if (this.#options.owned) member.rights = this.#rights(member.sender.identity)
    this.#instances += 1
    if (this.#members.length < MEMBERS_MAX) {
      this.#members.push(member)
      return joining(member, this.#target)
    }
    const place = this.#random.integer(0, MEMBERS_MAX - 1)
    const gone = this.#members[place]!
    this.#members[place] = member
    // Some leave without a word.
    const bye = this.#random.chance(0.9) ? gone.hello({ flags: 1 }) : EMPTY
    return concat(bye, joining(member, this.#target))
  }

  /** Mostly good ones, for most topics; some are damaged. */
  #rights(holder: Uint8Array): Uint8Array {
    const random = this.#random
    const roll = random.unit()
    if (roll < 0.05) return random.bytes(random.integer(0, 512))
    const rights = rightsOf(this.#keys.id, holder, random.pick(['**', 'plant/**', 'exact/*']))
    if (roll < 0.2) rights[random.integer(0, rights.length - 1)]! ^= 1 << random.integer(0, 7)
    return rights
  }

  #junk(): Uint8Array {
    const seen: Seen = {
      version: this.#keys.open ? 2 : 1,
      hint: this.#keys.hint,
      self: this.#target.peer.instance,
      instances: this.#members.map(({ sender }) => sender.instance),
      recorded: this.#recorded,
    }
    return junkDatagram(this.#random, seen)
  }

  /** The peer's own program goes on with its work. */
  #publish(): void {
    const { peer } = this.#target
    const delivery: Delivery = this.#random.pick(['reliable', 'reliable', 'best-effort', 'latest'])
    const topic = `own/${delivery}/${this.#random.integer(0, 12)}`
    const size = this.#random.chance(0.2) ? 9000 : this.#random.integer(0, 500)
    const segments = topic.split('/')
    const about = { topic, segments, delivery, retain: 20 }
    const message = { ...about, codec: 0, payload: this.#random.bytes(size) }
    for (let i = this.#random.integer(1, 8); i > 0; i--) {
      peer.publish(this.#now, { ...message, urgent: this.#random.chance(0.1) })
    }
    peer.turnEnds(this.#now)
    for (let i = this.#random.integer(0, 4); i > 0; i--) this.#answer()
    this.#target.drain(this.#now)
  }

  /** What members might have asked. */
  #answer(): void {
    const member = this.#random.pick(this.#members)
    const stream = this.#random.pick([...member.streams.keys(), 1])
    const payload = this.#random.bytes(this.#random.chance(0.2) ? 5000 : 300)
    const [spreadMs, lifeMs] = [this.#random.integer(0, 50), this.#random.integer(0, 5000)]
    const to = member.sender.instance
    this.#target.peer.answer(this.#now, { to, stream, payload, spreadMs, lifeMs })
  }

  #measure(): void {
    if (!this.#options.collect) return
    this.#options.collect()
    const { heapUsed, external } = process.memoryUsage()
    this.#heaps.push(heapUsed + external)
  }

  #report(): FuzzReport {
    return {
      packets: this.#packets,
      seconds: this.#now / 1000,
      counters: this.#target.peer.metrics.snapshot(),
      bytesIn: this.#bytesIn,
      bytesOut: this.#target.sentBytes,
      delivered: this.#target.delivered,
      groupsMax: this.#target.groupsMax,
      instances: this.#instances,
      heaps: this.#heaps,
    }
  }
}

const ELSEWHERE = [
  'repairsFull',
  'linkFull',
  'namedFull',
  'unicastFull',
  'unicastGroupsFull',
  'toldFull',
  'greetings',
  'receiversSlow',
  'unproven',
  'revoked',
  'expiryBudget',
  'requestsFull',
  'answeringFull',
  'repliesFull',
  'answersUnknown',
  'variablesFull',
  'variablesLate',
  'knownEvicted',
  'withheldFull',
  'notShared',
  'seatsFull',
]

/**
 * Reasons for which packets are dropped, and bounds: each must be hit by some test. More repairs than
 * may wait need a larger history than a fuzzed peer's: `peer-responder.test.ts` has them. That a link
 * is full its transport tells, and no packet; slow receivers need a topic that waits for them. What
 * nobody vouches for is forgotten after ten quiet seconds: `proof.test.ts` of the attacks has it. Pages
 * are made by the owner alone, who attacks nobody: `epochs.test.ts` of the attacks and the simulator. What
 * asks and answers, and has variables, is the bus around the peer: `requests.test.ts`,
 * `variable-failures.test.ts` and their neighbours have its bounds; `peer-withheld.test.ts` those of what is told.
 * Seats and who shares: `shares.test.ts` of the programming interface and of the attacks.
 * Thousands of packets that are missed, and are called expired, take a plan: `repair.test.ts` has it.
 */
export const reasons: readonly CounterName[] = COUNTER_NAMES.slice(
  COUNTER_NAMES.indexOf('truncated'),
).filter((name) => !name.startsWith('page') && !ELSEWHERE.includes(name))

/** Signed by the owner. */
function rightsOf(id: Uint8Array, holder: Uint8Array, pattern = '**'): Uint8Array {
  const grant = grantOn(holder, { publish: [pattern], subscribe: [pattern] })
  return rightsBytes(id, { grant, sign: (message) => signatureOf(OWNER, message) })
}
