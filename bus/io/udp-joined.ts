/**
 * What the kernel has joined, taken apart where that is needed.
 *
 * Joined datagrams of one packet each are as good as one datagram with several packets, and are
 * handed on whole. Where something else is among them, as junk with the same source, they are handed
 * on one by one, so that it costs nothing but itself: all but the last have the size of the first.
 */
import { LENGTH_SIZE } from '../core/wire/packet.ts'

/** Gives the datagram whole, or those that it was joined of. */
export function eachJoined(bytes: Uint8Array, take: (datagram: Uint8Array) => void): void {
  const size = sizeAt(bytes, 0)
  if (size >= bytes.length || size === LENGTH_SIZE || isWhole(bytes)) return take(bytes)
  for (let at = 0; at < bytes.length; at += size) take(bytes.subarray(at, at + size))
}

/** Whether packets follow each other to the end, or to where padding begins. */
function isWhole(bytes: Uint8Array): boolean {
  let at = 0
  while (at + LENGTH_SIZE <= bytes.length) {
    const size = sizeAt(bytes, at)
    if (size === LENGTH_SIZE) return bytes.length - at < sizeAt(bytes, 0)
    at += size
  }
  return at === bytes.length
}

/** Of the packet there, its length included. */
function sizeAt(bytes: Uint8Array, at: number): number {
  return LENGTH_SIZE + (bytes[at] ?? 0) * 0x100 + (bytes[at + 1] ?? 0)
}
