/**
 * The packet: a clear length, the 24-byte header that is also the nonce, and the sealed body.
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-------------------------------+
 *     |            length             |  bytes of header and body; outside the nonce
 *     +-------+-------+---------------+-------------------------------+
 *     |version| kind  |     flags     |             epoch             |
 *     +-------+-------+---------------+-------------------------------+
 *     |                       sender instance (64)                    |
 *     |                                                               |
 *     +---------------------------------------------------------------+
 *     |                            stream                             |
 *     +---------------------------------------------------------------+
 *     |                          number (48)                          |
 *     |                               +-------------------------------+
 *     |                               |          realm hint           |
 *     +-------------------------------+-------------------------------+
 *     |   body: Poly1305 tag (16) and XSalsa20 ciphertext (sealed),   |
 *     |   or plain bytes (open realm)                                 |
 *
 * One datagram may hold several packets, one behind the other; a zero length ends it (padding).
 */

export const LENGTH_SIZE = 2
export const HEADER_SIZE = 24
/** Bytes before the body. */
export const BODY_OFFSET: number = LENGTH_SIZE + HEADER_SIZE

/** Version nibble: an open realm has another one, so that neither kind of peer takes the other. */
export const VERSION_SEALED = 1
export const VERSION_OPEN = 2

/** Packet kinds. Others are counted as reserved and dropped until the protocol uses them. */
export const Kind = {
  data: 0,
  hello: 1,
  control: 2,
  parity: 3,
  direct: 4, // an answer to who has asked, see direct.ts
  relay: 5, // what a relay says on its segments, see relay.ts
  page: 6,
} as const

/** Flags of data packets. */
export const Flag = {
  /** The body is one fragment of a large message. */
  fragment: 1,
  /** The body opens with a signature: see signed.ts. */
  signed: 2,
} as const

/** Number after which a stream may send no more: the 48-bit counter never wraps. */
export const NUMBER_MAX: number = 2 ** 48 - 1

export interface Header {
  readonly version: number
  readonly kind: number
  readonly flags: number
  readonly epoch: number
  readonly instance: bigint
  readonly stream: number
  readonly number: number
  readonly hint: number
}

/** Why bytes are not a packet. */
export type PacketFault = 'truncated' | 'version' | 'length'

/** Writes length and header at `offset`; `bodySize` counts the sealed body's bytes. */
export function writeHeader(packet: Uint8Array, header: Header, bodySize: number): void {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength)
  view.setUint16(0, HEADER_SIZE + bodySize)
  view.setUint8(2, (header.version << 4) | header.kind)
  view.setUint8(3, header.flags)
  view.setUint16(4, header.epoch)
  view.setBigUint64(6, header.instance)
  view.setUint32(14, header.stream)
  view.setUint16(18, Math.floor(header.number / 0x100000000))
  view.setUint32(20, header.number % 0x100000000)
  view.setUint16(24, header.hint)
}

/** Reads the header of a packet that `splitDatagram` has yielded, length field included. */
export function readHeader(packet: Uint8Array): Header {
  const first = packet[2]!
  return {
    version: first >>> 4,
    kind: first & 0x0f,
    flags: packet[3]!,
    epoch: uint16At(packet, 4),
    instance: instanceAt(packet, 6),
    stream: uint32At(packet, 14),
    number: uint16At(packet, 18) * 0x100000000 + uint32At(packet, 20),
    hint: uint16At(packet, 24),
  }
}

function uint16At(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!
}

function uint32At(bytes: Uint8Array, at: number): number {
  return uint16At(bytes, at) * 0x10000 + uint16At(bytes, at + 2)
}

/** Runs of packets are of one sender: a number of 64 bits is made once for them. */
function instanceAt(packet: Uint8Array, at: number): bigint {
  const high = uint32At(packet, at)
  const low = uint32At(packet, at + 4)
  if (high !== lastHigh || low !== lastLow) {
    lastInstance = (BigInt(high) << 32n) | BigInt(low)
    lastHigh = high
    lastLow = low
  }
  return lastInstance
}

let lastHigh = 0
let lastLow = 0
let lastInstance = 0n

/** The key epoch that a packet names. */
export function epochOf(packet: Uint8Array): number {
  return packet[LENGTH_SIZE + 2]! * 0x100 + packet[LENGTH_SIZE + 3]!
}

/** Whether a packet has been filled in: one that waits for its signature has its size alone. */
export function isSealed(packet: Uint8Array): boolean {
  return packet[0] !== 0 || packet[1] !== 0
}

/** Whether a data packet bears a signature. */
export function isSigned(packet: Uint8Array): boolean {
  return (packet[3]! & Flag.signed) !== 0
}

/** The nonce of a packet: its header. */
export function nonceOf(packet: Uint8Array): Uint8Array {
  return packet.subarray(LENGTH_SIZE, BODY_OFFSET)
}

/** The sealed body of a packet. */
export function bodyOf(packet: Uint8Array): Uint8Array {
  return packet.subarray(BODY_OFFSET)
}

/**
 * Calls `each` with every packet of a datagram (views, no copy) and returns the fault that ended
 * the walk, or `undefined` when the datagram was whole. Bytes behind a zero length are padding.
 */
export function splitDatagram(
  datagram: Uint8Array,
  each: (packet: Uint8Array) => void,
): PacketFault | undefined {
  // Asked for once: `subarray` takes three times as long, and of a Buffer it makes Buffers.
  const { buffer, byteOffset } = datagram
  let offset = 0
  while (offset + LENGTH_SIZE <= datagram.length) {
    const length = datagram[offset]! * 0x100 + datagram[offset + 1]!
    if (length === 0 && offset > 0) return undefined
    if (length < HEADER_SIZE) return 'length'
    const end = offset + LENGTH_SIZE + length
    if (end > datagram.length) return 'truncated'
    const version = datagram[offset + LENGTH_SIZE]! >>> 4
    if (version !== VERSION_SEALED && version !== VERSION_OPEN) return 'version'
    each(new Uint8Array(buffer, byteOffset + offset, end - offset))
    offset = end
  }
  return offset === datagram.length && offset > 0 ? undefined : 'truncated'
}
