/** One receiver, its packets by number, and what comes out of it as short words. */
import type { Delivery, Output } from '../../../../bus/core/output.ts'
import { Metrics } from '../../../../bus/core/metrics.ts'
import { AssemblyPool } from '../../../../bus/core/stream/assembly.ts'
import { NakTiming } from '../../../../bus/core/stream/nak-timing.ts'
import { ReceiverStream } from '../../../../bus/core/stream/receiver.ts'
import type { Budget } from '../../../../bus/core/stream/reorder.ts'
import { Writer } from '../../../../bus/core/wire/cursor.ts'
import { Flag } from '../../../../bus/core/wire/packet.ts'
import { writeFragmentPrefix, writePrefix, writeRecord } from '../../../../bus/core/wire/record.ts'

/** How long these receivers ask for what is missing, ms. */
export const REPAIR_AGE = 100

export interface Receiving {
  readonly receiver: ReceiverStream
  readonly metrics: Metrics
  readonly budget: Budget
  readonly pool: AssemblyPool
  start(): void
  /** Packet `number` comes, with the messages that belong into it. */
  take(number: number, now?: number): Receiving
  raw(number: number, body: Uint8Array, now?: number): Receiving
  /** A fragment of message 0, or of `index`. */
  fragment(number: number, part: Part): Receiving
  /** What came out since the last call: `3` is message 3, `gap 4-5 network` a gap. */
  log(): string[]
  /** Every index that ever came out, delivered or lost. */
  indices(): number[]
}

interface Part {
  readonly offset: number
  readonly size: number
  readonly totalSize: number
  readonly index?: number
}

interface Setup {
  readonly delivery?: Delivery
  /** Messages in each packet. */
  readonly perPacket?: number
  readonly reorderPackets?: number
  readonly budgetSize?: number
  readonly messageSize?: number
  readonly repairAge?: number
  readonly timing?: NakTiming
}

export function receiving(setup: Setup = {}): Receiving {
  const { delivery = 'reliable', perPacket = 1, reorderPackets = 100 } = setup
  const { budgetSize = 1_000_000, messageSize = 10_000, repairAge = REPAIR_AGE } = setup
  const { timing = new NakTiming(() => 0.5) } = setup
  const metrics = new Metrics()
  const budget = { used: 0, max: budgetSize }
  const pool = new AssemblyPool(100_000, () => metrics.count('assemblyFull'))
  let outputs: Output[] = []
  const all: Output[] = []
  const info = { topic: 'a', from: 1n, stream: 1, delivery }
  const emit = (output: Output): void => {
    outputs.push(output)
    all.push(output)
  }
  const bounds = { budget, pool, tally: { lost: 0 }, blocks: undefined }
  const shared = { info, metrics, timing, repairAge, ...bounds }
  const receiver = new ReceiverStream({ ...shared, reorderPackets, messageSize, emit })
  receiver.messages.subscriptions = [1]
  const accept = (now: number, number: number, packet: { flags: number; body: Uint8Array }) => {
    if (receiver.wants(number)) receiver.accept(now, number, packet)
    return world
  }
  const world: Receiving = {
    receiver,
    metrics,
    budget,
    pool,
    start: () => receiver.start(0, 1, 0),
    take: (number, now = 0) =>
      accept(now, number, { flags: 0, body: bodyOf((number - 1) * perPacket, perPacket) }),
    raw: (number, body, now = 0) => accept(now, number, { flags: 0, body }),
    fragment: (number, { offset, size, totalSize, index = 0 }) => {
      const writer = new Writer(size + 30)
      writeFragmentPrefix(writer, { index, sentAt: 1, totalSize, offset })
      const body = writer.put(new Uint8Array(size)).written
      return accept(0, number, { flags: Flag.fragment, body })
    },
    log: () => {
      const words = outputs.map(wordOf)
      outputs = []
      return words
    },
    indices: () => all.flatMap(indicesOf),
  }
  return world
}

function indicesOf(output: Output): number[] {
  if (output.type === 'deliver') return [output.index]
  if (output.type !== 'gap') return []
  return Array.from({ length: output.to - output.from + 1 }, (_, i) => output.from + i)
}

function bodyOf(index: number, count: number): Uint8Array {
  const writer = new Writer(14 + count * 4)
  writePrefix(writer, index, 1)
  for (let i = 0; i < count; i++) writeRecord(writer, 0, Uint8Array.of(index + i))
  return writer.written
}

function wordOf(output: Output): string {
  if (output.type === 'deliver') return String(output.index)
  if (output.type === 'gap') return `gap ${output.from}-${output.to} ${output.cause}`
  return output.type
}
