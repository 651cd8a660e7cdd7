/** A peer in an open realm that answers, and members that have asked it: what it sends to whom. */
import type { Limits } from '../../../bus/core/limits.ts'
import type { CounterName } from '../../../bus/core/metrics.ts'
import type { Endpoint } from '../../../bus/core/output.ts'
import type { Answer, AnswerFault } from '../../../bus/core/publication.ts'
import type { AnsweredEntry } from '../../../bus/core/wire/answered.ts'
import type { ControlRecord } from '../../../bus/core/wire/control.ts'
import { type DirectBody, DirectFlag, readDirect } from '../../../bus/core/wire/direct.ts'
import { bodyOf, Kind, readHeader } from '../../../bus/core/wire/packet.ts'
import type { Member } from '../../fuzz/member.ts'
import { Attack } from './attacking.ts'
import { controlBytes } from './wire/any.ts'

export interface SentPiece extends DirectBody {
  /** The asker's place. */
  readonly to: number
  readonly at: number
  readonly number: number
  readonly stream: number
  readonly givenUp: boolean
  readonly datagram: Uint8Array
}

export class Responding {
  readonly attack: Attack
  readonly pieces: SentPiece[] = []
  readonly #members: Member[] = []
  #told = 0
  #beaconAt = 1000

  constructor({ limits, rate }: { limits?: Partial<Limits>; rate?: number } = {}) {
    this.attack = new Attack(limits, { open: true, ...(rate && { rate }) })
    this.attack.target.watch = (to, datagram) => this.#see(to, datagram)
    this.attack.wait(400)
  }

  get now(): number {
    return this.attack.now
  }

  /** Who has asked, at a place from 1: it publishes on its own topic, by its stream 1. */
  asker(place: number): Member {
    const known = this.#members[place]
    if (known) return known
    const member = this.attack.stranger()
    this.#members[place] = member
    const { target } = this.attack
    this.attack.send(member.hello({ echoes: [target.challenge], port: 2000 }), place)
    this.attack.wait(100).send(member.hello({ echoes: [target.challenge], port: 2000 }), place)
    member.streams.set(1, { topic: `plant/${place}/x`, mode: 0, number: 0, index: 0 })
    const entries = [member.entry(1, `plant/${place}/x`, 0)]
    this.attack.send(member.control(member.bindings(entries)), place)
    this.attack.wait(50)
    return member
  }

  answer(place: number, size: number, about: Partial<Answer> = {}): AnswerFault {
    const { instance } = this.asker(place).sender
    const { target } = this.attack
    const payload = Uint8Array.from({ length: size }, (_, i) => i)
    const rest = { payload, spreadMs: 0, lifeMs: 30_000, ...about }
    const fault = target.peer.answer(this.now, { to: instance, stream: 1, ...rest })
    target.drain(this.now)
    return fault
  }

  /** What has left since the last call, `2.0 to 1` being the first byte of the second answer. */
  log(): string[] {
    const sent = this.pieces.slice(this.#told)
    this.#told = this.pieces.length
    return sent.map(({ id, offset, to, givenUp }) => {
      return givenUp ? `no ${id} to ${to}` : `${id}.${offset} to ${to}`
    })
  }

  /** The asker at a place acknowledges these packets. */
  acknowledge(place: number, ...numbers: readonly number[]): this {
    const runs = numbers.map((first) => ({ first, count: 1 }))
    return this.say(place, [{ answerer: this.attack.target.peer.instance, runs }])
  }

  say(place: number, entries: readonly AnsweredEntry[]): this {
    return this.send(place, { type: 'answered', entries })
  }

  send(place: number, record: ControlRecord): this {
    this.attack.send(this.asker(place).control(controlBytes(record)), place)
    return this
  }

  /** Time passes; who is there says so once a second, but for those who have fallen silent. */
  wait(ms: number, silent: readonly number[] = []): this {
    const until = this.now + ms
    while (this.now < until) {
      this.attack.wait(Math.min(until, this.#beaconAt) - this.now)
      if (this.now < this.#beaconAt) continue
      this.#beaconAt = this.now + 1000
      for (const place of this.#members.keys()) {
        if (!this.#members[place] || silent.includes(place)) continue
        this.send(place, { type: 'beacon', intervalMs: 500, streamCount: 1 })
      }
    }
    return this
  }

  count(name: CounterName): number {
    return this.attack.count(name)
  }

  get size(): number {
    return this.attack.target.peer.held.answersSize
  }

  #see(address: string | Endpoint, datagram: Uint8Array): void {
    const header = readHeader(datagram)
    if (header.kind !== Kind.direct || typeof address === 'string') return
    const to = Number(address.address.replace('fe80::', ''))
    const direct = readDirect(bodyOf(datagram), header)!
    const { number, stream, flags } = header
    const givenUp = (flags & DirectFlag.givenUp) !== 0
    const { now: at } = this
    this.pieces.push({ ...direct, to, at, number, stream, givenUp, datagram: datagram.slice() })
  }
}
