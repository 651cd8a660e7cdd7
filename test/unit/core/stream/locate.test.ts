/** Where a late subscriber begins: found by number, by time, and beside what is forgotten. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SenderStream } from '../../../../bus/core/stream/sender.ts'
import { BODY_OFFSET, Flag } from '../../../../bus/core/wire/packet.ts'
import { readFragment, readRecords } from '../../../../bus/core/wire/record.ts'
import { receiving } from './receiving.ts'

/** A stream whose packets hold a few small messages, or a part of a large one. */
function stream() {
  const messages: number[][] = []
  const sender = new SenderStream(0, 0, {
    stream: 1,
    topic: 'a',
    segments: ['a'],
    tag: 1n,
    group: 'g',
    delivery: 'reliable',
    packetSize: 100 + BODY_OFFSET,
    bodySize: 100,
    seal: (flags, number, body) => {
      if (flags & Flag.fragment) messages[number] = [readFragment(body)!.index]
      else {
        const { index, records } = readRecords(body)!
        messages[number] = records.map((_, i) => index + i)
      }
      return new Uint8Array(BODY_OFFSET + body.length)
    },
  })
  const publish = (at: number, size: number): void => {
    sender.publish(at, at, { codec: 0, payload: new Uint8Array(size) })
  }
  const leave = (at: number): void => {
    sender.flush()
    while (sender.peek(0)) sender.advance(at)
  }
  return { sender, publish, leave, messages }
}

describe('a place in a stream', () => {
  it('is the packet of the first message wanted that is wholly there, whatever was forgotten', () => {
    const step = fc.oneof(
      fc.record({ size: fc.constantFrom(5, 20, 150, 400) }),
      fc.constant('leave' as const),
      fc.constant('forget' as const),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.nat(30), (steps, back) => {
        const { sender, publish, leave, messages } = stream()
        for (const [at, one] of steps.entries()) {
          if (typeof one === 'object') publish(at, one.size)
          else if (one === 'leave') leave(at)
          else if (sender.history.first <= sender.sent) sender.history.forget()
        }
        const { start, wanted, index } = sender.locate(Infinity, back)
        expect(wanted).toBe(Math.max(0, sender.index - back))
        const { first, next } = sender.history
        const gone = new Set(messages.slice(0, first).flat())
        const there = messages
          .slice(first)
          .flat()
          .filter((i) => i >= wanted && !gone.has(i))
        const expected = Math.min(...there, Math.max(wanted, sender.indexAt(next)))
        expect(index).toBe(expected)
        const holder = messages.findIndex((held) => held?.includes(index))
        expect(start).toBe(holder < 0 ? next : holder)
      }),
    )
  })

  it('by time is the first message that is not older', () => {
    const { sender, publish, leave } = stream()
    for (const at of [10, 20, 30]) {
      for (let i = 0; i < 3; i++) publish(at, 5)
      leave(at)
    }
    publish(40, 5)
    const wanted = [0, 10, 11, 30, 31, 40, 41].map((at) => sender.locate(at, 0).wanted)
    expect(wanted).toEqual([0, 0, 3, 6, 9, 9, 10])
    expect(sender.locate(30, 2)).toEqual({ start: 2, wanted: 4, index: 4 })
  })

  it('by time is told where messages are forgotten that are younger', () => {
    const { sender, publish, leave } = stream()
    for (let at = 0; at < 200; at += 20) {
      publish(at, 5)
      leave(at)
    }
    for (let i = 0; i < 6; i++) sender.history.forget()
    expect(sender.locate(130, 0)).toEqual({ start: 8, wanted: 7, index: 7 })
    expect(sender.locate(65, 0)).toEqual({ start: 7, wanted: 3, index: 6 })
    expect(sender.locate(65, 2)).toEqual({ start: 7, wanted: 1, index: 6 })
    expect(sender.locate(-5, 0)).toEqual({ start: 7, wanted: 0, index: 6 })
  })
})

describe('a receiver that begins within a packet', () => {
  it('is told what is gone, and given nothing that it did not ask for', () => {
    const world = receiving({ perPacket: 10 })
    world.receiver.start(0, 2, 13, 11)
    expect(world.log()).toEqual(['gap 11-12 history'])
    world.receiver.catchUp(0, 3, 30)
    expect(world.take(2).log()).toEqual(['13', '14', '15', '16', '17', '18', '19'])
    expect(world.take(3).indices()).toEqual(Array.from({ length: 19 }, (_, i) => 11 + i))
  })

  it('knows from the answer alone what its publisher takes along when it goes', () => {
    const world = receiving({ perPacket: 10 })
    world.receiver.start(0, 2, 13)
    world.receiver.catchUp(0, 4, 38)
    world.take(2).log()
    world.receiver.end(0)
    expect(world.log()).toEqual(['gap 20-37 publisher-gone'])
  })

  it('does not give up what was there before as long as some of it comes', () => {
    const world = receiving({ repairAge: 100 })
    world.receiver.start(0, 1, 0)
    world.receiver.catchUp(0, 10, 10)
    for (let i = 1; i < 10; i++) {
      world.take(10 - i + 1, i * 60)
      world.receiver.expire(i * 60)
    }
    expect(world.log()).toEqual([])
    world.receiver.expire(9 * 60 + 99)
    expect(world.log()).toEqual([])
    world.receiver.expire(9 * 60 + 100)
    expect(world.log()[0]).toBe('gap 0-0 network')
  })
})
