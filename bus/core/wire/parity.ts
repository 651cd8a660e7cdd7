/**
 * Parity: packets that mend others of their stream, whichever of them a receiver lacks.
 *
 *     header     kind 3, flags = row, stream, number = the last packet that it covers
 *     body       the row's sum of symbols, sealed under the sender's control key
 *     symbol     length field (2) | flags (1) | sealed body          of a data packet
 *
 * The packets of a stream form blocks of 64: 1 to 64, 65 to 128, and so on. Parity covers its
 * block from the beginning up to its number. What is not in a symbol is the same in all packets
 * of the stream, but for the number; shorter symbols count as filled up with zeros.
 */
import {
  BODY_OFFSET,
  bodyOf,
  HEADER_SIZE,
  type Header,
  Kind,
  LENGTH_SIZE,
  writeHeader,
} from './packet.ts'

/** Packets of a block. */
export const BLOCK = 64
/** Bytes of a symbol before the body. */
export const SYMBOL_PREFIX = 3
/** A stream with larger packets has no parity: its blocks would be megabytes. */
export const PARITY_SIZE_MAX = 4096

/** The number of the first packet of the block that a packet is in. */
export function blockOf(number: number): number {
  return number - ((number - 1) % BLOCK)
}

/** What stands before the body in a packet's symbol. */
export function symbolPrefixOf(packet: Uint8Array): Uint8Array {
  return Uint8Array.of(packet[0]!, packet[1]!, packet[LENGTH_SIZE + 1]!)
}

/** Bytes of a packet's symbol. */
export function symbolSizeOf(packet: Uint8Array): number {
  return SYMBOL_PREFIX + Math.max(0, packet.length - BODY_OFFSET)
}

/** A copy of what parity is made of, into bytes of its size (by default, its own). */
export function symbolOf(
  packet: Uint8Array,
  symbol: Uint8Array = new Uint8Array(symbolSizeOf(packet)),
): Uint8Array {
  symbol[0] = packet[0]!
  symbol[1] = packet[1]!
  symbol[2] = packet[LENGTH_SIZE + 1]!
  symbol.set(bodyOf(packet), SYMBOL_PREFIX)
  return symbol
}

/** The data packet that has this symbol, or `undefined` when none has. */
export function packetOf(
  parity: Header,
  number: number,
  symbol: Uint8Array,
): Uint8Array | undefined {
  const size = symbol[0]! * 0x100 + symbol[1]! - HEADER_SIZE
  const end = SYMBOL_PREFIX + size
  if (size < 0 || end > symbol.length) return undefined
  for (let i = end; i < symbol.length; i++) if (symbol[i] !== 0) return undefined
  const packet = new Uint8Array(BODY_OFFSET + size)
  writeHeader(packet, { ...parity, kind: Kind.data, flags: symbol[2]!, number }, size)
  packet.set(symbol.subarray(SYMBOL_PREFIX, end), BODY_OFFSET)
  return packet
}
