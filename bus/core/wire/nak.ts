/**
 * The negative acknowledgement: which packets of one stream a receiver lacks.
 *
 *     nak        target (8) | uint8 flags | varint round trip, us | varint missed | varint all |
 *                varint stream | varint first | bitmap: the rest of the record; bit i (from the
 *                highest of the first byte) set: packet first + i is missing
 *
 * `missed` of `all` packets of this stream, so far, did not reach the asker when they were first
 * sent.
 *
 * A bitmap is bounded, so no record can name more packets than NAK_SPAN, whatever it claims.
 */
import type { Reader, Writer } from './cursor.ts'

export const NakFlag = {
  /** Asked of the publisher alone: it answers by unicast. Otherwise the group has heard it too. */
  solo: 1,
  /** Parity will do: of each block as many packets are named as the asker lacks symbols. */
  parity: 2,
  /** The packets are here: those are asked for that vouch for them. */
  proof: 4,
  /** For the group to overhear: the publisher, which may be in it, has been asked by itself. */
  copy: 8,
} as const

/** Packets that one record can name. */
export const NAK_SPAN = 4096

export interface Nak {
  readonly type: 'nak'
  readonly target: bigint
  readonly flags: number
  /** The asker's round trip to the publisher, microseconds. */
  readonly rttUs: number
  /** Packets so far that did not reach the asker by themselves, and all packets so far. */
  readonly missed: number
  readonly all: number
  readonly stream: number
  /** The packet that the first bit stands for. */
  readonly first: number
  readonly missing: Uint8Array
}

export function writeNak(writer: Writer, nak: Nak): Uint8Array {
  writer.uint64(nak.target).uint8(nak.flags).varint(nak.rttUs).varint(nak.missed).varint(nak.all)
  return writer.varint(nak.stream).varint(nak.first).put(nak.missing).written
}

export function readNak(reader: Reader): Nak {
  const target = reader.uint64()
  const flags = reader.uint8()
  const rttUs = reader.varint()
  const missed = reader.varint()
  const all = reader.varint()
  const stream = reader.varint()
  const first = reader.varint()
  if (reader.left > NAK_SPAN / 8 || first === 0) reader.failed = true
  const missing = reader.take(reader.left)
  return { type: 'nak', target, flags, rttUs, missed, all, stream, first, missing }
}

/** How many of the packets `from` to `to` are named. */
export function countNamed(nak: Pick<Nak, 'first' | 'missing'>, from: number, to: number): number {
  let count = 0
  for (let number = from; number <= to; number++) if (names(nak, number)) count += 1
  return count
}

/** Marks packet `first + place` as missing. */
export function mark(bitmap: Uint8Array, place: number): void {
  bitmap[place >>> 3]! |= 0x80 >>> (place & 7)
}

/** Takes the mark of packet `first + place` away. */
export function unmark(bitmap: Uint8Array, place: number): void {
  bitmap[place >>> 3]! &= ~(0x80 >>> (place & 7))
}

/** Whether packet `number` is named. */
export function names(nak: Pick<Nak, 'first' | 'missing'>, number: number): boolean {
  const place = number - nak.first
  if (place < 0 || place >= nak.missing.length * 8) return false
  return (nak.missing[Math.floor(place / 8)]! & (0x80 >>> (place % 8))) !== 0
}

/** Whether a packet behind `number` is named. */
export function namesBeyond(nak: Pick<Nak, 'first' | 'missing'>, number: number): boolean {
  const from = Math.max(nak.first, number + 1)
  return countNamed(nak, from, nak.first + nak.missing.length * 8 - 1) > 0
}

/** Calls `each` with the number of every packet named, in order, until it returns false. */
export function eachMissing(nak: Nak, each: (number: number) => boolean): void {
  for (let byte = 0; byte < nak.missing.length; byte++) {
    for (let bits = nak.missing[byte]!, bit = 0; bits !== 0; bits = (bits << 1) & 0xff, bit++) {
      if (bits & 0x80 && !each(nak.first + byte * 8 + bit)) return
    }
  }
}
