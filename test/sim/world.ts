/** One simulated world: hosts, processes and network of a plan, and everything that watches them. */
import type { Crypto } from '../../bus/core/env.ts'
import type { CounterName } from '../../bus/core/metrics.ts'
import { Rights } from '../../bus/core/rights.ts'
import { RealmKeys } from '../../bus/core/seal/keys.ts'
import { pageOf, type PageParts } from '../../bus/io/page.ts'
import { grantOn, rightsBytes } from '../unit/core/granting.ts'
import { Acts } from './acts.ts'
import {
  quickSignatures,
  realSignatures,
  type Signatures,
  type Signer,
  trueCrypto,
  watched,
} from './crypto.ts'
import { Forger } from './forger.ts'
import { Intruder } from './intruder.ts'
import { Ledger } from './ledger.ts'
import type { Host } from './host.ts'
import { Network } from './network.ts'
import type { Plan } from './plan.ts'
import { Presence } from './presence.ts'
import { type Act, type Known, type Notice, Process, type Told } from './process.ts'
import { quickCrypto } from './quick.ts'
import { Random } from '../../bus/testing/random.ts'
import { RepairWatch } from './repair-watch.ts'
import type { Slips } from './slips.ts'
import { Schedule } from '../../bus/testing/schedule.ts'
import type { Trace } from './trace.ts'
import { check, Violation } from './violation.ts'
import { WireWatch } from './wire-watch.ts'
import { Workload } from './workload.ts'

interface Realm {
  readonly name: string
  readonly root: Uint8Array | undefined
  readonly owner?: Uint8Array
}

export interface Launch {
  readonly host: Host
  readonly realm: number
  readonly signer?: Signer
  /** What its rights are for, in a realm with an owner. */
  readonly patterns?: Parameters<typeof grantOn>[1]
  /** Its own program does not keep to them. */
  readonly lies?: boolean
}

type Of<T extends Notice['type']> = Extract<Notice, { type: T }>

export class World {
  readonly plan: Plan
  readonly acts: Acts
  readonly schedule: Schedule = new Schedule()
  readonly network: Network
  readonly presence: Presence = new Presence()
  readonly ledger: Ledger = new Ledger((process, other) => this.presence.seenBy(process).has(other))
  readonly wire: WireWatch = new WireWatch()
  readonly repair: RepairWatch = new RepairWatch()
  readonly workload: Workload
  readonly intruder: Intruder
  readonly forger: Forger | undefined
  readonly processes: Process[] = []
  readonly realms: readonly Realm[]
  /** Programs answer nothing any more. */
  quiet = false
  /** Datagrams that a full receive buffer has lost. */
  overflows = 0
  /** Called with each message that a process was given, and with each answer. */
  onDelivered: (process: Process, index: number, notice: Of<'deliver'>) => void = () => undefined
  onAnswer: (process: Process, notice: Of<'answer'>) => void = () => undefined
  /** Called when a subscription has been given what was there before it. */
  onLive: (process: Process, subscription: number) => void = () => undefined
  /** Called when a process has closed, with what the others have told it. */
  onClosed: (process: Process, told: Told) => void = () => undefined
  /** What a process knows of its realm when it starts. */
  knownTo: (like: Launch) => Known = ({ realm }) => ({ realm: this.realms[realm]! })
  /** What is wrong with the clocks of processes, by their ids, beyond their rates. */
  slipsOf: (id: string) => Slips | undefined = () => undefined
  /** Called with what a process is told of epochs; and with all that nobody else here is for. */
  onEpoch: (process: Process, notice: Of<'epoch'>) => void = () => undefined
  onOther: (process: Process, notice: Notice) => void = () => undefined
  readonly #lingers = new Map<Process, number>()
  readonly #trace: Trace
  readonly #random: Random
  readonly #crypto: Crypto
  /** How all sign, and are verified. */
  readonly signatures: Signatures
  readonly #owner: Signer | undefined

  constructor(plan: Plan, trace: Trace) {
    this.plan = plan
    this.acts = new Acts(plan.acts)
    this.#trace = trace
    const random = new Random(plan.seed, 'world')
    this.#random = random
    this.#crypto = watched(plan.trueCrypto ? trueCrypto : quickCrypto, (header, message) => {
      this.repair.onSeal(header, message)
    })
    this.signatures = plan.realSignatures ? realSignatures() : quickSignatures()
    const { wildcard, weather } = plan
    this.network = new Network(this.schedule, random.fork('network'), { wildcard, weather })
    this.network.onLost = (bytes) => this.repair.onLost(bytes)
    this.intruder = new Intruder(random.fork('intruder'))
    const { schedule, ledger, presence, acts } = this
    this.workload = new Workload(plan, {
      random: random.fork('workload'),
      schedule,
      ledger,
      presence,
      acts,
      note: (text) => this.#note(text),
    })
    const root = plan.open ? undefined : random.bytes(32)
    this.#owner = plan.owned ? this.signatures.signer(new Random(plan.seed, 'owner')) : undefined
    const other = random.bytes(32)
    const owner = this.#owner?.identity
    this.realms = [
      { name: 'sim', root, ...(owner && { owner }) },
      // The same name with another key, or with the same one without its owner, and another name
      // with the same key.
      { name: 'sim', root: owner ? root : other },
      { name: 'other', root },
    ]
    const unwatched = plan.trueCrypto ? trueCrypto : quickCrypto
    const forging = { crypto: unwatched, realm: this.realms[0]!, topics: plan.topics }
    this.forger = plan.forger ? new Forger(new Random(plan.seed, 'forger'), forging) : undefined
  }

  /** What all processes have counted together. */
  sum(name: CounterName): number {
    return this.processes.reduce((sum, { peer }) => sum + peer.metrics.get(name), 0)
  }

  /** A new process that does its work; `like` is one that it takes the place of. */
  start(like: Launch): Process {
    const process = this.launch(like)
    this.workload.employ(process)
    return process
  }

  /** A new process that has only said hello; in a realm with an owner it may do everything. */
  launch(like: Launch): Process {
    const { plan } = this
    const random = this.#random.fork('process')
    const id = `p${this.processes.length + 1}`
    const signer = like.signer ?? this.signatures.signer(random)
    const rights = this.#rightsOf(signer.identity, like)
    const process = new Process(this.#surroundings(), {
      id,
      host: like.host,
      realm: like.realm,
      port: 40_000 + this.processes.length,
      signer,
      signatures: this.signatures,
      random,
      env: { crypto: this.#crypto, random: (size) => random.bytes(size) },
      clockRate: 1 + random.between(-200e-6, 200e-6),
      slips: this.slipsOf(id),
      workMs: plan.workMs,
      answerMs: plan.answerMs,
      config: {
        ...this.knownTo(like),
        rights,
        scope: 'link',
        fold: plan.fold,
        name: id,
        tags: {},
        packetSize: plan.packetSize,
        rate: plan.rate,
        minRate: plan.rate / 20,
        limits: plan.limits,
      },
    })
    this.processes.push(process)
    like.host.processes.push(process)
    this.presence.born(process)
    this.#note(`${id} starts on host ${like.host.name}, realm ${like.realm}`)
    process.command((peer, now) => peer.start(now))
    return process
  }

  #rightsOf(
    holder: Uint8Array,
    { realm, patterns = EVERYTHING, lies = false }: Launch,
  ): Rights | undefined {
    const about = this.realms[realm]!
    const owner = this.#owner
    if (!about.owner || !owner) return undefined
    const sign = (message: Uint8Array): Uint8Array => owner.sign(message)
    const { id } = new RealmKeys(this.#crypto, about)
    const rights = Rights.read(rightsBytes(id, { grant: grantOn(holder, patterns), sign }))!
    return lies ? Object.create(rights, { allows: { value: () => true } }) : rights
  }

  /** A page that the owner of the realm signs. */
  page(parts: Omit<PageParts, 'id' | 'madeAt'>, realm = this.realms[0]!): Uint8Array {
    const owner = this.#owner
    if (!owner) throw new Error('this world has no owner')
    const { id } = new RealmKeys(this.#crypto, realm)
    const by = { crypto: this.#crypto, sign: (message: Uint8Array) => owner.sign(message) }
    return pageOf({ ...parts, id, madeAt: 1 }, by)
  }

  /** A crash. */
  end(process: Process): void {
    this.#note(`${process.id} ends`)
    process.end()
  }

  lingerOf(process: Process): number {
    return this.#lingers.get(process) ?? 0
  }

  close(process: Process, lingerMs: number): void {
    if (!process.open) return
    this.#lingers.set(process, lingerMs)
    this.#note(`${process.id} closes, linger ${lingerMs}`)
    process.closingAt = this.schedule.time
    process.command((peer, now) => peer.close(now, lingerMs))
  }

  /** Whether multicast reaches from one process to another when nothing is broken. */
  reaches(a: Process, b: Process): boolean {
    if (a === b || a.options.realm !== b.options.realm) return false
    const one = a.options.host
    const other = b.options.host
    if (one === other) return true
    const segments = new Set(one.interfaces.map(({ segment }) => segment))
    return other.interfaces.some(({ segment }) => segments.has(segment))
  }

  #surroundings(): ConstructorParameters<typeof Process>[0] {
    const { schedule } = this
    return {
      get time() {
        return schedule.time
      },
      after: (delayMs, then) => schedule.after(delayMs, then),
      act: (process, act) => this.#onAct(process, act),
      notice: (process, notice) => this.#onNotice(process, notice),
      dropped: (process, datagram) => {
        this.overflows += 1
        this.repair.onLost(datagram)
        this.#trace.add(schedule.time, `${process.id} overflows`, datagram)
      },
    }
  }

  #onAct(process: Process, act: Act): void {
    if (act.type === 'transmit') {
      const to = typeof act.to === 'string' ? act.to : `${act.to.address} ${act.to.port}`
      this.#trace.add(this.schedule.time, `${process.id} sends to ${to}`, act.datagram)
      this.wire.onDatagram(process, act.datagram)
      this.repair.onDatagram(process, act)
      this.intruder.overhear(this.schedule.time, act.datagram)
      this.#forge(process, act.datagram)
    } else this.#note(`${process.id} ${act.type}s ${act.group}`)
    this.network.act(process, act)
  }

  /** Forgeries come to everybody before what they are made of does. */
  #forge(process: Process, datagram: Uint8Array): void {
    const from = { address: 'fe80::f0:9e%eth0', port: 666 }
    for (const forgery of this.forger?.hear(datagram) ?? []) {
      for (const victim of this.processes) {
        if (victim === process || !victim.alive) continue
        this.schedule.after(0, () => victim.receive(forgery, from))
      }
    }
  }

  #onNotice(process: Process, notice: Notice): void {
    switch (notice.type) {
      case 'deliver':
        this.#note(`${process.id} gets ${notice.stream.topic} ${notice.index}`)
        this.ledger.onDeliver(process, notice)
        this.onDelivered(process, notice.index, notice)
        return this.#echo(process, notice)
      case 'gap':
        this.#note(`${process.id} lacks ${notice.stream.topic} ${notice.from} to ${notice.to}`)
        return this.ledger.onGap(process, notice, this.schedule.time)
      case 'answer':
        return this.onAnswer(process, notice)
      case 'live':
        this.#note(`${process.id} is live for #${notice.subscription}`)
        return this.onLive(process, notice.subscription)
      case 'peer':
        this.#note(`${process.id} sees ${notice.change} of ${notice.peer.name}`)
        return this.presence.onChange(process, this.schedule.time, notice)
      case 'flushed':
        return this.workload.flushed(process, notice.id)
      case 'closed':
        this.#note(`${process.id} has closed`)
        process.end()
        return this.onClosed(process, {
          unconfirmed: notice.unconfirmed.map(({ instance }) => instance),
          lostBy: new Map(notice.incomplete.map(({ peer, lost }) => [peer.instance, lost])),
          behind: notice.behind,
        })
      case 'epoch':
        this.#note(`${process.id} ${notice.state} epoch ${notice.epoch}`)
        return this.onEpoch(process, notice)
      case 'rejected':
        return this.#note(`${process.id} rejected ${notice.count} (${notice.reason})`)
      default:
        return this.onOther(process, notice)
    }
  }

  /** Some programs answer a message at once, in the midst of what the driver does. */
  #echo(process: Process, { stream }: Of<'deliver'>): void {
    const echoes = this.plan.faults.has('echo') && !stream.topic.endsWith(ECHO)
    if (this.quiet || !process.open || !echoes || !this.#random.chance(0.1)) return
    this.workload.publish(process, `${stream.topic.slice(0, 200)}${ECHO}`, 20)
    process.endTurn()
  }

  #note(text: string): void {
    this.#trace.add(this.schedule.time, text)
  }
}

/** Runs the input of a world's schedule up to a time; whatever throws is a violation. */
export function advance(world: World, time: number): void {
  world.schedule.runUntil(time)
  check(world.schedule.size < EVENTS_MAX, 'memory', () => 'events pile up')
}

/** What was there before comes with a part of the rate, which a storm may have cut to the least. */
export function patiently(world: World, demand: () => void): void {
  const end = world.schedule.time + PATIENCE_MS
  for (;;) {
    advance(world, world.schedule.time + PATIENCE_STEP_MS)
    if (world.schedule.time >= end) return demand()
    try {
      return demand()
    } catch (error) {
      if (!(error instanceof Violation)) throw error
    }
  }
}

const ECHO = '/echo'
const EVENTS_MAX = 1_000_000
const EVERYTHING = { publish: ['**'], subscribe: ['**'] }
const PATIENCE_STEP_MS = 3000
const PATIENCE_MS = 40_000
