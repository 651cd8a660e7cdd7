/** The receiving half of a stream: order, duplicates, gaps to the message, and bounds. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { VARINT_MAX } from '../../../../bus/core/wire/varint.ts'
import { REPAIR_AGE, receiving } from './receiving.ts'

describe('a live stream', () => {
  it('delivers packets in order and each once', () => {
    const world = receiving()
    world.start()
    expect(world.take(1).take(2).log()).toEqual(['0', '1'])
    expect(world.take(2).take(1).log()).toEqual([])
    expect(world.metrics.get('duplicate')).toBe(2)
  })

  it('holds early packets back until the missing one has come', () => {
    const world = receiving()
    world.start()
    expect(world.take(3).take(2).log()).toEqual([])
    expect(world.receiver.early).toBe(2)
    expect(world.take(1).log()).toEqual(['0', '1', '2'])
    expect([world.receiver.early, world.receiver.deadline]).toEqual([0, Infinity])
  })

  it('counts a duplicate of a packet that waits', () => {
    const world = receiving()
    world.start()
    world.take(3).take(3)
    expect([world.metrics.get('duplicate'), world.receiver.early]).toEqual([1, 1])
  })

  it('gives up what stays missing when its time is over and says exactly which messages', () => {
    const world = receiving({ perPacket: 10 })
    world.start()
    world.take(1, 5).take(4, 6)
    world.log()
    world.receiver.expire(6 + REPAIR_AGE - 1)
    expect([world.log(), world.receiver.next]).toEqual([[], 2])
    world.receiver.expire(6 + REPAIR_AGE)
    expect(world.log().slice(0, 2)).toEqual(['gap 10-29 network', '30'])
    expect(world.metrics.get('messagesLost')).toBe(20)
    expect(world.receiver.deadline).toBe(Infinity)
  })

  it('waits for many missing packets at the same time, not for one after the other', () => {
    const world = receiving()
    world.start()
    for (let number = 2; number <= 20; number += 2) world.take(number, number)
    world.log()
    world.receiver.expire(20 + REPAIR_AGE)
    expect(world.log()).toHaveLength(20)
    expect(world.receiver.next).toBe(21)
  })

  it('delivers nothing of a packet that comes after it was given up', () => {
    const world = receiving()
    world.start()
    world.take(2)
    world.receiver.expire(REPAIR_AGE)
    expect(world.take(1).log()).toEqual(['gap 0-0 network', '1'])
  })

  it('reports every message once, delivered or lost, whatever comes when', () => {
    const order = fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 80 })
    fc.assert(
      fc.property(order, fc.nat(20), (numbers, expireEvery) => {
        const world = receiving({ perPacket: 3 })
        world.start()
        for (const [i, number] of numbers.entries()) {
          world.take(number, i)
          if (expireEvery > 0 && i % expireEvery === 0) world.receiver.expire(i + 1000)
        }
        world.receiver.heartbeat(100, 30, 90)
        world.receiver.expire(100 + REPAIR_AGE)
        expect(world.indices()).toEqual(Array.from({ length: 90 }, (_, i) => i))
      }),
      { numRuns: 500 },
    )
  })

  it('drops a malformed body, counts it, and finds what it held as a gap', () => {
    const world = receiving()
    world.start()
    world.raw(1, new Uint8Array(3))
    expect([world.metrics.get('malformed'), world.log()]).toEqual([1, []])
    expect(world.take(2).log()).toEqual(['gap 0-0 network', '1'])
  })
})

describe('a heartbeat', () => {
  it('shows that the last messages are missing', () => {
    const world = receiving({ perPacket: 5 })
    world.start()
    world.take(1)
    world.log()
    world.receiver.heartbeat(10, 3, 15)
    expect(world.receiver.deadline).toBe(10 + 1)
    expect(world.receiver.ask(11)).toMatchObject({ first: 2, missing: Uint8Array.of(0b1100_0000) })
    world.receiver.expire(10 + REPAIR_AGE)
    expect(world.log()).toEqual(['gap 5-14 network'])
    expect([world.receiver.next, world.receiver.deadline]).toEqual([4, Infinity])
  })

  it('that comes early costs nothing when the packets still come', () => {
    const world = receiving()
    world.start()
    world.receiver.heartbeat(0, 2, 2)
    expect(world.take(1).take(2).log()).toEqual(['0', '1'])
    expect(world.receiver.deadline).toBe(Infinity)
  })

  it('changes nothing when it is old or repeated', () => {
    const world = receiving()
    world.start()
    world.receiver.heartbeat(0, 5, 5)
    const { deadline } = world.receiver
    world.receiver.heartbeat(50, 5, 5)
    world.receiver.heartbeat(50, 2, 2)
    expect(world.receiver.deadline).toBe(deadline)
    world.receiver.expire(REPAIR_AGE)
    expect(world.log()).toEqual(['gap 0-4 network'])
    world.receiver.heartbeat(REPAIR_AGE + 10, 5, 5)
    expect([world.log(), world.receiver.deadline]).toEqual([[], Infinity])
  })

  it('reports the loss of a last message whose last fragment came', () => {
    const world = receiving()
    world.start()
    world.fragment(1, { offset: 0, size: 10, totalSize: 30 })
    world.fragment(3, { offset: 20, size: 10, totalSize: 30 })
    world.receiver.expire(REPAIR_AGE)
    expect(world.log()).toEqual([])
    world.receiver.heartbeat(500, 3, 1)
    expect(world.log()).toEqual(['gap 0-0 network'])
  })

  it('reports what was given up while its index was not known', () => {
    const world = receiving()
    world.start()
    world.receiver.catchUp(0, 3)
    world.receiver.expire(REPAIR_AGE)
    expect([world.receiver.next, world.log()]).toEqual([4, []])
    world.receiver.heartbeat(2000, 3, 3)
    expect(world.log()).toEqual(['gap 0-2 network'])
  })

  it('of the far future moves the stream by one window for each repair age', () => {
    const world = receiving({ reorderPackets: 100 })
    world.start()
    world.receiver.heartbeat(0, 2 ** 48 - 1, VARINT_MAX)
    world.receiver.expire(REPAIR_AGE)
    expect([world.receiver.next, world.log()]).toEqual([102, []])
    world.receiver.expire(2 * REPAIR_AGE - 1)
    expect(world.receiver.next).toBe(102)
    world.receiver.expire(2 * REPAIR_AGE)
    expect(world.receiver.next).toBe(203)
    // What came has its place: how much is lost before it is known then.
    expect(world.take(203).log()).toEqual(['gap 0-201 network', '202'])
  })
})

describe('a stream whose start is not known', () => {
  it('keeps packets and delivers none until it is started', () => {
    const world = receiving()
    expect(world.take(5).take(6).log()).toEqual([])
    expect([world.receiver.next, world.receiver.deadline]).toEqual([0, Infinity])
    world.receiver.start(0, 5, 4)
    expect(world.log()).toEqual(['4', '5'])
  })

  it('forgets what lies before its start', () => {
    const world = receiving()
    world.take(3).take(5)
    world.receiver.start(0, 4, 3)
    expect([world.log(), world.receiver.early]).toEqual([[], 1])
    expect(world.take(4).log()).toEqual(['3', '4'])
    expect(world.budget.used).toBe(0)
  })

  it('starts once', () => {
    const world = receiving()
    world.receiver.start(0, 4, 3)
    world.receiver.start(0, 9, 8)
    expect(world.receiver.next).toBe(4)
  })

  it('begins with the lowest packet at hand when nobody says where', () => {
    const world = receiving()
    world.take(7).take(6)
    world.receiver.startAnywhere(0)
    expect(world.log()).toEqual(['5', '6'])
  })

  it('begins with the next packet when none is at hand', () => {
    const world = receiving()
    world.receiver.startAnywhere(0)
    expect(world.receiver.next).toBe(0)
  })

  it('has no deadline, however much waits', () => {
    const world = receiving()
    for (let number = 5; number < 50; number += 2) world.take(number)
    expect(world.receiver.deadline).toBe(Infinity)
    world.receiver.expire(1e9)
    expect(world.log()).toEqual([])
  })
})

describe('an attached stream', () => {
  it('reports what the publisher no longer has', () => {
    const world = receiving()
    world.start()
    world.take(1)
    world.receiver.skipTo(0, 4, 3)
    expect(world.take(4).log()).toEqual(['0', 'gap 1-2 history', '3'])
    world.receiver.skipTo(0, 2, 1)
    expect([world.log(), world.receiver.next]).toEqual([[], 5])
  })
})
