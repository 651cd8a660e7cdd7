/** How a publisher sends parity: in answer to several receivers, and unasked behind full blocks. */
import { describe, expect, it } from 'vitest'
import type { Row } from '../../../../bus/core/stream/erasure.ts'
import { solve } from '../../../../bus/core/stream/erasure.ts'
import { bodyOf, Kind, readHeader } from '../../../../bus/core/wire/packet.ts'
import { BLOCK, packetOf, symbolOf } from '../../../../bus/core/wire/parity.ts'
import { Answering, range } from '../answering.ts'

const ask = { parity: true } as const

/** A world in which so many packets have left, and nothing has been looked at. */
function sent(count: number, setup: ConstructorParameters<typeof Answering>[0] = {}): Answering {
  const world = new Answering(setup).publish(count)
  world.log()
  return world
}

describe('a question that parity answers', () => {
  it('brings as many rows as the asker lacks, to the group', () => {
    expect(sent(BLOCK).ask(1, [3, 9], ask).log()).toEqual([
      'row 0 up to 64 to group',
      'row 1 up to 64 to group',
    ])
  })

  it('brings no more for those who lack as many or fewer, and the rest to who lacks more', () => {
    const world = sent(BLOCK).ask(1, [3, 9], ask)
    world.log()
    expect(world.ask(2, [5, 40], ask).ask(2, [7], ask).log()).toEqual([])
    expect(world.ask(2, [5, 40, 41], ask).log()).toEqual(['row 2 up to 64 to group'])
  })

  it('brings further rows when it is asked again', () => {
    const world = sent(BLOCK).ask(1, [3], ask).wait(50)
    world.log()
    expect(world.ask(1, [3], ask).log()).toEqual(['row 1 up to 64 to group'])
  })

  it('is answered for each block by itself, as far as packets have been sent', () => {
    expect(sent(70).ask(1, [3, 66, 70, 71, 90], ask).log()).toEqual([
      'row 0 up to 64 to group',
      'row 0 up to 70 to group',
      'row 1 up to 70 to group',
    ])
  })

  it('is answered with the packets when it is solo, and when the block is not kept', () => {
    expect(sent(BLOCK).ask(1, [3], { parity: true, solo: true }).log()).toEqual(['3 to 1'])
    const world = sent(BLOCK, { limits: { historySize: 5000 } })
    expect(world.ask(1, [60, 61], ask).log()).toEqual(['60 to group', '61 to group'])
  })

  it('is answered with the packets when there are no more rows', () => {
    const world = sent(BLOCK)
    for (let asked = 0; asked < 6; asked++) world.ask(1, range(1, 32), ask).wait(50)
    expect(world.parity).toHaveLength(192)
    world.log()
    expect(world.ask(1, [1, 2], ask).log()).toEqual(['1 to group', '2 to group'])
  })

  it('takes of the share that one asker has', () => {
    const world = sent(BLOCK, { rate: 40_000, attached: 3 })
    for (let asked = 0; asked < 4; asked++) world.ask(1, range(1, 32), ask).wait(1)
    expect(world.count('repairBudget')).toBeGreaterThan(0)
    expect(world.parity.length).toBeLessThan(20)
  })
})

describe('parity', () => {
  it('gives back what was sent, to the last byte', () => {
    const world = new Answering().publish(20, { size: 50 }).publish(44, { size: 300 })
    world.ask(1, [3, 30], ask)
    const rows = world.parity.map((packet): Row => {
      const { flags, number } = readHeader(packet)
      return { row: flags, count: number, sum: bodyOf(packet) }
    })
    const packets = world.data.map(({ datagram }) => datagram)
    const [third, other] = solve(rows, [2, 29], (place) => symbolOf(packets[place]!))!
    const header = readHeader(world.parity[0]!)
    expect(header).toMatchObject({ kind: Kind.parity, stream: 1, number: 64 })
    expect(packetOf(header, 3, third!)).toEqual(packets[2])
    expect(packetOf(header, 30, other!)).toEqual(packets[29])
  })

  it('is no larger than a packet may be, where its stream has the largest', () => {
    const world = new Answering()
    for (let size = 1160; size < 1200; size++) world.publish(1, { size })
    world.publish(1, { size: 5000 }).ask(1, [1], ask)
    const largest = Math.max(...world.data.map(({ datagram }) => datagram.length))
    // In a sealed realm 16 bytes more: a tag in another one.
    expect(largest).toBeGreaterThan(1210)
    expect(world.parity[0]).toHaveLength(largest + 3)
    expect(largest + 3).toBeLessThanOrEqual(1232)
  })
})

describe('parity that nobody asks for', () => {
  /** Blocks of which somebody lacks so many symbols. */
  function lossy(world: Answering, blocks: number, lacks: number): void {
    for (let block = 0; block < blocks; block++) {
      world.publish(BLOCK)
      const base = world.data.length - BLOCK + 1
      if (lacks > 0) world.ask(1, range(base, base + lacks - 1), ask)
      world.wait(100)
    }
  }

  it('leaves behind each full block once blocks have lacked, and ceases when they do not', () => {
    const world = new Answering()
    lossy(world, 1, 0)
    expect(world.parity).toEqual([])
    lossy(world, 12, 4)
    world.log()
    world.publish(BLOCK)
    expect(world.log().filter((word) => word.startsWith('row'))).not.toEqual([])
    lossy(world, 12, 0)
    const before = world.parity.length
    lossy(world, 3, 0)
    expect(world.parity).toHaveLength(before)
  })

  it('never leaves for a single receiver', () => {
    const world = new Answering({ attached: 1 })
    lossy(world, 8, 4)
    world.log()
    world.publish(BLOCK)
    expect(world.log().filter((word) => word.startsWith('row'))).toEqual([])
  })
})
