/** Variable-length integers as in RFC 9000 section 16: 1, 2, 4 or 8 bytes, network byte order. */

/**
 * Largest value a varint carries here: that of a packet number. So no sum of some of them, as a
 * liar may choose them, leaves the safe integers, beyond which adding a few changes nothing.
 */
export const VARINT_MAX: number = 2 ** 48 - 1

/** Bytes that `value` takes on the wire: 1, 2, 4 or 8. */
export function varintSize(value: number): 1 | 2 | 4 | 8 {
  if (value < 0x40) return 1
  if (value < 0x4000) return 2
  return value < 0x40000000 ? 4 : 8
}

/** Writes `value` at `offset` and returns the offset behind it. The caller has made the room. */
export function writeVarint(bytes: Uint8Array, offset: number, value: number): number {
  if (value < 0x40) {
    bytes[offset] = value
    return offset + 1
  }
  if (value < 0x4000) {
    bytes[offset] = 0x40 | (value >>> 8)
    bytes[offset + 1] = value
    return offset + 2
  }
  if (value < 0x40000000) {
    bytes[offset] = 0x80 | (value >>> 24)
    bytes[offset + 1] = value >>> 16
    bytes[offset + 2] = value >>> 8
    bytes[offset + 3] = value
    return offset + 4
  }
  writeUint32(bytes, offset, (0xc0000000 | Math.floor(value / 0x100000000)) >>> 0)
  return writeUint32(bytes, offset + 4, value % 0x100000000)
}

/** Writes the low 32 bits of `value` in network byte order. */
export function writeUint32(bytes: Uint8Array, offset: number, value: number): number {
  bytes[offset] = value >>> 24
  bytes[offset + 1] = value >>> 16
  bytes[offset + 2] = value >>> 8
  bytes[offset + 3] = value
  return offset + 4
}
