/**
 * Shared streams: how members of a group get a seat, and for whom a message is.
 *
 *     share   target (8) | entries: varint stream, group (8), varint member, uint8 flags,
 *             varint age ms, varint seat, varint done
 *     seat    asker (8) | entries: varint stream, group (8), varint member, varint number,
 *             varint seat, varint heard
 *     field 3 n x (varint number, varint seat), n at most 16
 *     field 4 varint index
 *
 * `member` tells the members of one instance apart. `share` with seat 0 asks for a seat; with a
 * seat it confirms that one, and that all of its own before the index `done` is done. `number` is
 * that of the group in the stream; seat 0 in a `seat`: there is none to be had; `heard` is 0 while
 * the seat has not been confirmed, else one more than the `done` that has been heard. Field 3 of a message
 * says which seat of each group it is for, 0 being nobody's; field 4 that it is the message of that
 * index once more, for the seat in field 3 alone.
 */
import { type Reader, Writer } from './cursor.ts'
import { readEntries, writeEntries } from './entries.ts'
import { varintSize } from './varint.ts'

export const ShareFlag = {
  /** What is given to the seat and not done when it is gone may be given to another. */
  again: 1,
  /** The seat is given up. */
  leaves: 2,
  /** Nothing has been heard in answer: it is to go to the control group. */
  unheard: 4,
  /** The instance takes the stream by members of groups alone. */
  alone: 8,
  /** The group is one of those who answer: it takes questions, and nothing else. */
  questions: 16,
} as const

export interface ShareEntry {
  readonly stream: number
  readonly group: bigint
  readonly member: number
  readonly flags: number
  /** How long it has wanted to be a member. */
  readonly ageMs: number
  readonly seat: number
  readonly done: number
}

export interface Share {
  readonly type: 'share'
  readonly target: bigint
  readonly entries: readonly ShareEntry[]
}

export interface SeatEntry {
  readonly stream: number
  readonly group: bigint
  readonly member: number
  readonly number: number
  readonly seat: number
  /** 0: it has not been confirmed; else 1 and the `done` that has come. */
  readonly heard: number
}

export interface SeatRecord {
  readonly type: 'seat'
  readonly asker: bigint
  readonly entries: readonly SeatEntry[]
}

/** The seat of one group that a message is for. */
export interface Chosen {
  /** Of the group. */
  readonly number: number
  /** 0: nobody's. */
  readonly seat: number
}

/** Groups of one stream. */
export const GROUPS_MAX = 16

export function writeShare(writer: Writer, { target, entries }: Share): Uint8Array {
  return writeEntries(writer.uint64(target), entries, (e) => {
    writer.varint(e.stream).uint64(e.group).varint(e.member).uint8(e.flags)
    writer.varint(e.ageMs).varint(e.seat).varint(e.done)
  })
}

export function readShare(reader: Reader): Share {
  const target = reader.uint64()
  const entries = readEntries(reader, () => ({
    stream: reader.varint(),
    group: reader.uint64(),
    member: reader.varint(),
    flags: reader.uint8(),
    ageMs: reader.varint(),
    seat: reader.varint(),
    done: reader.varint(),
  }))
  return { type: 'share', target, entries }
}

export function writeSeat(writer: Writer, { asker, entries }: SeatRecord): Uint8Array {
  return writeEntries(writer.uint64(asker), entries, (e) => {
    writer.varint(e.stream).uint64(e.group).varint(e.member)
    writer.varint(e.number).varint(e.seat).varint(e.heard)
  })
}

export function readSeat(reader: Reader): SeatRecord {
  const asker = reader.uint64()
  const entries = readEntries(reader, () => ({
    stream: reader.varint(),
    group: reader.uint64(),
    member: reader.varint(),
    number: reader.varint(),
    seat: reader.varint(),
    heard: reader.varint(),
  }))
  return { type: 'seat', asker, entries }
}

/** The value of field 3. */
export function writeChosen(chosen: readonly Chosen[]): Uint8Array {
  const size = chosen.reduce((sum, one) => sum + varintSize(one.number) + varintSize(one.seat), 0)
  const writer = new Writer(size)
  for (const { number, seat } of chosen) writer.varint(number).varint(seat)
  return writer.written
}

/** What field 3 says; more than 16 groups, or half of a pair, fail the reader. */
export function readChosen(reader: Reader): readonly Chosen[] {
  const chosen: Chosen[] = []
  while (reader.left > 0 && !reader.failed) {
    chosen.push({ number: reader.varint(), seat: reader.varint() })
    if (chosen.length > GROUPS_MAX) reader.failed = true
  }
  return chosen
}
