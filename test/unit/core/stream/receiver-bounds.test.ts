/** The receiver's bounds, its other delivery modes, its fragments, and its end. */
import { describe, expect, it } from 'vitest'
import { REPAIR_AGE, receiving } from './receiving.ts'

describe('the bounds of a receiver', () => {
  it('let as many packets wait as the limit says, and drop the newest for one more', () => {
    const world = receiving({ reorderPackets: 4 })
    world.start()
    world.take(2).take(3).take(4).take(5)
    expect([world.receiver.early, world.metrics.get('reorderFull')]).toEqual([4, 0])
    world.take(6)
    expect([world.receiver.early, world.metrics.get('reorderFull')]).toEqual([4, 1])
    expect(world.log()).toEqual([])
    expect(world.take(1).log()).toEqual(['0', '1', '2', '3', '4'])
    expect(world.take(6).log()).toEqual(['5'])
  })

  it('take a packet as far ahead as the limit says and none one further', () => {
    const world = receiving({ reorderPackets: 4 })
    world.start()
    expect([world.take(6).receiver.early, world.metrics.get('reorderFull')]).toEqual([0, 1])
    expect([world.take(5).receiver.early, world.metrics.get('reorderFull')]).toEqual([1, 1])
  })

  it('make a packet 2^40 ahead no reason to give up a single message', () => {
    const world = receiving({ reorderPackets: 4 })
    world.start()
    world.take(1).take(2 ** 40)
    expect(world.log()).toEqual(['0'])
    expect([world.receiver.next, world.metrics.get('reorderFull')]).toEqual([2, 1])
    // It shows that others are missing, and those are asked for that there would be room for.
    expect(world.receiver.ask(1)).toMatchObject({
      first: 2,
      missing: Uint8Array.of(0b1111_1000),
    })
    expect(world.take(2).take(3).log()).toEqual(['1', '2'])
  })

  it('ask for nothing of a best-effort stream, however far its numbers jump', () => {
    const world = receiving({ delivery: 'best-effort' })
    world.take(2 ** 32).receiver.heartbeat(0, 2 ** 33, 9)
    expect([world.receiver.deadline, world.receiver.ask(1e9)]).toEqual([Infinity, undefined])
  })

  it('drop the newest packet when the bytes of all streams are used up', () => {
    const world = receiving({ budgetSize: 2 * (256 + 11) })
    world.start()
    world.take(2).take(3)
    expect(world.take(5).log()).toEqual([])
    expect([world.receiver.early, world.metrics.get('reorderFull')]).toEqual([2, 1])
    expect(world.take(1).log()).toEqual(['0', '1', '2'])
    expect(world.take(4).take(5).log()).toEqual(['3', '4'])
  })

  it('let the packet that is next pass, however full everything is', () => {
    const world = receiving({ budgetSize: 1 })
    world.start()
    expect(world.take(2).take(1).take(2).log()).toEqual(['0', '1'])
  })

  it('drop packets of a stream that waits for its start once it is full', () => {
    const world = receiving({ reorderPackets: 2 })
    world.take(4).take(5).take(6)
    expect([world.receiver.early, world.metrics.get('reorderFull')]).toEqual([2, 1])
    world.receiver.startAnywhere(0)
    expect(world.log()).toEqual(['3', '4'])
  })

  it('are given back when the stream ends or nobody wants it any more', () => {
    for (const finish of ['end', 'release'] as const) {
      const world = receiving()
      world.start()
      world.fragment(1, { offset: 0, size: 10, totalSize: 30 })
      world.take(5).take(7)
      expect(world.budget.used).toBeGreaterThan(0)
      expect(world.pool.size).toBeGreaterThan(0)
      if (finish === 'end') world.receiver.end(0)
      else world.receiver.release()
      expect([world.budget.used, world.pool.size, world.receiver.deadline]).toEqual([
        0,
        0,
        Infinity,
      ])
    }
  })
})

describe('the end of a publisher', () => {
  it('delivers what waits and reports what is known to be missing', () => {
    const world = receiving()
    world.start()
    world.take(2).take(4)
    world.receiver.heartbeat(0, 6, 6)
    world.receiver.end(0)
    expect(world.log()).toEqual([
      'gap 0-0 publisher-gone',
      '1',
      'gap 2-2 publisher-gone',
      '3',
      'gap 4-5 publisher-gone',
    ])
  })

  it('reports nothing when nothing is missing', () => {
    const world = receiving()
    world.start()
    world.take(1).take(2)
    world.receiver.heartbeat(0, 2, 2)
    world.log()
    world.receiver.end(0)
    expect(world.log()).toEqual([])
  })
})

describe('fragments', () => {
  it('become one message', () => {
    const world = receiving()
    world.start()
    world.fragment(1, { offset: 0, size: 10, totalSize: 30 })
    world.fragment(3, { offset: 20, size: 10, totalSize: 30 })
    expect(world.log()).toEqual([])
    world.fragment(2, { offset: 10, size: 10, totalSize: 30 })
    expect(world.log()).toEqual(['0'])
  })

  it('with a hole are one lost message, and the next one is delivered', () => {
    const world = receiving()
    world.start()
    world.fragment(1, { offset: 0, size: 10, totalSize: 30 })
    world.fragment(3, { offset: 20, size: 10, totalSize: 30 })
    world.fragment(4, { offset: 0, size: 5, totalSize: 5, index: 1 })
    world.receiver.expire(REPAIR_AGE)
    expect(world.log()).toEqual(['gap 0-0 network', '1'])
    expect(world.pool.size).toBe(0)
  })

  it('of a message whose beginning was missed begin the stream behind it', () => {
    const world = receiving()
    world.fragment(5, { offset: 10, size: 10, totalSize: 30, index: 7 })
    world.fragment(6, { offset: 20, size: 10, totalSize: 30, index: 7 })
    world.fragment(7, { offset: 0, size: 5, totalSize: 5, index: 8 })
    world.receiver.startAnywhere(0)
    expect(world.log()).toEqual(['8'])
  })

  it('beyond the size of messages are dropped and reported', () => {
    const world = receiving({ messageSize: 20 })
    world.start()
    world.fragment(1, { offset: 0, size: 21, totalSize: 22 })
    world.fragment(2, { offset: 21, size: 1, totalSize: 22 })
    world.fragment(3, { offset: 0, size: 21, totalSize: 21, index: 1 })
    expect(world.log()).toEqual(['gap 0-0 network', '1'])
  })
})

describe('the other delivery modes', () => {
  it('deliver at once whatever is newer than what came before', () => {
    const world = receiving({ delivery: 'best-effort' })
    expect(world.take(3).take(5).take(4).log()).toEqual(['2', 'gap 3-3 network', '4'])
    expect([world.metrics.get('late'), world.receiver.early]).toEqual([1, 0])
  })

  it('report no gap when only the newest value counts', () => {
    const world = receiving({ delivery: 'latest' })
    expect(world.take(3).take(9).log()).toEqual(['2', '8'])
    expect(world.metrics.get('messagesLost')).toBe(5)
  })

  it('lose a large message with any of its fragments', () => {
    const world = receiving({ delivery: 'best-effort' })
    world.fragment(1, { offset: 0, size: 10, totalSize: 30 })
    world.fragment(3, { offset: 20, size: 10, totalSize: 30 })
    world.fragment(4, { offset: 0, size: 5, totalSize: 5, index: 1 })
    expect(world.log()).toEqual(['gap 0-0 network', '1'])
  })
})
