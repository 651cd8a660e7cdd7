/** What the parts of one peer share: configuration, keys, counters, timers and the output queue. */
import { concat } from '../bytes.ts'
import { type Env, randomUint64, randomUnit } from '../env.ts'
import type { Limits } from '../limits.ts'
import { type CounterName, Metrics } from '../metrics.ts'
import type { Endpoint, Output } from '../output.ts'
import { Groups, type ScopeName } from '../path/group.ts'
import { Roster } from '../path/roster.ts'
import type { Remote } from './inflow.ts'
import { Backlog } from './presence/backlog.ts'
import { Lag } from './realm/lag.ts'
import { Withheld } from './subscribing/withheld.ts'
import { Revoked } from '../revoked.ts'
import type { Rights } from '../rights.ts'
import { instanceOf, type Sender } from '../seal/control-keys.ts'
import { EpochKey, Epochs } from '../seal/epochs.ts'
import { RealmKeys, type RealmOptions } from '../seal/keys.ts'
import { Ring } from '../ring.ts'
import { Sealer } from '../seal/sealer.ts'
import { Timers } from '../timers.ts'
import { Pool } from '../slab.ts'
import { SALT_SIZE } from '../wire/hello.ts'

export type { Binding, Closure, Inflow, Lane, Remote, Replay, Verifying } from './inflow.ts'

export interface PeerConfig {
  readonly realm: RealmOptions
  readonly scope: ScopeName
  /** 0, or the number of groups that all topics share. */
  readonly fold: number
  /** Ed25519 public key, 32 bytes. */
  readonly identity: Uint8Array
  /** What this peer shows in a realm with an owner. */
  readonly rights?: Rights | undefined
  readonly name: string
  readonly tags: Readonly<Record<string, string>>
  /** Largest data packet, bytes; control packets never exceed 1,232. */
  readonly packetSize: number
  /** Where unicast reaches this peer at first. */
  readonly port: number
  /** Bytes a second, at most, and at least when receivers miss much. */
  readonly rate: number
  readonly minRate: number
  /** The newest page that is known, head and body, in a realm with an owner. */
  readonly page?: Uint8Array | undefined
  /** Wall clock minus the driver's clock, ms: gives messages their time. */
  readonly wallOffset: number
  readonly limits: Limits
}

/** A signature, who is said to have made it, and what over. */
export interface Proof {
  readonly identity: Uint8Array
  readonly signature: Uint8Array
  readonly label: Uint8Array
  readonly parts: readonly Uint8Array[]
}

export class Context {
  readonly config: PeerConfig
  readonly env: Env
  readonly limits: Limits
  readonly metrics: Metrics = new Metrics()
  readonly timers: Timers = new Timers()
  readonly epochs: Epochs
  /** Of an epoch that others are in and this peer is not. */
  readonly lag: Lag
  readonly backlog: Backlog = new Backlog()
  /** What this peer may do; undefined: everything. */
  rights: Rights | undefined
  /** Whom the newest page has revoked. */
  revoked: Revoked
  readonly self: Sender
  /** Seals this peer's control packets. */
  readonly controlKey: EpochKey
  readonly sealer: Sealer
  /** Memory of packets that are kept for repair. */
  readonly pool: Pool = new Pool()
  readonly groups: Groups
  readonly controlGroup: string
  /** Where unicast reaches this peer. */
  port: number
  readonly roster: Roster<Remote>
  readonly outputs: Ring<Output> = new Ring()
  readonly #answers = new Map<number, (now: number, answer: Uint8Array | boolean) => void>()
  readonly #rejected = new Map<CounterName, number>()
  readonly #members = new Map<string, number>()
  readonly withheld: Withheld = new Withheld(this)
  /** Told of each group that is joined, or left. */
  readonly onMember: ((group: string, joined: boolean) => void)[] = []
  /** Whom no multicast reaches, and who wants the group: copies of what goes to it. */
  beside: (group: string) => readonly Endpoint[] = () => NOBODY
  /** Until when a relay counts as being on this network, which learns from what it overhears. */
  relayUntil: number = -Infinity
  /** Whether that instance has attached to a stream of this peer that goes to the group. */
  attached: (instance: bigint, group: string) => boolean = () => false
  /** Told when an instance has attached there, or has asked for a packet. */
  onWanted: (instance: bigint, group: string) => void = () => undefined
  #nextId = 1
  /** Signatures in work: those of control, and packets' that are being verified. */
  #waiting = 0
  #verifying = 0
  #reportedAt = -Infinity

  constructor(env: Env, config: PeerConfig) {
    this.env = env
    this.config = config
    this.port = config.port
    this.limits = config.limits
    this.epochs = new Epochs(new RealmKeys(env.crypto, config.realm), (keys) =>
      this.sealer.use(keys),
    )
    this.rights = config.rights
    this.revoked = new Revoked(env.crypto)
    const salt = env.random(SALT_SIZE)
    const instance = instanceOf(env.crypto, config.identity, salt)
    this.self = { instance, salt, identity: config.identity }
    this.controlKey = new EpochKey((keys) => keys.controlKeyOf(this.self))
    this.sealer = new Sealer(env.crypto, this.keys, instance)
    if (env.memory) this.sealer.bodies.make = env.memory
    this.groups = new Groups(config.scope, config.fold, (label) => this.keys.groupBytes(label))
    this.controlGroup = this.groups.control
    this.roster = new Roster(config.limits.peers)
    this.lag = new Lag(this.epochs, this.roster)
  }

  /** The keys of the epoch that this peer seals with; names, tags and groups are those of all. */
  get keys(): RealmKeys {
    return this.epochs.current
  }

  emit(output: Output): void {
    this.outputs.push(output)
  }

  transmit(to: string | Endpoint, datagram: Uint8Array): void {
    this.metrics.count('packetsSent')
    this.metrics.count('bytesSent', datagram.length)
    this.outputs.push({ type: 'transmit', to, datagram })
    if (typeof to !== 'string') return
    for (const endpoint of this.beside(to)) this.transmit(endpoint, datagram)
  }

  /** So many are here that what each of them says to all costs much. */
  get isCrowd(): boolean {
    return this.roster.size > LOUD
  }

  /**
   * Where something for one peer goes. Who is `unheard` tells everybody, in case unicast does not
   * pass; but of a crowd a few at a time: each of them hears what each says.
   */
  wayTo({ endpoint }: Remote, unheard: boolean): string | Endpoint {
    if (!unheard) return endpoint
    return this.isCrowd && this.unit() * this.roster.size >= LOUD ? endpoint : this.controlGroup
  }

  /** Counts a dropped packet; a summary goes out with the next housekeeping. */
  reject(reason: CounterName): void {
    this.metrics.count(reason)
    this.#rejected.set(reason, (this.#rejected.get(reason) ?? 0) + 1)
  }

  reportRejected(now: number): void {
    if (now - this.#reportedAt < REPORT_MS) return
    this.#reportedAt = now
    for (const [reason, count] of this.#rejected) this.emit({ type: 'rejected', reason, count })
    this.#rejected.clear()
  }

  /** Memberships are counted: several topics may share a group. */
  join(group: string): void {
    const count = this.#members.get(group) ?? 0
    this.#members.set(group, count + 1)
    if (count > 0) return
    this.emit({ type: 'join', group })
    for (const told of this.onMember) told(group, true)
  }

  leave(group: string): void {
    const count = this.#members.get(group) ?? 0
    if (count > 1) this.#members.set(group, count - 1)
    if (count !== 1) return
    this.#members.delete(group)
    this.emit({ type: 'leave', group })
    for (const told of this.onMember) told(group, false)
  }

  isMember(group: string): boolean {
    return this.#members.has(group)
  }

  /** Every group that is joined, the control group among them. */
  get members(): Iterable<string> {
    return this.#members.keys()
  }

  rejoin(group: string): void {
    if (!this.#members.has(group)) return
    this.metrics.count('rejoins')
    this.emit({ type: 'rejoin', group })
  }

  rejoinAll(): void {
    for (const group of this.#members.keys()) this.rejoin(group)
  }

  /** A random number in [0, 1). */
  unit(): number {
    return randomUnit(this.env)
  }

  random64(): bigint {
    return randomUint64(this.env)
  }

  /** Whether some are being made, or looked at. */
  get awaiting(): boolean {
    return this.#waiting > 0
  }

  /** Asks for a signature; `then` runs with the input that brings it. */
  sign(
    label: Uint8Array,
    parts: readonly Uint8Array[],
    then: (now: number, signature: Uint8Array) => void,
  ): void {
    const id = this.#await((now, answer) => {
      if (typeof answer !== 'boolean') then(now, answer)
    })
    if (id) this.emit({ type: 'sign', id, message: this.#statement(label, parts) })
  }

  /** The same for a packet; as many wait for theirs as packets wait to be sent. */
  signPacket(
    label: Uint8Array,
    parts: readonly Uint8Array[],
    then: (now: number, signature: Uint8Array) => void,
  ): void {
    const id = this.#remember((now, answer) => {
      if (typeof answer !== 'boolean') then(now, answer)
    })
    this.emit({ type: 'sign', id, message: this.#statement(label, parts) })
  }

  /** Whether the signature of a packet is looked at: so many at a time, apart from all others. */
  verifyPacket(proof: Proof, then: (now: number, good: boolean) => void): boolean {
    if (this.#verifying >= this.limits.signatures) {
      this.metrics.count('signaturesFull')
      return false
    }
    this.#verifying += 1
    this.metrics.count('packetsVerified')
    const id = this.#remember((now, answer) => {
      this.#verifying -= 1
      then(now, answer === true)
    })
    this.#askVerdict(id, proof)
    return true
  }

  /** Asks whether a signature is good; `then` runs only if it is, `refused` only if it is not. */
  verify(proof: Proof, then: (now: number) => void, refused?: () => void): void {
    const id = this.#await((now, answer) => {
      if (answer === true) return then(now)
      this.reject('unverified')
      refused?.()
    })
    if (id) this.#askVerdict(id, proof)
  }

  /** Asks for what a box holds that is for this identity; `then` runs with nothing if it does not open. */
  unbox(
    given: { readonly box: Uint8Array; readonly boxKey: Uint8Array },
    then: (now: number, opened: Uint8Array | undefined) => void,
  ): void {
    const id = this.#await((now, answer) => {
      then(now, typeof answer === 'boolean' ? undefined : answer)
    })
    if (id) this.emit({ type: 'unbox', id, box: given.box.slice(), boxKey: given.boxKey.slice() })
  }

  /** Hands the answer to a `sign`, `verify` or `unbox` on. */
  answer(now: number, id: number, answer: Uint8Array | boolean): void {
    const then = this.#answers.get(id)
    this.#answers.delete(id)
    then?.(now, answer)
  }

  #askVerdict(id: number, { label, parts, identity, signature }: Proof): void {
    const message = this.#statement(label, parts)
    this.emit({ type: 'verify', id, message, signature: signature.slice(), identity })
  }

  /** What is signed names its purpose and the realm, so that it counts nowhere else. */
  #statement(label: Uint8Array, parts: readonly Uint8Array[]): Uint8Array {
    return concat(label, this.keys.id, ...parts)
  }

  #await(then: (now: number, answer: Uint8Array | boolean) => void): number {
    if (this.#waiting >= this.limits.signatures) {
      this.metrics.count('signaturesFull')
      return 0
    }
    this.#waiting += 1
    return this.#remember((now, answer) => {
      this.#waiting -= 1
      then(now, answer)
    })
  }

  #remember(then: (now: number, answer: Uint8Array | boolean) => void): number {
    const id = this.#nextId++
    this.#answers.set(id, then)
    return id
  }
}

const NOBODY: readonly Endpoint[] = []
/** So many peers speak to everybody at a time, of those that one does not hear. */
const LOUD = 16
/** Dropped packets are summed up at most this often. */
const REPORT_MS = 1000
