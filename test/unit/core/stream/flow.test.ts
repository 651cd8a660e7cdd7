/** Flow control: how far ahead of its receivers a stream may be, and who stops counting. */
import { describe, expect, it } from 'vitest'
import { Flow } from '../../../../bus/core/stream/flow.ts'

const PATIENCE = 5000

function world() {
  let dropped = 0
  let number = 0
  const flow = new Flow({
    windowSize: 1000,
    windowMessages: 20,
    patience: PATIENCE,
    floor: 100,
    dropped: () => (dropped += 1),
  })
  return {
    flow,
    get dropped() {
      return dropped
    },
    /** Sends packets of 100 bytes as long as they may leave; how many that were. */
    send: (now: number, { size = 100, messages = 1 } = {}): number => {
      let count = 0
      while (count < 100 && flow.mayLeave(now, size, messages) <= now) {
        flow.sent(now, size, messages)
        number += 1
        count += 1
      }
      return count
    },
    get number() {
      return number
    },
  }
}

describe('flow control', () => {
  it('holds back nothing while nobody counts', () => {
    const { flow, send } = world()
    expect(send(0)).toBe(100)
    flow.hear(0, 1n, 101)
    expect([flow.count, send(1)]).toEqual([1, 10])
  })

  it('lets a window of bytes, or of messages, be sent beyond the slowest cursor', () => {
    const { flow, send } = world()
    flow.hear(0, 1n, 1)
    flow.hear(0, 2n, 1)
    expect(send(0)).toBe(10)
    flow.hear(1, 1n, 11)
    expect(send(1)).toBe(0)
    flow.hear(2, 2n, 4)
    expect(send(2)).toBe(3)
    for (const one of [1n, 2n]) flow.hear(3, one, 14)
    expect(send(3, { size: 1, messages: 7 })).toBe(2)
  })

  it('lets one packet pass, however large, when all else has been taken', () => {
    const { flow, send } = world()
    flow.hear(0, 1n, 1)
    expect(send(0, { size: 5000, messages: 90 })).toBe(1)
    flow.hear(1, 1n, 2)
    expect(send(1, { size: 5000, messages: 90 })).toBe(1)
  })

  it('waits for one that is slow and says so', () => {
    const { flow, send } = world()
    flow.hear(0, 1n, 1)
    send(0)
    for (let now = 200; now < PATIENCE; now += 200) {
      flow.hear(now, 1n, 1)
      expect(send(now)).toBe(0)
    }
    flow.hear(4990, 1n, 2)
    expect([send(4990), send(5900)]).toEqual([1, 0])
  })

  it('goes on at the floor past one that is silent, and without it after its patience', () => {
    const world_ = world()
    const { flow, send } = world_
    flow.hear(0, 1n, 1)
    expect([send(0), send(999)]).toEqual([10, 0])
    let sent = 0
    for (let now = 1000; now < PATIENCE; now += 10) sent += send(now)
    // A packet a second, whatever has been sent before.
    expect([3, 4, 5]).toContain(sent)
    expect([world_.dropped, flow.count]).toEqual([0, 1])
    expect(send(PATIENCE)).toBe(100)
    expect([world_.dropped, flow.count]).toEqual([1, 0])
  })

  it('blames nobody for the time in which the publisher stood still', () => {
    const { flow, send } = world()
    flow.hear(0, 1n, 1)
    send(0)
    flow.forgive(3000)
    expect([send(3900), flow.count]).toEqual([0, 1])
    expect(send(4000)).toBe(1)
    flow.forgive(3000)
    send(7900)
    expect(flow.count).toBe(1)
  })

  it('says when to look again', () => {
    const { flow, send } = world()
    flow.hear(0, 1n, 1)
    send(0)
    expect(flow.mayLeave(0, 100, 1)).toBe(1000)
    flow.hear(600, 1n, 1)
    expect(flow.mayLeave(600, 100, 1)).toBe(1600)
    flow.hear(4500, 1n, 1)
    expect(flow.mayLeave(4500, 100, 1)).toBe(PATIENCE)
  })

  it('counts nobody who is far behind, until it has caught up', () => {
    const world_ = world()
    const { flow, send } = world_
    flow.hear(0, 1n, 1)
    send(0)
    flow.hear(1, 1n, 11)
    send(1)
    flow.hear(2, 2n, 3)
    expect(flow.count).toBe(1)
    flow.hear(3, 2n, 12)
    flow.hear(4, 1n, 21)
    expect([flow.count, send(4)]).toEqual([2, 1])
  })

  it('does not wait for who has left, and believes nobody who is ahead of it', () => {
    const { flow, send } = world()
    flow.hear(0, 1n, 1)
    flow.hear(0, 2n, 1)
    send(0)
    flow.hear(1, 1n, 1_000_000)
    expect(send(1)).toBe(0)
    flow.forget(2n)
    expect(send(2)).toBe(10)
  })
})
