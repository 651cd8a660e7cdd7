/**
 * The header of Librecast's framed messages: 33 bytes, then the payload; network byte order.
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +---------------------------------------------------------------+
 *     |            timestamp (64): nanoseconds since 1970             |
 *     |                                                               |
 *     +---------------------------------------------------------------+
 *     |                         sequence (64)                         |
 *     |                                                               |
 *     +---------------------------------------------------------------+
 *     |                          random (64)                          |
 *     |                                                               |
 *     +---------------+-----------------------------------------------+
 *     |   operation   |
 *     +---------------+-----------------------------------------------+
 *     |                    length of the payload (64)                 |
 *     |                                                               |
 *     +---------------------------------------------------------------+
 *
 * There is no version and no sender: a frame cannot say who sent it.
 */

/** What a frame is for, by Librecast's names; nearly every frame is `data`. */
export type LibrecastOperation = 'data' | 'ping' | 'pong' | 'get' | 'set' | 'del' | 'ret'

export interface LibrecastHeader {
  /** Nanoseconds since 1970 by the sender's clock. */
  readonly timestamp: bigint
  /** Counts the frames of a sender, which the frame does not name: not to be used to find gaps. */
  readonly sequence: bigint
  /** Tells apart frames that are otherwise equal. */
  readonly random: bigint
  readonly operation: LibrecastOperation
}

export interface LibrecastFrame {
  readonly header: LibrecastHeader
  readonly payload: Uint8Array
}

/** Why bytes are not a frame: too short, an unknown operation, or another length than said. */
export type FrameFault = 'short' | 'operation' | 'length'

export function encodeFrame({ header, payload }: LibrecastFrame): Uint8Array {
  const bytes = new Uint8Array(HEADER_SIZE + payload.length)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(TIMESTAMP, header.timestamp)
  view.setBigUint64(SEQUENCE, header.sequence)
  view.setBigUint64(RANDOM, header.random)
  view.setUint8(OPERATION, OPERATIONS.indexOf(header.operation))
  view.setBigUint64(LENGTH, BigInt(payload.length))
  bytes.set(payload, HEADER_SIZE)
  return bytes
}

/** Total: any bytes give a frame or the reason why not. The payload is a view into `bytes`. */
export function decodeFrame(bytes: Uint8Array): LibrecastFrame | FrameFault {
  if (bytes.length < HEADER_SIZE) return 'short'
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const operation = OPERATIONS[view.getUint8(OPERATION)]
  if (operation === undefined) return 'operation'
  if (view.getBigUint64(LENGTH) !== BigInt(bytes.length - HEADER_SIZE)) return 'length'
  const header = {
    timestamp: view.getBigUint64(TIMESTAMP),
    sequence: view.getBigUint64(SEQUENCE),
    random: view.getBigUint64(RANDOM),
    operation,
  }
  return { header, payload: bytes.subarray(HEADER_SIZE) }
}

export const HEADER_SIZE = 33

/** In the order of their codes. */
export const OPERATIONS: readonly LibrecastOperation[] = [
  'data',
  'ping',
  'pong',
  'get',
  'set',
  'del',
  'ret',
]

const TIMESTAMP = 0
const SEQUENCE = 8
const RANDOM = 16
const OPERATION = 24
const LENGTH = 25
