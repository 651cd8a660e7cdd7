/** The sending half of a stream: numbers and indices, batches and fragments, what waits. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ProofOut } from '../../../../bus/core/stream/proof-out.ts'
import { SenderStream } from '../../../../bus/core/stream/sender.ts'
import { BODY_OFFSET, Flag, NUMBER_MAX } from '../../../../bus/core/wire/packet.ts'
import { Assembly, AssemblyPool } from '../../../../bus/core/stream/assembly.ts'
import { readFragment, readRecords } from '../../../../bus/core/wire/record.ts'
import type { Delivery } from '../../../../bus/core/output.ts'
import { counting, hex } from '../crypto.ts'

interface Sealed {
  readonly flags: number
  readonly number: number
  readonly body: Uint8Array
}

/** Seals by keeping the body; a packet is its body and the usual overhead. */
function world(bodySize: number, delivery: Delivery = 'reliable', proof?: ProofOut) {
  const sealed: Sealed[] = []
  const stream = new SenderStream(0, 0, {
    stream: 1,
    topic: 'a',
    segments: ['a'],
    tag: 1n,
    group: 'g',
    delivery,
    proof,
    packetSize: bodySize + BODY_OFFSET,
    bodySize,
    seal: (flags, number, body) => {
      sealed.push({ flags, number, body: body.slice() })
      return new Uint8Array(BODY_OFFSET + body.length)
    },
  })
  return { stream, sealed }
}

/** The messages of sealed packets by index, put together as a receiver would. */
function messagesOf(sealed: readonly Sealed[]): Map<number, string> {
  const messages = new Map<number, string>()
  const assembly = new Assembly(10_000_000, new AssemblyPool(10_000_000, () => undefined))
  for (const { flags, body } of sealed) {
    if (flags & Flag.fragment) {
      const fragment = readFragment(body)!
      const step = assembly.add(fragment)
      if (step.type === 'broken') throw new Error(`fragment ${fragment.offset} is broken`)
      if (step.type === 'done') messages.set(fragment.index, hex(step.record.payload))
      continue
    }
    const { index, records } = readRecords(body)!
    for (const [i, { payload }] of records.entries()) messages.set(index + i, hex(payload))
  }
  return messages
}

/** Everything that waits leaves, large messages cut on the way. */
function leave(stream: SenderStream): void {
  while (stream.peek(0)) stream.advance(0)
}

/** Checkpoints that are signed at once. */
function checkpoints(messagesMax = Infinity): ProofOut {
  return new ProofOut({
    rule: 'checkpoint',
    leavesMax: 64,
    sizeMax: Infinity,
    messagesMax,
    overhead: 0,
    seal: (_flags, _number, body) => new Uint8Array(BODY_OFFSET + body.length),
    digest: () => new Uint8Array(64),
    sign: (_digest, then) => then(0, new Uint8Array(64)),
    signed: () => undefined,
  })
}

const message = (size: number, first = 0) => ({ codec: 0, payload: counting(size, first) })

describe('SenderStream', () => {
  it('packs what one turn publishes into one packet', () => {
    const { stream, sealed } = world(1190)
    for (let i = 0; i < 10; i++) expect(stream.publish(0, 1, message(20))).toBe(i)
    expect([sealed.length, stream.pending, stream.head]).toEqual([0, false, 0])
    stream.flush()
    expect([sealed.length, stream.pending, stream.head]).toEqual([1, true, 1])
    expect(readRecords(sealed[0]!.body)).toMatchObject({ index: 0, sentAt: 1 })
    expect(readRecords(sealed[0]!.body)!.records).toHaveLength(10)
    stream.flush()
    expect(sealed).toHaveLength(1)
  })

  it('loses no message and no index at the boundaries of packets and fragments', () => {
    const sizes = fc.array(
      fc.oneof(fc.nat(100), fc.nat(3), fc.integer({ min: 60, max: 90 }), fc.nat(500)),
      { minLength: 1, maxLength: 40 },
    )
    const bodySize = fc.constantFrom(64, 100, 300, 1190, 65_000)
    fc.assert(
      fc.property(bodySize, sizes, fc.array(fc.boolean()), (largest, payloads, flushes) => {
        const { stream, sealed } = world(largest)
        for (const [i, size] of payloads.entries()) {
          expect(stream.publish(0, 1, message(size, i))).toBe(i)
          if (flushes[i]) stream.flush()
        }
        stream.flush()
        expect(stream.target).toBeGreaterThanOrEqual(stream.head)
        const { target } = stream
        leave(stream)
        expect([stream.head, stream.waiting, stream.pending]).toEqual([target, 0, false])
        const expected = payloads.map((size, i) => [i, hex(counting(size, i))] as const)
        expect(messagesOf(sealed)).toEqual(new Map(expected))
        expect(sealed.map(({ number }) => number)).toEqual(sealed.map((_, i) => i + 1))
        for (const { body } of sealed) expect(body.length).toBeLessThanOrEqual(largest)
        expect([stream.index, stream.head]).toEqual([payloads.length, sealed.length])
      }),
      { numRuns: 500 },
    )
  })

  it('fragments a message exactly from the size on that no packet holds', () => {
    // 14 bytes of prefix, 2 of size, 1 of flags
    for (const [size, packets] of [
      [1190 - 17, 1],
      [1190 - 16, 2],
    ] as const) {
      const { stream, sealed } = world(1190)
      stream.publish(0, 1, message(size))
      stream.flush()
      leave(stream)
      expect(sealed).toHaveLength(packets)
      expect(sealed.every(({ flags }) => flags === (packets > 1 ? Flag.fragment : 0))).toBe(true)
      expect(messagesOf(sealed).get(0)).toBe(hex(counting(size)))
    }
  })

  it('sends a mebibyte in fragments that fill their packets', () => {
    const { stream, sealed } = world(1190)
    stream.publish(0, 1, message(1024 * 1024))
    expect([sealed.length, stream.head, stream.waiting]).toEqual([0, 0, 1024 * 1024 + 1])
    leave(stream)
    expect(messagesOf(sealed).get(0)).toBe(hex(counting(1024 * 1024)))
    expect(sealed).toHaveLength(Math.ceil((1024 * 1024 + 1) / (1190 - 30)))
    stream.flush()
    expect(sealed).toHaveLength(stream.head)
  })

  it('seals a large message, and what is behind it, only as it leaves', () => {
    const { stream, sealed } = world(200)
    stream.publish(0, 1, message(1000))
    stream.publish(0, 1, message(10))
    stream.flush()
    expect([sealed.length, stream.target, stream.pending]).toEqual([0, 7, true])
    expect(stream.indexAt(1)).toBe(0)
    stream.peek(0)
    stream.advance(5)
    expect([sealed.length, stream.sent, stream.indexAt(2)]).toEqual([1, 1, 0])
    leave(stream)
    expect([sealed.length, stream.sent, stream.waiting, stream.indexAt(8)]).toEqual([7, 7, 0, 2])
    expect(messagesOf(sealed).get(1)).toBe(hex(counting(10)))
  })

  it('keeps the bytes of a large message that the program changes afterwards', () => {
    const { stream, sealed } = world(200)
    const { codec, payload } = message(1000)
    stream.publish(0, 1, { codec, payload })
    const before = hex(payload)
    payload.fill(0)
    leave(stream)
    expect(messagesOf(sealed).get(0)).toBe(before)
  })

  it('gives what waits to the pacer packet by packet', () => {
    const { stream } = world(200)
    for (let i = 0; i < 3; i++) {
      stream.publish(0, 1, message(100))
      stream.flush()
    }
    const size = stream.peek(0)!.length
    expect(stream.waiting).toBe(3 * size)
    stream.advance(50)
    expect([stream.sent, stream.waiting, stream.beat.at]).toEqual([1, 2 * size, 50 + 40])
    stream.advance(50)
    stream.advance(60)
    expect([stream.pending, stream.waiting, stream.peek(0)]).toEqual([false, 0, undefined])
    expect([stream.history.first, stream.history.next]).toEqual([1, 4])
  })

  it('keeps no packet of a best-effort stream and beats no heart for it', () => {
    const { stream } = world(200, 'best-effort')
    stream.publish(0, 1, message(10))
    stream.flush()
    stream.advance(5)
    expect([stream.history.first, stream.history.next, stream.beat.at]).toEqual([2, 2, Infinity])
  })

  it('knows the index behind any packet, also while messages wait for theirs', () => {
    const { stream } = world(1190)
    for (let i = 0; i < 3; i++) stream.publish(0, 1, message(5))
    stream.flush()
    stream.publish(0, 1, message(5))
    stream.publish(0, 1, message(5))
    // Messages 3 and 4 will come in packet 2: saying 5 would make a receiver give them up.
    expect([stream.indexAt(1), stream.indexAt(2), stream.index]).toEqual([0, 3, 5])
    stream.flush()
    expect([stream.indexAt(2), stream.indexAt(3)]).toEqual([3, 5])
  })

  it('beats its heart ever more slowly until it sends again', () => {
    const { stream } = world(200)
    stream.publish(0, 1, message(10))
    stream.flush()
    stream.advance(0)
    const waits: number[] = []
    let now = stream.beat.at
    for (let i = 0; i < 16; i++) {
      stream.beat.decay(now)
      waits.push(stream.beat.at - now)
      now = stream.beat.at
    }
    expect(waits.slice(0, 4)).toEqual([80, 160, 320, 640])
    expect(waits.at(-1)).toBe(30_000)
    stream.publish(0, 1, message(10))
    stream.flush()
    stream.advance(now)
    expect(stream.beat.at).toBe(now + 40)
  })

  it('beats its heart sooner as long as receivers have lately asked for packets again', () => {
    const { stream } = world(200)
    for (let i = 0; i < 2; i++) {
      stream.publish(0, 1, message(10))
      stream.flush()
    }
    stream.beat.lossyUntil = 100
    stream.advance(99)
    expect(stream.beat.at).toBe(99 + 5)
    stream.beat.decay(104)
    expect(stream.beat.at).toBe(104 + 10)
    stream.advance(100)
    expect(stream.beat.at).toBe(100 + 40)
  })

  it('refuses the number that would wrap', () => {
    const { stream } = world(200)
    expect(NUMBER_MAX).toBe(2 ** 48 - 1)
    stream.publish(0, 1, message(1))
    stream.flush()
    expect(stream.head).toBe(1)
  })
})

describe('a stream of newest values', () => {
  it('sends the newest value and forgets those it replaced', () => {
    const { stream, sealed } = world(1190, 'latest')
    expect(stream.conflate({ codec: 0, payload: counting(1, 1) })).toBe(false)
    expect(stream.conflate({ codec: 0, payload: counting(1, 2) })).toBe(true)
    expect(stream.pending).toBe(true)
    expect([stream.settle(0, 1)?.index, stream.settle(0, 1)?.index]).toEqual([0, undefined])
    expect(messagesOf(sealed)).toEqual(new Map([[0, '02']]))
  })

  it('waits with the next value until the one before has left', () => {
    const { stream, sealed } = world(1190, 'latest')
    stream.conflate({ codec: 0, payload: counting(1, 1) })
    stream.settle(0, 1)
    stream.conflate({ codec: 0, payload: counting(1, 2) })
    stream.conflate({ codec: 0, payload: counting(1, 3) })
    expect([stream.settle(0, 1), sealed.length, stream.pending]).toEqual([undefined, 1, true])
    stream.advance(1)
    expect([stream.settle(1, 2)?.index, sealed.length]).toEqual([1, 2])
    expect(messagesOf(sealed)).toEqual(new Map([[0, '01'], [1, '03']])) // prettier-ignore
  })

  it('counts the value that waits for a packet among what waits', () => {
    const { stream } = world(1190, 'latest')
    stream.conflate({ codec: 0, payload: counting(100) })
    expect(stream.waiting).toBe(100)
    stream.conflate({ codec: 0, payload: counting(30) })
    expect(stream.waiting).toBe(30)
    stream.settle(0, 1)
    expect(stream.waiting).toBe(stream.peek(0)!.length)
    stream.advance(0)
    expect(stream.waiting).toBe(0)
  })

  it('keeps what was published, whatever the program then does with its bytes', () => {
    const { stream, sealed } = world(1190, 'latest')
    const bytes = Buffer.from([1, 2, 3])
    stream.conflate({ codec: 0, payload: bytes })
    bytes.fill(9)
    stream.settle(0, 1)
    expect(messagesOf(sealed)).toEqual(new Map([[0, '010203']]))
  })
})

describe('a stream with checkpoints', () => {
  it('has not left before its target, however slowly it leaves', () => {
    const { stream } = world(100, 'reliable', checkpoints())
    stream.publish(0, 0, message(3000))
    const { target } = stream
    for (let now = 0; stream.peek(now); now += 10) {
      stream.advance(now)
      stream.proveSealed(now)
    }
    expect(stream.sent).toBeGreaterThan(40)
    expect(stream.sent).toBeLessThanOrEqual(target)
  })

  it('vouches before a packet that would make its messages too many, and then for that one', () => {
    const { stream } = world(100, 'reliable', checkpoints(10))
    for (let i = 0; i < 60; i++) stream.publish(0, 0, message(20))
    stream.flush()
    stream.prove(0)
    const packets = Array.from({ length: stream.head }, (_, i) => stream.history.get(i + 1)!)
    // The first packet is signed itself.
    const starts = [packets[1]!, ...packets.filter(({ bare }) => bare)].map(({ index }) => index)
    const vouched = starts.slice(1).map((index, i) => index - starts[i]!)
    expect(starts.at(-1)).toBe(60)
    expect(vouched.length).toBeGreaterThan(4)
    expect(Math.max(...vouched)).toBeLessThanOrEqual(10)
  })
})
