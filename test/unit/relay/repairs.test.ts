/** What a relay answers from the packets that it has brought to a segment, and what it passes on. */
import { beforeEach, describe, expect, it } from 'vitest'
import { concat } from '../../../bus/core/bytes.ts'
import { NakFlag } from '../../../bus/core/wire/nak.ts'
import type { BridgeOutput } from '../../../relay/bridge-output.ts'
import type { RelayLimits } from '../../../relay/limits.ts'
import { controlBytes } from '../core/wire/any.ts'
import { at, group, Member } from './carrying.ts'
import { Crossroads, control } from './crossroads.ts'

const { solo, proof, copy } = NakFlag

/** A publisher on segment `a`, and one on `b` who wants its topic and has lost something. */
class Losing extends Crossroads {
  readonly publisher = new Member(1)
  readonly asker = new Member(2)

  constructor(limits: Partial<RelayLimits> = {}) {
    super(limits)
    this.hears('a', this.publisher.hello())
    this.hears('b', this.asker.hello(), { from: at(2) })
    this.hears('b', this.asker.interest([group(1)]), { from: at(2) })
  }

  /** Packets that reach segment `b` by the relay. */
  brings(...numbers: readonly number[]): Uint8Array[] {
    return numbers.map((number) => {
      const packet = this.publisher.data(number)
      this.hears('a', packet, { to: group(1) })
      return packet
    })
  }

  /** What follows when the one on `b` asks, at the port that the relay holds for the publisher. */
  asks(bytes: Uint8Array): BridgeOutput[] {
    this.bridge.fromPort(this.now, this.publisher.port, { bytes, from: at(2), face: 'b' })
    return this.wants()
  }

  nak(numbers: readonly number[], flags: number = solo): BridgeOutput[] {
    return this.asks(this.asker.nak(this.publisher, numbers, flags))
  }
}

/** The question has gone on to the publisher, and nothing else has happened. */
function passed(outputs: readonly BridgeOutput[]): boolean {
  const [one] = outputs
  return outputs.length === 1 && one?.type === 'unicast' && one.to.address === at(1).address
}

describe('a question for what has crossed', () => {
  let world: Losing
  beforeEach(() => {
    world = new Losing()
  })

  it('is answered to the asker, and goes no further', () => {
    const [, two, three] = world.brings(1, 2, 3, 4)
    const to = { address: at(2).address, port: world.asker.port }
    expect(world.nak([2, 3])).toEqual([
      { type: 'unicast', port: 1, to, datagram: two },
      { type: 'unicast', port: 1, to, datagram: three },
    ])
    expect(world.counted()).toMatchObject({ naksAnswered: 1, repairsSent: 2 })
  })

  it('is answered to the group of its segment alone where others have heard it', () => {
    const [one] = world.brings(1)
    expect(world.nak([1], 0)).toEqual([
      { type: 'multicast', face: 'b', group: group(1), datagram: one },
    ])
  })

  it('goes on where one of the packets is not at hand, whole', () => {
    world.brings(1, 3)
    expect(passed(world.nak([1, 2, 3]))).toBe(true)
    expect(world.counted()).not.toHaveProperty('naksAnswered')
  })

  it('goes on the second time: what was given may be an outsider’s', () => {
    world.brings(1, 2)
    expect(passed(world.nak([1]))).toBe(false)
    expect(passed(world.nak([1]))).toBe(true)
    expect(passed(world.nak([1, 2]))).toBe(true)
    expect(passed(world.nak([2]))).toBe(false)
  })

  it('is answered to each who asks', () => {
    world.brings(1)
    const other = new Member(3)
    world.hears('b', other.hello(), { from: at(3) })
    expect(passed(world.nak([1]))).toBe(false)
    const to = { address: at(3).address, port: other.port }
    expect(world.asks(other.nak(world.publisher, [1], solo))).toMatchObject([{ to }])
  })

  it('goes on when it is a recording, or older than what was heard of its asker', () => {
    world.brings(1, 2)
    const question = world.asker.nak(world.publisher, [1], solo)
    const older = world.asker.nak(world.publisher, [2], solo)
    expect(passed(world.asks(question))).toBe(false)
    expect(passed(world.asks(question))).toBe(true)
    world.hears('b', world.asker.control(), { from: at(2) })
    expect(passed(world.asks(older))).toBe(true)
  })

  it('goes on when it asks for a proof, is a copy, or comes with something else', () => {
    world.brings(1, 2, 3)
    expect(passed(world.nak([1], solo | proof))).toBe(true)
    expect(passed(world.nak([1], copy))).toBe(true)
    const beacon = controlBytes({ type: 'beacon', intervalMs: 500, streamCount: 0 })
    const both = concat(world.asker.question(world.publisher, [1], solo), beacon)
    expect(passed(world.asks(world.asker.says(both)))).toBe(true)
    expect(passed(world.nak([1]))).toBe(false)
  })

  it('goes on when it is for more than a few packets', () => {
    const numbers = Array.from({ length: 65 }, (_, at) => at + 1)
    world.brings(...numbers)
    expect(passed(world.nak(numbers))).toBe(true)
    expect(passed(world.nak(numbers.slice(1)))).toBe(false)
  })

  it('is not answered where the asker is not, nor for what has crossed nowhere', () => {
    world.brings(1)
    world.crosses('a', world.publisher.data(2), { to: group(2) })
    expect(passed(world.nak([2]))).toBe(true)
    const bytes = world.asker.nak(world.publisher, [1], solo)
    world.bridge.fromPort(world.now, world.publisher.port, { bytes, from: at(2), face: 'c' })
    expect(passed(world.wants())).toBe(true)
  })
})

describe('what is kept', () => {
  it('is bounded by size, and by age', () => {
    const world = new Losing({ cacheSize: 1000, cacheAge: 2000 })
    world.brings(1, 2, 3, 4, 5)
    expect(world.counters.get('cacheEvicted')).toBeGreaterThan(0)
    expect(passed(world.nak([1]))).toBe(true)
    expect(passed(world.nak([5]))).toBe(false)
    world.ticks(2000)
    expect(passed(world.nak([4]))).toBe(true)
  })

  it('is nothing where nothing may be', () => {
    const world = new Losing({ cacheSize: 0 })
    world.brings(1)
    expect(passed(world.nak([1]))).toBe(true)
  })

  it('is sent again so many times a second, half of them for one peer', () => {
    const world = new Losing({ repairs: 4 })
    world.brings(1, 2, 3)
    expect(passed(world.nak([1, 2]))).toBe(false)
    expect(passed(world.nak([3]))).toBe(true)
    expect(world.counted()).toMatchObject({ repairsFull: 1, repairsSent: 2 })
    world.now += 1000
    expect(passed(world.nak([3]))).toBe(false)
  })

  it('comes from links as well, for segments', () => {
    const world = new Losing()
    world.bridge.opened(9)
    const member = new Member(4, 9)
    world.bridge.fromLink(world.now, 9, {
      type: 'multicast',
      group: control,
      datagram: member.hello(),
    })
    const datagram = member.data(1)
    world.bridge.fromLink(world.now, 9, { type: 'multicast', group: group(1), datagram })
    world.wants()
    const bytes = world.asker.nak(member, [1], solo)
    world.bridge.fromPort(world.now, 9, { bytes, from: at(2), face: 'b' })
    expect(world.wants()).toMatchObject([{ type: 'unicast', datagram }])
  })
})
