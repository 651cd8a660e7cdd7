/**
 * What a relay has brought to segments lately, and whom it answers from it: a packet that was lost
 * behind the relay need not come all the way again.
 *
 * Data is sealed, so a relay cannot tell a true packet from one that an outsider has made up. It
 * keeps the first of a number, and answers for it once: who asks again is answered by the publisher.
 * A question is fresh, or it goes on unanswered: no recording makes a relay send anything. It is
 * answered whole or not at all, since nobody but its asker could make it smaller.
 */
import { Recent } from '../bus/core/recent.ts'
import { Ring } from '../bus/core/ring.ts'
import { readControl } from '../bus/core/wire/control.ts'
import { eachMissing, type Nak, NakFlag } from '../bus/core/wire/nak.ts'
import { Kind } from '../bus/core/wire/packet.ts'
import type { Passed } from './arrival.ts'
import type { Counters } from './counters.ts'
import type { Instance } from './instances.ts'
import type { RelayLimits } from './limits.ts'
import { type Outlet, SELF_PORT } from './outlet.ts'
import { Quota } from './quota.ts'

/** A data packet that has crossed. */
interface Kept {
  readonly instance: bigint
  readonly stream: number
  readonly number: number
  readonly group: string
  readonly packet: Uint8Array
  readonly at: number
}

export interface RepairsParts {
  readonly counters: Counters
  readonly outlet: Pick<Outlet, 'bring' | 'reach'>
  /** Who is heard, and where. */
  readonly instance: (instance: bigint) => Instance | undefined
  readonly isSegment: (face: string) => boolean
}

export class Repairs {
  readonly #limits: Pick<RelayLimits, 'cacheSize' | 'cacheAge' | 'repairs'>
  readonly #parts: RepairsParts
  readonly #kept = new Ring<Kept>()
  readonly #packets = new Map<bigint, Map<number, Map<number, Kept>>>()
  #size = 0
  /** Questions that were answered, and what each asker was given. */
  readonly #answered = new Recent(REMEMBERED_MAX)
  readonly #given = new Recent(REMEMBERED_MAX)
  readonly #quota = new Quota()

  constructor(
    limits: Pick<RelayLimits, 'cacheSize' | 'cacheAge' | 'repairs'>,
    parts: RepairsParts,
  ) {
    this.#limits = limits
    this.#parts = parts
  }

  /** Packets of a group go on to these faces: on segments they may be lost. */
  keep(
    now: number,
    group: string,
    { faces, packets }: { readonly faces: readonly string[]; readonly packets: readonly Passed[] },
  ): void {
    if (!faces.some((face) => this.#parts.isSegment(face))) return
    for (const { header, packet } of packets) {
      if (header.kind !== Kind.data) continue
      const { instance, stream, number } = header
      const numbers = entryOf(entryOf(this.#packets, instance), stream)
      if (numbers.has(number)) continue
      // A copy: a view would keep what it came in.
      const one = { instance, stream, number, group, packet: new Uint8Array(packet), at: now }
      numbers.set(number, one)
      this.#kept.push(one)
      this.#size += sizeOf(one)
    }
    this.expire(now)
    while (this.#size > this.#limits.cacheSize) {
      this.#forgetOldest()
      this.#parts.counters.count('cacheEvicted')
    }
  }

  /** Forgets what is too old. */
  expire(now: number): void {
    const oldest = now - this.#limits.cacheAge
    while (this.#kept.first && this.#kept.first.at <= oldest) this.#forgetOldest()
  }

  /** Answers who asks for packets, by a segment and in a datagram of its own, if all are here. */
  answers(now: number, face: string, packets: readonly Passed[]): boolean {
    const [passed] = packets
    if (packets.length !== 1 || !passed?.body || passed.header.kind !== Kind.control) return false
    const { instance, number } = passed.header
    const asker = this.#parts.instance(instance)
    if (asker?.way.face !== face || !this.#parts.isSegment(face)) return false
    const question = `${instance} ${number}`
    if (number <= asker.high || this.#answered.has(question)) return false
    const naks = naksOf(passed.body)
    const found = naks && this.#find(instance, naks)
    if (!naks || !found || !this.#hasRoom(now, asker, found.size)) return false
    this.#answered.add(question)
    this.#give(asker, found, naks)
    return true
  }

  #give(asker: Instance, found: ReadonlyMap<string, Kept>, naks: readonly Nak[]): void {
    const { counters, outlet } = this.#parts
    counters.count('naksAnswered')
    counters.count('repairsSent', found.size)
    // Others have heard the question and wait as well.
    const toGroup = naks.some(({ flags }) => (flags & NakFlag.solo) === 0)
    for (const [name, { group, packet }] of found) {
      this.#given.add(name)
      if (toGroup) outlet.bring([asker.way.face], group, { datagram: packet })
      else outlet.reach(asker, SELF_PORT, { datagram: packet })
    }
  }

  /** All packets that are named, by what they are to this asker; none when one is not to be had. */
  #find(asker: bigint, naks: readonly Nak[]): Map<string, Kept> | undefined {
    const found = new Map<string, Kept>()
    for (const nak of naks) {
      const { target, stream, flags } = nak
      const numbers = this.#packets.get(target)?.get(stream)
      if (!numbers || flags & (NakFlag.proof | NakFlag.copy)) return undefined
      let isWhole = true
      eachMissing(nak, (number) => {
        const kept = numbers.get(number)
        const name = `${asker} ${target} ${stream} ${number}`
        isWhole = kept !== undefined && !this.#given.has(name) && found.size < ANSWER_MAX
        if (isWhole && kept) found.set(name, kept)
        return isWhole
      })
      if (!isWhole) return undefined
    }
    return found.size > 0 ? found : undefined
  }

  #hasRoom(now: number, { instance, way }: Instance, count: number): boolean {
    const { repairs } = this.#limits
    // Counted in packets: a question asks for several.
    const room = this.#quota.takes(
      now,
      [
        [`segment ${way.face}`, repairs],
        [`asker ${instance}`, Math.ceil(repairs / 2)],
      ],
      count,
    )
    if (!room) this.#parts.counters.count('repairsFull')
    return room
  }

  #forgetOldest(): void {
    const oldest = this.#kept.shift()
    if (!oldest) return
    const { instance, stream, number } = oldest
    this.#size -= sizeOf(oldest)
    const streams = this.#packets.get(instance)
    const numbers = streams?.get(stream)
    numbers?.delete(number)
    if (numbers?.size === 0) streams?.delete(stream)
    if (streams?.size === 0) this.#packets.delete(instance)
  }
}

/** With what it takes to find it again. */
function sizeOf({ packet }: Kept): number {
  return packet.length + ENTRY_SIZE
}

/** The questions of a control packet that has nothing else in it. */
function naksOf(body: Uint8Array): readonly Nak[] | undefined {
  const naks: Nak[] = []
  let others = 0
  const whole = readControl(body, (record) => {
    if (record.type === 'nak') naks.push(record)
    else others += 1
  })
  return whole && others === 0 ? naks : undefined
}

function entryOf<K, I, V>(map: Map<K, Map<I, V>>, key: K): Map<I, V> {
  let entry = map.get(key)
  if (!entry) {
    entry = new Map()
    map.set(key, entry)
  }
  return entry
}

/** Who lacks more is far behind: its publisher knows at which pace it can be served. */
const ANSWER_MAX = 64
const ENTRY_SIZE = 200
const REMEMBERED_MAX = 4096
