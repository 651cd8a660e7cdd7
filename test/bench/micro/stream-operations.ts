/** What is measured of streams: a message on its way into a packet, and out of one in order. */
import { Metrics } from '../../../bus/core/metrics.ts'
import { AssemblyPool } from '../../../bus/core/stream/assembly.ts'
import { NakTiming } from '../../../bus/core/stream/nak-timing.ts'
import { ReceiverStream } from '../../../bus/core/stream/receiver.ts'
import { SenderStream } from '../../../bus/core/stream/sender.ts'
import { Writer } from '../../../bus/core/wire/cursor.ts'
import { BODY_OFFSET } from '../../../bus/core/wire/packet.ts'
import { writePrefix, writeRecord } from '../../../bus/core/wire/record.ts'
import type { Operation } from './meter.ts'

export function streamOperations(): Operation[] {
  return [publishing(), receiving(IN_ORDER, 'in order'), receiving(SWAPPED, 'each other one early')]
}

/** Sealing is left out: it is measured by itself. */
function publishing(): Operation {
  const stream = new SenderStream(0, 0, {
    stream: 1,
    topic: 'bench',
    segments: ['bench'],
    tag: 1n,
    group: 'g',
    delivery: 'reliable',
    packetSize: BODY_SIZE + BODY_OFFSET,
    bodySize: BODY_SIZE,
    seal: (_flags, _number, body) => new Uint8Array(BODY_OFFSET + body.length),
  })
  const message = { codec: 0, payload: new Uint8Array(64) }
  return {
    part: 'stream',
    name: `publish 64 B, ${MESSAGES} a packet`,
    times: MESSAGES,
    run: () => {
      for (let count = 0; count < MESSAGES; count++) stream.publish(0, 1, message)
      stream.flush()
      const packet = stream.peek(0)
      stream.advance(0)
      stream.history.shift()
      return packet?.length
    },
    right: (size) => typeof size === 'number' && size > MESSAGES * 64 && !stream.pending,
  }
}

function receiving(order: readonly number[], name: string): Operation {
  const metrics = new Metrics()
  let delivered = 0
  const receiver = new ReceiverStream({
    info: { topic: 'bench', from: 1n, stream: 1, delivery: 'reliable' },
    metrics,
    timing: new NakTiming(() => 0.5),
    repairAge: 10_000,
    budget: { used: 0, max: 1_000_000 },
    pool: new AssemblyPool(1_000_000, () => undefined),
    tally: { lost: 0 },
    blocks: undefined,
    reorderPackets: 100,
    messageSize: 10_000,
    emit: ({ type }) => {
      if (type === 'deliver') delivered += 1
    },
  })
  receiver.messages.subscriptions = [1]
  receiver.start(0, 1, 0)
  let number = 1
  let expected = 0
  return {
    part: 'stream',
    name: `receive 64 B, ${MESSAGES} a packet, ${name}`,
    times: order.length * MESSAGES,
    run: () => {
      for (const step of order) {
        const body = bodyOf((number + step - 1) * MESSAGES)
        if (receiver.wants(number + step)) receiver.accept(0, number + step, { flags: 0, body })
      }
      number += order.length
      expected += order.length * MESSAGES
      return delivered - expected
    },
    right: (late) => late === 0,
  }
}

/** Its records' bytes are kept: what is measured is the receiver. */
function bodyOf(index: number): Uint8Array {
  writer.offset = 0
  writePrefix(writer, index, 1)
  for (let count = 0; count < MESSAGES; count++) writeRecord(writer, 0, PAYLOAD)
  return new Uint8Array(writer.written)
}

const MESSAGES = 16
const PAYLOAD = new Uint8Array(64)
const BODY_SIZE = 1190
const IN_ORDER = [0, 1]
const SWAPPED = [1, 0]
const writer = new Writer(2048)
