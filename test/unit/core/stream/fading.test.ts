/** Messages that expire: what leaves of them, what receivers hand out, and what they report. */
import { describe, expect, it } from 'vitest'
import { VOID } from '../../../../bus/core/stream/messages.ts'
import { SenderStream } from '../../../../bus/core/stream/sender.ts'
import { Writer } from '../../../../bus/core/wire/cursor.ts'
import { BODY_OFFSET } from '../../../../bus/core/wire/packet.ts'
import { readRecords, writePrefix, writeRecord } from '../../../../bus/core/wire/record.ts'
import { receiving } from './receiving.ts'

interface Sealed {
  readonly number: number
  readonly body: Uint8Array
}

function sending(bodySize = 1190): { stream: SenderStream; sealed: Sealed[] } {
  const sealed: Sealed[] = []
  const stream = new SenderStream(0, 0, {
    stream: 1,
    topic: 'a',
    segments: ['a'],
    tag: 1n,
    group: 'g',
    delivery: 'reliable',
    packetSize: bodySize + BODY_OFFSET,
    bodySize,
    seal: (_flags, number, body) => {
      sealed.push({ number, body: body.slice() })
      return new Uint8Array(BODY_OFFSET + body.length)
    },
  })
  return { stream, sealed }
}

const message = (expiresAt?: number, size = 10) => {
  return { codec: 0, payload: new Uint8Array(size), expiresAt }
}

/** Lives of the records of a body; `-` for one that never expires. */
const livesOf = ({ body }: Sealed): string =>
  readRecords(body)!
    .records.map(({ lifeMs }) => lifeMs ?? '-')
    .join(' ')

/** A body of messages with these lives. */
function bodyOf(index: number, ...lives: (number | undefined)[]): Uint8Array {
  const writer = new Writer(200)
  writePrefix(writer, index, 1)
  for (const life of lives) writeRecord(writer, 0, new Uint8Array(1), { lifeMs: life })
  return writer.written
}

describe('a stream whose messages expire', () => {
  it('tells how long each is still of use when its packet leaves', () => {
    const { stream, sealed } = sending()
    for (const at of [100, 150, 200]) stream.publish(0, 1, message(at))
    stream.flush()
    expect(sealed).toEqual([])
    expect(stream.peek(40)).toBeDefined()
    expect(sealed.map(livesOf)).toEqual(['60 110 160'])
    expect([stream.takeExpired(), stream.waiting > 0]).toEqual([0, true])
    stream.advance(40)
    expect(stream.waiting).toBe(0)
  })

  it('leaves the place of one that has expired empty', () => {
    const { stream, sealed } = sending()
    for (const at of [30, 60, 50]) stream.publish(0, 1, message(at))
    stream.flush()
    stream.peek(50)
    expect(sealed.map(livesOf)).toEqual(['0 10 0'])
    expect(readRecords(sealed[0]!.body)!.records[0]!.payload).toHaveLength(0)
    expect(stream.takeExpired()).toBe(2)
  })

  it('shares no packet with what lives more than twice as long, or for ever', () => {
    const { stream, sealed } = sending()
    for (const at of [100, 200, 201, undefined, 300]) stream.publish(0, 1, message(at))
    stream.flush()
    while (stream.peek(0)) stream.advance(0)
    expect(sealed.map(livesOf)).toEqual(['100 200', '201', '-', '300'])
    expect([1, 2, 3, 4].map((number) => stream.history.get(number)!.expiresAt)).toEqual([
      200,
      201,
      undefined,
      300,
    ])
  })

  it('sends no packet of what has expired altogether, and says soon how far it is', () => {
    const { stream, sealed } = sending()
    stream.publish(0, 1, message(10))
    stream.publish(0, 1, message(20))
    stream.flush()
    expect([stream.peek(20), sealed.length, stream.waiting]).toEqual([undefined, 0, 0])
    expect([stream.pending, stream.takeExpired(), stream.beat.at]).toEqual([false, 2, 60])
    expect(stream.indexAt(1)).toBe(2)
    stream.publish(30, 1, message())
    stream.flush()
    stream.peek(30)
    expect([sealed.map(({ number }) => number), readRecords(sealed[0]!.body)!.index]).toEqual([
      [1],
      2,
    ])
  })

  it('stops in the middle of a large message', () => {
    const { stream, sealed } = sending(200)
    stream.publish(0, 1, message(100, 1000))
    stream.publish(0, 1, message(undefined, 20))
    stream.flush()
    for (const now of [0, 50]) if (stream.peek(now)) stream.advance(now)
    stream.peek(100)
    expect([sealed.length, stream.takeExpired()]).toEqual([3, 1])
    expect(readRecords(sealed[2]!.body)!.index).toBe(1)
    stream.advance(100)
    expect([stream.waiting, stream.pending]).toEqual([0, false])
  })
})

describe('a receiver', () => {
  it('does not hand out what has waited behind a missing packet for too long', () => {
    const world = receiving()
    world.start()
    world.raw(2, bodyOf(1, 100, undefined, 300), 0)
    world.raw(1, bodyOf(0, undefined), 150)
    expect(world.log()).toEqual(['0', 'gap 1-1 expired', '2', '3'])
    expect(world.receiver.options.tally.lost).toBe(0)
  })

  it('counts the life of a repaired packet from when it was missed', () => {
    const world = receiving()
    world.start()
    world.raw(2, bodyOf(1, undefined), 10)
    world.raw(1, bodyOf(0, 100), 110)
    expect(world.log()).toEqual(['gap 0-0 expired', '1'])
  })

  it('reports as expired a large message whose first part is not sent again', () => {
    const world = receiving()
    world.start()
    world.raw(1, bodyOf(0, undefined))
    world.fragment(4, { offset: 10, size: 10, totalSize: 30, index: 2 })
    world.receiver.accept(1, 2, VOID)
    world.receiver.accept(1, 3, VOID)
    world.raw(5, bodyOf(3, undefined))
    expect(world.log()).toEqual(['0', 'gap 1-1 expired', 'gap 2-2 expired', '3'])
  })

  it('reports as expired what is in no packet, and what is not sent again', () => {
    const world = receiving()
    world.start()
    world.raw(1, bodyOf(3, undefined), 0)
    expect(world.log()).toEqual(['gap 0-2 expired', '3'])
    world.raw(3, bodyOf(7, undefined), 0)
    world.receiver.accept(1, 2, VOID)
    expect(world.log()).toEqual(['gap 4-6 expired', '7'])
    world.receiver.heartbeat(2, 3, 10)
    expect(world.log()).toEqual(['gap 8-9 expired'])
    expect([world.metrics.get('messagesExpired'), world.metrics.get('messagesLost')]).toEqual([
      8, 0,
    ])
  })
})
