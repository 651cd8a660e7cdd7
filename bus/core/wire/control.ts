/**
 * Control packets: a run of small records, sealed with the sender instance's control key.
 *
 *     record:    uint8 type | varint size | that many bytes; unknown types are skipped
 *
 *     beacon     varint interval, ms | varint stream count
 *     want       target (8) | varint first stream | varint count
 *     bindings   entries | signature (64), see below
 *     attach     target (8) | entries: varint stream, varint ask, varint from (0: by age),
 *                varint age ms, varint back, varint attempt
 *     started    asker (8) | entries: varint stream, varint ask, varint start, varint wanted,
 *                varint index, varint head, varint behind, varint receivers
 *     heartbeat  uint8 flags | varint group round trip, us | entries: varint stream, varint head,
 *                varint index, varint receivers
 *     cursor     target (8) | entries: varint stream, varint next, varint lost
 *     nak, interest     see nak.ts and interest.ts
 *     oldest, expired   see gone.ts
 *     meet, met, answered, reach, places   see meeting.ts, answered.ts, reach.ts and places.ts
 *     share, seat       see share.ts
 *
 * Entries open with their varint count. `head` is the last number sent, `index` (in started:
 * `behind`) the index of the next message, `first` the oldest packet that the publisher can still
 * send, with the index of its first message. `ask` tells the questions of one receiver apart;
 * `start` is the number that the asker begins with, `wanted` the index of the first message that
 * it has asked for, `index` that of the first of them which is still there; `next` the number that a receiver
 * waits for, `lost` how many messages it has given up.
 *
 * A binding ties a stream to its topic:
 *
 *     varint stream | tag (8) | uint8 mode | varint packet size | varint age ms | block sealed name
 *
 * A page of bindings is signed over "sixcast/1/bindings", realm id, instance and the entries.
 */
import { type Answered, readAnswered, writeAnswered } from './answered.ts'
import {
  type Attach,
  readAttach,
  readStarted,
  type Started,
  writeAttach,
  writeStarted,
} from './attach.ts'
import { Reader, Writer } from './cursor.ts'
import { readEntries, writeEntries } from './entries.ts'
import { type Expired, type Oldest, readExpired, readOldest, writeExpired } from './gone.ts'
import { SIGNATURE_SIZE } from './hello.ts'
import { type Interest, readInterest, writeInterest } from './interest.ts'
import { type Meet, type Met, readMeet, readMet, writeMeeting } from './meeting.ts'
import { type Nak, readNak, writeNak } from './nak.ts'
import { type Places, readPlaces, writePlaces } from './places.ts'
import { type ReachReport, readReach, writeReach } from './reach.ts'
import { readSeat, readShare, type SeatRecord, type Share, writeSeat, writeShare } from './share.ts'

export const ControlType = {
  beacon: 1,
  want: 2,
  bindings: 3,
  attach: 4,
  started: 5,
  heartbeat: 6,
  cursor: 7,
  nak: 8,
  interest: 9,
  oldest: 10,
  expired: 11,
  meet: 12,
  met: 13,
  answered: 14,
  reach: 15,
  places: 16,
  share: 17,
  seat: 18,
} as const

export const HeartbeatFlag = {
  /** The stream ends here; whoever is attached answers with a cursor. */
  final: 1,
} as const

/** Largest sealed topic name: 255 bytes and the tag of the seal. */
export const SEALED_NAME_SIZE_MAX = 271
/** Size of a control record's own head, at most. */
export const CONTROL_HEAD_SIZE_MAX = 3

export interface Beacon {
  readonly type: 'beacon'
  readonly intervalMs: number
  readonly streamCount: number
}

export interface Want {
  readonly type: 'want'
  readonly target: bigint
  readonly first: number
  readonly count: number
}

export interface BindingEntry {
  readonly stream: number
  readonly tag: bigint
  readonly mode: number
  readonly packetSize: number
  readonly ageMs: number
  readonly sealedName: Uint8Array
}

export interface Bindings {
  readonly type: 'bindings'
  readonly entries: readonly BindingEntry[]
  readonly signed: Uint8Array
  readonly signature: Uint8Array
}

export interface HeartbeatEntry {
  readonly stream: number
  readonly head: number
  readonly index: number
  /** Receivers that have attached. */
  readonly receivers: number
}

export interface CursorEntry {
  readonly stream: number
  readonly next: number
  /** Messages that the receiver had to give up. */
  readonly lost: number
}

export interface Heartbeat {
  readonly type: 'heartbeat'
  readonly flags: number
  /** Longest round trip of a receiver to the publisher, microseconds. */
  readonly grttUs: number
  readonly entries: readonly HeartbeatEntry[]
}

export interface CursorReport {
  readonly type: 'cursor'
  readonly target: bigint
  readonly entries: readonly CursorEntry[]
}

export type ControlRecord =
  | Beacon
  | Want
  | Bindings
  | Attach
  | Started
  | Heartbeat
  | CursorReport
  | Nak
  | Interest
  | Oldest
  | Expired
  | Meet
  | Met
  | Answered
  | ReachReport
  | Places
  | Share
  | SeatRecord

/** Writes one entry of a list. */
export function writeBinding(writer: Writer, entry: BindingEntry): void {
  writer.varint(entry.stream).uint64(entry.tag).uint8(entry.mode)
  writer.varint(entry.packetSize).varint(entry.ageMs).block(entry.sealedName)
}

/** The body of a control record without type and size; bindings come signed from elsewhere. */
export function writeControlBody(record: Exclude<ControlRecord, Bindings>): Uint8Array {
  // The largest record is a packet and the usual one has a few bytes: a copy takes less than a
  // new buffer each time.
  return bodyIn(new Writer(scratch), record).slice()
}

function bodyIn(writer: Writer, record: Exclude<ControlRecord, Bindings>): Uint8Array {
  switch (record.type) {
    case 'beacon':
      return writer.varint(record.intervalMs).varint(record.streamCount).written
    case 'want':
      return writer.uint64(record.target).varint(record.first).varint(record.count).written
    case 'attach':
      return writeAttach(writer, record)
    case 'started':
      return writeStarted(writer, record)
    case 'heartbeat':
      return writeEntries(writer.uint8(record.flags).varint(record.grttUs), record.entries, (e) => {
        writer.varint(e.stream).varint(e.head).varint(e.index).varint(e.receivers)
      })
    case 'cursor':
      return writeEntries(writer.uint64(record.target), record.entries, (e) => {
        writer.varint(e.stream).varint(e.next).varint(e.lost)
      })
    case 'nak':
      return writeNak(writer, record)
    case 'interest':
      return writeInterest(writer, record)
    case 'oldest':
      return writer.varint(record.stream).varint(record.first).varint(record.index).written
    case 'expired':
      return writeExpired(writer, record)
    case 'meet':
    case 'met':
      return writeMeeting(writer, record)
    case 'answered':
      return writeAnswered(writer, record)
    case 'reach':
      return writeReach(writer, record)
    case 'places':
      return writePlaces(writer, record)
    case 'share':
      return writeShare(writer, record)
    case 'seat':
      return writeSeat(writer, record)
  }
}

/**
 * Calls `each` with every known record of a control body; returns false when the bytes are
 * malformed (records before the fault have been handed on: each stands for itself).
 */
export function readControl(body: Uint8Array, each: (record: ControlRecord) => void): boolean {
  const outer = new Reader(body)
  while (outer.left > 0) {
    const type = outer.uint8()
    const bytes = outer.block(outer.left)
    if (outer.failed) return false
    const reader = new Reader(bytes)
    const record = readRecordOf(type, reader)
    if (reader.failed || (record && reader.left > 0)) return false
    if (record) each(record)
  }
  return !outer.failed
}

function readRecordOf(type: number, reader: Reader): ControlRecord | undefined {
  switch (type) {
    case ControlType.beacon:
      return { type: 'beacon', intervalMs: reader.varint(), streamCount: reader.varint() }
    case ControlType.want:
      return { type: 'want', target: reader.uint64(), ...readSpan(reader) }
    case ControlType.bindings:
      return readBindings(reader)
    case ControlType.attach:
      return readAttach(reader)
    case ControlType.started:
      return readStarted(reader)
    case ControlType.heartbeat:
      return {
        type: 'heartbeat',
        flags: reader.uint8(),
        grttUs: reader.varint(),
        entries: readEntries(reader, readHead),
      }
    case ControlType.cursor:
      return { type: 'cursor', target: reader.uint64(), entries: readEntries(reader, readNext) }
    case ControlType.nak:
      return readNak(reader)
    case ControlType.interest:
      return readInterest(reader)
    case ControlType.oldest:
      return readOldest(reader)
    case ControlType.expired:
      return readExpired(reader)
    case ControlType.meet:
      return readMeet(reader)
    case ControlType.met:
      return readMet(reader)
    case ControlType.answered:
      return readAnswered(reader)
    case ControlType.reach:
      return readReach(reader)
    case ControlType.places:
      return readPlaces(reader)
    case ControlType.share:
      return readShare(reader)
    case ControlType.seat:
      return readSeat(reader)
    default:
      return undefined
  }
}

function readSpan(reader: Reader): Pick<Want, 'first' | 'count'> {
  return { first: reader.varint(), count: reader.varint() }
}

function readBindings(reader: Reader): Bindings {
  const start = reader.offset
  const entries = readEntries(reader, readBinding)
  const signed = reader.bytes.subarray(start, reader.offset)
  return { type: 'bindings', entries, signed, signature: reader.take(SIGNATURE_SIZE) }
}

function readBinding(reader: Reader): BindingEntry {
  return {
    stream: reader.varint(),
    tag: reader.uint64(),
    mode: reader.uint8(),
    packetSize: reader.varint(),
    ageMs: reader.varint(),
    sealedName: reader.block(SEALED_NAME_SIZE_MAX),
  }
}

function readHead(reader: Reader): HeartbeatEntry {
  const [stream, head] = [reader.varint(), reader.varint()]
  return { stream, head, index: reader.varint(), receivers: reader.varint() }
}

function readNext(reader: Reader): CursorEntry {
  return { stream: reader.varint(), next: reader.varint(), lost: reader.varint() }
}

const scratch = new Uint8Array(1232)
