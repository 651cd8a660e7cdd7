/** What a subscriber does with parity: with what is right, and with what a liar or a stranger sends. */
import { describe, expect, it } from 'vitest'
import type { Limits } from '../../../../bus/core/limits.ts'
import type { CounterName } from '../../../../bus/core/metrics.ts'
import { coefficient } from '../../../../bus/core/stream/erasure.ts'
import { addProduct } from '../../../../bus/core/stream/galois.ts'
import { blockOf, symbolOf } from '../../../../bus/core/wire/parity.ts'
import type { Member } from '../../../fuzz/member.ts'
import { Attack, body, startedEntry } from '../attacking.ts'
import { controlBytes } from '../wire/any.ts'

interface Setup {
  readonly mode?: number
  readonly open?: boolean
  readonly limits?: Partial<Limits>
}

/** A publisher whose stream several receive, one of them the peer under test. */
class Mending {
  readonly attack: Attack
  readonly publisher: Member
  readonly #packets = new Map<number, Uint8Array>()

  constructor({ mode = 0, open = false, limits = {} }: Setup = {}) {
    this.attack = new Attack(limits, { open })
    this.publisher = this.attack.member()
    this.attack.announce(this.publisher, ['plant/1/x'], mode).wait(60)
    const asker = this.attack.target.peer.instance
    this.#tell({ type: 'started', asker, entries: [startedEntry(1)] })
    const entry = { stream: 1, head: 0, index: 0, receivers: 8 }
    this.#tell({ type: 'heartbeat', flags: 0, grttUs: 1000, entries: [entry] })
  }

  get delivered(): number {
    return this.attack.target.delivered
  }

  counts(...names: readonly CounterName[]): number[] {
    return names.map((name) => this.attack.count(name))
  }

  packet(number: number): Uint8Array {
    let packet = this.#packets.get(number)
    if (packet) return packet
    packet = this.publisher.data(1, number, { flags: 0, body: body(number - 1, number % 7) })
    this.#packets.set(number, packet)
    return packet
  }

  /** Packets `from` to `to` come, all but those that are lost. */
  take(from: number, to: number, lost: readonly number[] = []): this {
    for (let number = from; number <= to; number++) {
      if (!lost.includes(number)) this.attack.send(this.packet(number))
    }
    return this
  }

  sum(row: number, last: number): Uint8Array {
    const sum = new Uint8Array(100)
    for (let number = blockOf(last); number <= last; number++) {
      addProduct(sum, symbolOf(this.packet(number)), coefficient(row, number - blockOf(last)))
    }
    return sum
  }

  parity(row: number, last: number, sum = this.sum(row, last)): this {
    this.attack.send(this.publisher.parity(1, { row, last }, sum))
    return this
  }

  #tell(record: Parameters<typeof controlBytes>[0]): void {
    this.attack.send(this.publisher.control(controlBytes(record)))
  }
}

describe('parity', () => {
  it.each([false, true])('gives back what was lost, in order (in an open realm: %s)', (open) => {
    const world = new Mending({ open }).take(1, 64, [3, 40])
    expect(world.delivered).toBe(2)
    expect(world.parity(5, 64).delivered).toBe(2)
    expect(world.parity(9, 64).delivered).toBe(64)
    expect(world.counts('packetsMended', 'forged', 'malformed', 'naksSent')).toEqual([2, 0, 0, 0])
  })

  it('of the beginning of a block mends what is missing there, and more of it the rest', () => {
    const world = new Mending().take(1, 12, [4]).parity(0, 12)
    expect(world.delivered).toBe(12)
    expect(world.take(13, 40, [20, 33]).parity(1, 30).delivered).toBe(32)
    expect(world.parity(2, 40).delivered).toBe(40)
  })

  it('shows and mends the loss of the last packets', () => {
    const world = new Mending().take(1, 64, [63, 64]).parity(0, 64).parity(1, 64)
    expect(world.delivered).toBe(64)
  })

  it('is asked for when it does not come', () => {
    const world = new Mending().take(1, 64, [3, 40]).parity(5, 64)
    world.attack.wait(40)
    expect(world.counts('naksSent')[0]).toBeGreaterThan(0)
    expect(world.parity(6, 64).delivered).toBe(64)
  })

  it('is spared its cryptography when it is of no use: seen, past, too far ahead', () => {
    const world = new Mending().take(1, 70, [3])
    const junk = new Uint8Array(50)
    world
      .parity(0, 64)
      .parity(0, 64, junk)
      .parity(1, 64, junk)
      .parity(0, 2 ** 48 - 1, junk)
    expect(world.counts('paritySpare', 'forged')).toEqual([3, 0])
    expect(world.parity(0, 70).counts('paritySpare')).toEqual([4])
    expect(world.delivered).toBe(70)
  })
})

describe('what is no parity', () => {
  it('is dropped and counted: numbers and rows that there are not, and too few bytes', () => {
    const world = new Mending().take(1, 10, [3])
    world.parity(0, 0, new Uint8Array(9)).parity(192, 10).parity(255, 10)
    world.parity(0, 10, new Uint8Array(2))
    expect(world.counts('malformed', 'packetsMended')).toEqual([4, 0])
    expect(world.parity(0, 10).delivered).toBe(10)
  })

  it('was not made by the publisher', () => {
    const world = new Mending().take(1, 10, [3])
    const forged = world.publisher.parity(1, { row: 0, last: 10 }, world.sum(0, 10))
    forged[40]! ^= 1
    world.attack.send(forged)
    expect(world.counts('forged', 'packetsMended')).toEqual([1, 0])
    expect(world.parity(0, 10).delivered).toBe(10)
  })

  it('belongs to a stream that nobody wants, or whose order is not kept', () => {
    const world = new Mending()
    world.attack.send(world.publisher.parity(9, { row: 0, last: 64 }, new Uint8Array(60)))
    world.attack.send(world.attack.stranger().parity(1, { row: 0, last: 64 }, new Uint8Array(60)))
    expect(world.counts('uninterested', 'quarantineExpired')).toEqual([2, 0])
    const other = new Mending({ mode: 1 }).take(1, 10, [3]).parity(0, 10)
    expect(other.counts('packetsMended', 'paritySpare')).toEqual([0, 1])
  })
})

describe('a publisher that lies in its parity', () => {
  it('is not believed again for a while, and the packets are asked for themselves', () => {
    const world = new Mending().take(1, 64, [3, 40])
    world.parity(0, 64, new Uint8Array(100).fill(7)).parity(1, 64)
    expect(world.counts('parityForged', 'packetsMended')).toEqual([1, 0])
    // True rows do not help any more, packets do.
    world.parity(2, 64).parity(3, 64)
    expect(world.delivered).toBe(2)
    world.attack.send(world.packet(3)).send(world.packet(40))
    expect(world.delivered).toBe(64)
  })
})

describe('blocks that are kept', () => {
  it('are bounded in bytes: what does not fit is asked for itself', () => {
    const world = new Mending({ limits: { blocksSize: 4000 } }).take(1, 64, [3])
    expect(world.counts('blocksFull')[0]).toBeGreaterThan(0)
    expect(world.parity(0, 64).delivered).toBe(2)
    world.attack.wait(40).send(world.packet(3))
    expect(world.delivered).toBe(64)
  })

  it('leave room for others when they have come', () => {
    const world = new Mending({ limits: { blocksSize: 16_000 } })
    for (let base = 1; base < 1000; base += 64)
      world.take(base, base + 63, [base + 5]).parity(0, base + 63)
    expect(world.delivered).toBe(1024)
    expect(world.counts('blocksFull', 'packetsMended')).toEqual([0, 16])
  })
})
