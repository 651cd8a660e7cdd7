/** A peer with the usual limits and members that attack it, for tests of single attacks. */
import { defaultLimits, type Limits } from '../../../bus/core/limits.ts'
import type { CounterName } from '../../../bus/core/metrics.ts'
import { RealmKeys } from '../../../bus/core/seal/keys.ts'
import type { StartedEntry } from '../../../bus/core/wire/attach.ts'
import { Writer } from '../../../bus/core/wire/cursor.ts'
import { writePrefix, writeRecord } from '../../../bus/core/wire/record.ts'
import { Member } from '../../fuzz/member.ts'
import { realm, Target, type TargetOptions } from '../../fuzz/target.ts'
import { Random } from '../../../bus/testing/random.ts'
import { crypto } from './crypto.ts'

interface Setup extends Pick<TargetOptions, 'rate' | 'owner' | 'rightsOf'> {
  readonly open?: boolean
  readonly dice?: string
}

export class Attack {
  readonly random: Random
  readonly keys: RealmKeys
  readonly target: Target
  now = 0

  constructor(limits: Partial<Limits> = {}, setup: Setup = {}) {
    const { open = false, rate = 1_000_000, dice = 'attack', ...owned } = setup
    this.random = new Random(1, dice)
    const root = open ? undefined : realm.root
    this.keys = new RealmKeys(crypto, { name: realm.name, root, owner: owned.owner })
    const options = { limits: { ...defaultLimits, ...limits }, rate, ...owned }
    this.target = new Target(this.random, this.keys, options)
  }

  send(datagram: Uint8Array, place = 1): this {
    this.target.advance(this.now)
    this.target.hear(this.now, datagram, { address: `fe80::${place}`, port: 2000 })
    return this
  }

  /** In steps: a peer that missed its deadlines by much would take it that it stood still. */
  wait(ms: number): this {
    const until = this.now + ms
    while (this.now < until) {
      this.now = Math.min(until, this.now + 20)
      this.target.advance(this.now)
    }
    return this
  }

  /** A member that is there. */
  member(identity?: Uint8Array): Member {
    const member = this.stranger(identity)
    const { target } = this
    this.send(member.hello({ echoes: [target.challenge] }))
    const full = target.present.size >= target.limits.peers
    if (full || target.present.has(member.sender.instance)) return member
    // The challenge was another one: it came with the answer.
    this.wait(100).send(member.hello({ echoes: [target.challenge] }))
    return member
  }

  /** A member that nobody has heard of. */
  stranger(identity?: Uint8Array): Member {
    return new Member(this.random, this.keys, identity)
  }

  /** Announces streams of a member and waits until they are attached to. */
  announce(member: Member, topics: readonly string[], mode = 0): this {
    const entries = topics.map((topic, i) => member.entry(i + 1, topic, mode))
    for (const [i, topic] of topics.entries()) {
      member.streams.set(i + 1, { topic, mode, number: 0, index: 0 })
    }
    for (let i = 0; i < entries.length; i += 10) {
      this.send(member.control(member.bindings(entries.slice(i, i + 10))))
    }
    return this
  }

  count(name: CounterName): number {
    return this.target.peer.metrics.get(name)
  }
}

/** The body of one message, number `index`. */
export function body(index: number, size = 1): Uint8Array {
  const writer = new Writer(size + 30)
  writePrefix(writer, index, 1)
  writeRecord(writer, 0, new Uint8Array(size))
  return writer.written
}

/** The answer to the first receiver of a stream that attaches: it begins with the first packet. */
export function startedEntry(stream: number, other: Partial<StartedEntry> = {}): StartedEntry {
  const from = { start: 1, wanted: 0, index: 0 }
  return { stream, ask: stream, ...from, head: 0, behind: 0, receivers: 1, ...other }
}
