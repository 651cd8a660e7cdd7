/** What the tests of the bus measure: what came of a stream, and what was on the wire. */
import { expect } from 'vitest'
import { Kind, readHeader, splitDatagram } from '../../bus/core/wire/packet.ts'
import type { BusPeer, Told } from './bus-peer.ts'
import type { Frame } from './lab/pcap.ts'

/** For each publisher which sequence numbers came, as runs; a repeated one begins another run. */
export function runs(messages: readonly Told[]): Record<string, string> {
  const found: Record<string, string> = {}
  for (const from of new Set(messages.map((line) => String(line.from)))) {
    const numbers = messages.filter((line) => line.from === from).map((line) => line.sequence ?? -1)
    const parts: string[] = []
    for (let start = 0, at = 0; at < numbers.length; at++) {
      if (numbers[at + 1] === numbers[at]! + 1) continue
      parts.push(`${numbers[start]}-${numbers[at]}`)
      start = at + 1
    }
    found[from] = parts.join(' ')
  }
  return found
}

/** What a stream may not have. */
export interface Account {
  /** Delivered twice, or delivered and reported as lost. */
  readonly repeated: readonly number[]
  /** Neither delivered nor reported as lost. */
  readonly holes: readonly number[]
  /** Delivered behind a later one. */
  readonly disordered: readonly number[]
}

export const clean: Account = { repeated: [], holes: [], disordered: [] }

/** Holds what came from a publisher against the gaps, from the first message that came to the last. */
export async function accountOf(listener: BusPeer, publisher: BusPeer): Promise<Account> {
  await listener.stats() // Events that have happened are printed by its answer.
  const numbers = listener
    .messages()
    .flatMap((line) => (line.from === publisher.id ? (line.sequence ?? []) : []))
  const times = new Map<number, number>()
  const count = (number: number): void => void times.set(number, (times.get(number) ?? 0) + 1)
  for (const number of numbers) count(number)
  for (const gap of listener.gaps()) {
    if (gap.publisher !== publisher.id) continue
    for (let number = Number(gap.from); number <= gap.to!; number++) count(number)
  }
  const disordered = numbers.filter((number, at) => at > 0 && number <= numbers[at - 1]!)
  const [first = 0] = numbers
  const all = Array.from({ length: Math.max(...numbers) - first + 1 }, (_, at) => first + at)
  return {
    repeated: all.filter((number) => (times.get(number) ?? 0) > 1),
    holes: all.filter((number) => !times.has(number)),
    disordered,
  }
}

/** How many messages are reported as lost, by cause. */
export function gapsOf(listener: BusPeer): Record<string, number> {
  const found: Record<string, number> = {}
  for (const { cause = '', count = 0 } of listener.gaps()) {
    found[cause] = (found[cause] ?? 0) + count
  }
  return found
}

/** When that many messages had come since `time`. */
export async function heardAfter(listener: BusPeer, time: number, count = 1): Promise<number> {
  const what = `message ${count} after ${new Date(time).toISOString()}`
  const message = await listener.until(
    what,
    () => listener.messages().filter(({ at }) => at >= time)[count - 1],
  )
  return message.at
}

/**
 * Publishes until everybody has long made itself known to the publisher, so that nobody is given
 * anything again from then on; resolves with the number of messages that took.
 */
export async function settled(
  publisher: BusPeer,
  listeners: readonly BusPeer[],
  topic: string,
): Promise<number> {
  await publisher.say({ repeat: topic, everyMs: 20 })
  await Promise.all(listeners.map((peer) => peer.hears(30, topic)))
  await publisher.say({ rest: true })
  await publisher.say({ publish: topic, value: 'settled' })
  const lasts = listeners.map((peer) => peer.tells('message', ({ value }) => value === 'settled'))
  const [last] = await Promise.all(lasts)
  return last!.sequence! + 1
}

/** Packets with messages; a datagram may hold more than one packet. */
export function dataCount(frames: readonly Frame[]): number {
  let count = 0
  for (const { payload } of frames) {
    const fault = splitDatagram(payload, (packet) => {
      if (readHeader(packet).kind === Kind.data) count += 1
    })
    expect(fault).toBeUndefined()
  }
  return count
}

/** Prints figures that a reader of the tests wants to see. */
export function report(title: string, rows: readonly object[]): void {
  const lines = rows.map((row) => `  ${JSON.stringify(row)}\n`)
  process.stdout.write(`${title}:\n${lines.join('')}`)
}
