/** A peer in a sealed realm that has asked, and members that answer it: what it tells and says. */
import type { Limits } from '../../../bus/core/limits.ts'
import type { CounterName } from '../../../bus/core/metrics.ts'
import type { Endpoint } from '../../../bus/core/output.ts'
import { Sealer } from '../../../bus/core/seal/sealer.ts'
import { readControl } from '../../../bus/core/wire/control.ts'
import { Writer } from '../../../bus/core/wire/cursor.ts'
import { type DirectBody, DirectFlag, writeDirect } from '../../../bus/core/wire/direct.ts'
import { Kind, readHeader } from '../../../bus/core/wire/packet.ts'
import type { Member } from '../../fuzz/member.ts'
import { Attack } from './attacking.ts'
import { crypto } from './crypto.ts'

const TOPIC = 'own/x'

/** One piece, or all of an answer; the bytes are the answer's number, as often as `size` says. */
export interface Said extends Partial<Omit<DirectBody, 'bytes'>> {
  readonly id: number
  /** Default: the answer's own. */
  readonly number?: number
  readonly size?: number
  readonly givenUp?: boolean
  readonly stream?: number
}

export class AskingPeer {
  readonly attack: Attack
  /** Answers that the program was given, by their numbers. */
  readonly answers: { readonly from: bigint; readonly id: number; readonly size: number }[] = []
  /** Acknowledgements, `1: 1-3` being three packets of the member at place 1. */
  readonly said: { readonly to: string; readonly words: readonly string[] }[] = []
  readonly #members: Member[] = []
  #beaconAt = 1000

  constructor(
    limits: Partial<Limits> = {},
    topics: readonly string[] = [TOPIC],
    setup: ConstructorParameters<typeof Attack>[1] = {},
  ) {
    this.attack = new Attack(limits, { dice: 'asking', ...setup })
    const { target } = this.attack
    target.watch = (to, datagram) => this.#see(to, datagram)
    target.notice = (output) => {
      if (output.type !== 'answer') return
      const { from, payload } = output
      this.answers.push({ from, id: payload[0] ?? 0, size: payload.length })
    }
    this.attack.wait(400)
    for (const topic of topics) {
      target.peer.offer(this.now, { topic, segments: topic.split('/'), delivery: 'reliable' })
    }
    target.drain(this.now)
  }

  get now(): number {
    return this.attack.now
  }

  count(name: CounterName): number {
    return this.attack.count(name)
  }

  get held(): number {
    return this.attack.target.peer.held.answersHeldSize
  }

  /** `rights`: what it shows, in a realm with an owner. */
  member(place: number, rights?: (member: Member) => Uint8Array): Member {
    const known = this.#members[place]
    if (known) return known
    const member = this.attack.stranger()
    if (rights) member.rights = rights(member)
    this.#members[place] = member
    const { target } = this.attack
    this.attack.send(member.hello({ echoes: [target.challenge], port: 2000 }), place)
    this.wait(100).attack.send(member.hello({ echoes: [target.challenge], port: 2000 }), place)
    return member
  }

  packet(place: number, said: Said): Uint8Array {
    const { id, number = id, size = 3, givenUp = false, stream = 1, ...rest } = said
    const bytes = new Uint8Array(givenUp ? 0 : size).fill(id)
    const direct = { id, previous: id - 1, totalSize: bytes.length, offset: 0, ...rest, bytes }
    const body = writeDirect(new Writer(2000), direct)
    const to = { asker: this.attack.target.sender!, topic: TOPIC, stream }
    return this.member(place).direct(to, { number, flags: givenUp ? DirectFlag.givenUp : 0, body })
  }

  /** The member at a place answers. */
  say(place: number, ...all: readonly Said[]): this {
    for (const said of all) this.attack.send(this.packet(place, said), place)
    return this
  }

  wait(ms: number, silent: readonly number[] = []): this {
    const until = this.now + ms
    while (this.now < until) {
      this.attack.wait(Math.min(until, this.#beaconAt) - this.now)
      if (this.now < this.#beaconAt) continue
      this.#beaconAt = this.now + 1000
      for (const [place, member] of this.#members.entries()) {
        if (!member || silent.includes(place)) continue
        this.attack.send(member.control(BEACON), place)
      }
    }
    return this
  }

  /** What has been acknowledged since the last call. */
  acknowledged(): string[] {
    return this.said.splice(0).flatMap(({ to, words }) => words.map((word) => `${word} to ${to}`))
  }

  #see(address: string | Endpoint, datagram: Uint8Array): void {
    const header = readHeader(datagram)
    const { sender } = this.attack.target
    if (header.kind !== Kind.control || !sender) return
    const sealer = new Sealer(crypto, this.attack.keys, 0n)
    const body = sealer.open(datagram, this.attack.keys.controlKeyOf(sender))!
    const to = typeof address === 'string' ? 'group' : address.address.replace('fe80::', '')
    readControl(body, (record) => {
      if (record.type !== 'answered') return
      const words = record.entries.map(({ answerer, runs }) => {
        const place = this.#members.findIndex((one) => one?.sender.instance === answerer)
        const spans = runs.map(({ first, count }) => `${first}-${first + count - 1}`)
        return `${place}: ${spans.join(' ')}`
      })
      this.said.push({ to, words })
    })
  }
}

const BEACON = new Writer(9).uint8(1).varint(4).varint(500).varint(0).written.slice(0, 5)
