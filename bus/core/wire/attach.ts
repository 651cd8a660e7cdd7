/** The control records by which a receiver says where it begins with streams, and what it is told. */
import type { Reader, Writer } from './cursor.ts'
import { readEntries, writeEntries } from './entries.ts'

export interface AttachEntry {
  readonly stream: number
  readonly ask: number
  readonly from: number
  readonly ageMs: number
  /** So many messages from before that time, too. */
  readonly back: number
  readonly attempt: number
}

export interface StartedEntry {
  readonly stream: number
  readonly ask: number
  readonly start: number
  readonly wanted: number
  readonly index: number
  readonly head: number
  readonly behind: number
  /** Receivers that have attached. */
  readonly receivers: number
}

export interface Attach {
  readonly type: 'attach'
  readonly target: bigint
  readonly entries: readonly AttachEntry[]
}

export interface Started {
  readonly type: 'started'
  readonly asker: bigint
  readonly entries: readonly StartedEntry[]
}

export function writeAttach(writer: Writer, { target, entries }: Attach): Uint8Array {
  return writeEntries(writer.uint64(target), entries, (e) => {
    writer.varint(e.stream).varint(e.ask).varint(e.from).varint(e.ageMs)
    writer.varint(e.back).varint(e.attempt)
  })
}

export function writeStarted(writer: Writer, { asker, entries }: Started): Uint8Array {
  return writeEntries(writer.uint64(asker), entries, (e) => {
    writer.varint(e.stream).varint(e.ask).varint(e.start).varint(e.wanted).varint(e.index)
    writer.varint(e.head).varint(e.behind).varint(e.receivers)
  })
}

export function readAttach(reader: Reader): Attach {
  return { type: 'attach', target: reader.uint64(), entries: readEntries(reader, readWish) }
}

export function readStarted(reader: Reader): Started {
  return { type: 'started', asker: reader.uint64(), entries: readEntries(reader, readStart) }
}

function readWish(reader: Reader): AttachEntry {
  return {
    stream: reader.varint(),
    ask: reader.varint(),
    from: reader.varint(),
    ageMs: reader.varint(),
    back: reader.varint(),
    attempt: reader.varint(),
  }
}

function readStart(reader: Reader): StartedEntry {
  return {
    stream: reader.varint(),
    ask: reader.varint(),
    start: reader.varint(),
    wanted: reader.varint(),
    index: reader.varint(),
    head: reader.varint(),
    behind: reader.varint(),
    receivers: reader.varint(),
  }
}
