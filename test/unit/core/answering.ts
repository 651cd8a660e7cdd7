/** A publisher in an open realm and receivers that ask it for packets: what it sends to whom. */
import type { Limits } from '../../../bus/core/limits.ts'
import type { CounterName } from '../../../bus/core/metrics.ts'
import type { Delivery, Endpoint } from '../../../bus/core/output.ts'
import {
  type ControlRecord,
  type HeartbeatEntry,
  readControl,
} from '../../../bus/core/wire/control.ts'
import { NakFlag } from '../../../bus/core/wire/nak.ts'
import { bodyOf, Kind, readHeader } from '../../../bus/core/wire/packet.ts'
import type { Member } from '../../fuzz/member.ts'
import { Attack } from './attacking.ts'
import { question } from './stream/asking.ts'
import { controlBytes } from './wire/any.ts'

export interface Sent {
  /** `group`, `all` for the control group, or the receiver's place. */
  readonly to: string
  readonly at: number
  readonly stream: number
  /** Of a data packet. */
  readonly number: number
  readonly datagram: Uint8Array
}

interface Setup {
  readonly limits?: Partial<Limits>
  readonly rate?: number
  /** Receivers that attach, at places from 1. */
  readonly attached?: number
  readonly delivery?: Delivery
  readonly streams?: number
  /** Messages that each stream retains. */
  readonly retain?: number
}

interface Given {
  readonly size?: number
  readonly stream?: number
  readonly retain?: number
  readonly expiresMs?: number
  /** They are questions. */
  readonly asks?: boolean
}

interface Wish {
  readonly solo?: boolean
  readonly parity?: boolean
  readonly rttUs?: number
  readonly stream?: number
  readonly copy?: boolean
  /** What it has missed so far, of how many. */
  readonly missed?: number
  readonly all?: number
}

export class Answering {
  readonly attack: Attack
  /** Data packets that have left, in order. */
  readonly data: Sent[] = []
  readonly parity: Uint8Array[] = []
  /** Control records that have left. */
  readonly records: { readonly to: string; readonly at: number; readonly record: ControlRecord }[] =
    []
  readonly #members: Member[] = []
  readonly #delivery: Delivery
  readonly #retain: number
  readonly #words: string[] = []
  #told = 0
  #beaconAt = 1000

  constructor(setup: Setup = {}) {
    const { limits, rate, attached = 2, delivery = 'reliable', streams = 1, retain = 0 } = setup
    this.attack = new Attack(limits, { open: true, ...(rate && { rate }) })
    this.#delivery = delivery
    this.#retain = retain
    const { target } = this.attack
    target.watch = (to, datagram) => this.#see(to, datagram)
    this.attack.wait(400)
    for (let stream = 1; stream <= streams; stream++) {
      target.peer.offer(this.now, this.#topic(stream))
    }
    target.drain(this.now)
    for (let place = 1; place <= attached; place++) {
      for (let stream = 1; stream <= streams; stream++) this.attach(place, stream)
    }
    this.wait(100)
  }

  get now(): number {
    return this.attack.now
  }

  /** Time passes; who is there says so once a second. */
  wait(ms: number): this {
    const until = this.now + ms
    while (this.now < until) {
      this.attack.wait(Math.min(until, this.#beaconAt) - this.now)
      if (this.now < this.#beaconAt) continue
      this.#beaconAt = this.now + 1000
      const beacon = { type: 'beacon', intervalMs: 500, streamCount: 0 } as const
      for (const place of this.#members.keys()) if (this.#members[place]) this.send(place, beacon)
    }
    return this
  }

  /** The process under test is stopped and goes on. */
  standStill(ms: number): this {
    this.attack.now += ms
    return this
  }

  count(name: CounterName): number {
    return this.attack.count(name)
  }

  /** The receiver at a place, who has come but need not have attached. */
  member(place: number): Member {
    return (this.#members[place] ??= this.attack.member())
  }

  attach(place: number, stream = 1): this {
    const entries = [{ stream, ask: 1, from: 0, ageMs: 0, back: 0, attempt: 0 }]
    const target = this.attack.target.peer.instance
    return this.send(place, { type: 'attach', target, entries })
  }

  send(place: number, record: ControlRecord): this {
    this.attack.send(this.member(place).control(controlBytes(record)), place)
    return this
  }

  /** Each message in a packet of its own. */
  publish(count: number, given: Given = {}): this {
    const { size = 100, stream = 1, retain = this.#retain, expiresMs, asks = false } = given
    const { peer } = this.attack.target
    for (let i = 0; i < count; i++) {
      const payload = new Uint8Array(size).fill(i)
      const question = asks ? Uint8Array.of(i) : undefined
      const about = { ...this.#topic(stream), retain, expiresMs, question }
      peer.publish(this.now, { ...about, codec: 0, payload, urgent: false })
      peer.flush(this.now, 0)
      this.attack.target.drain(this.now)
    }
    return this
  }

  /** The receiver at a place asks for packets. */
  ask(place: number, numbers: readonly number[], wish: Wish = {}): this {
    const { solo = false, parity = false, copy = false, rttUs = 0, stream = 1 } = wish
    const target = this.attack.target.peer.instance
    const wanted = (solo ? NakFlag.solo : 0) | (parity ? NakFlag.parity : 0)
    const flags = wanted | (copy ? NakFlag.copy : 0)
    const { missed = 0, all = 0 } = wish
    const about = { type: 'nak', target, flags, rttUs, missed, all, stream } as const
    return this.send(place, { ...about, ...question(...numbers) })
  }

  /**
   * What has left since the last call: `3 to group` is packet 3, `row 0 up to 9 to group` parity,
   * `oldest 7 to 1` that record.
   */
  log(): string[] {
    const words = this.#words.slice(this.#told)
    this.#told = this.#words.length
    return words
  }

  /** The last heartbeat's entry of stream 1, and the round trip that it told. */
  get heartbeat(): (HeartbeatEntry & { readonly grttUs: number; readonly at: number }) | undefined {
    for (const { record, at } of this.records.toReversed()) {
      if (record.type !== 'heartbeat') continue
      const entry = record.entries.find(({ stream }) => stream === 1)
      if (entry) return { ...entry, grttUs: record.grttUs, at }
    }
    return undefined
  }

  #topic(stream: number) {
    const topic = `own/${stream}`
    const retain = this.#retain
    return { topic, segments: topic.split('/'), delivery: this.#delivery, retain }
  }

  #see(address: string | Endpoint, datagram: Uint8Array): void {
    const [control] = this.attack.target.groups
    const group = address === control ? 'all' : 'group'
    const to = typeof address === 'string' ? group : address.address.replace('fe80::', '')
    const { kind, flags, stream, number } = readHeader(datagram)
    const at = this.now
    if (kind === Kind.data) {
      this.data.push({ to, at, stream, number, datagram: datagram.slice() })
      this.#words.push(`${number} to ${to}`)
    }
    if (kind === Kind.parity) {
      this.parity.push(datagram.slice())
      this.#words.push(`row ${flags} up to ${number} to ${to}`)
    }
    if (kind !== Kind.control) return
    readControl(bodyOf(datagram), (record) => {
      this.records.push({ to, at, record })
      if (record.type === 'oldest') this.#words.push(`oldest ${record.first} to ${to}`)
    })
  }
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i)
}
