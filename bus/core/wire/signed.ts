/**
 * Signed packets: what proves a packet to be its sender's own, and not another member's.
 *
 *     signed body   signature (64) | varint n | n x leaf (16) | content
 *     digest        SHA-512(instance (8) | stream (4) | number (6) | flags (1) | rest of the body)
 *     leaf          the first 16 bytes of a digest
 *
 * The rest is all of an unsigned body, or what stands behind the signature of a signed one. The
 * signature covers the packet's own digest, and so the leaves: those of the n packets before it.
 * The content is what a body without signature holds; only a packet with leaves may have none.
 *
 * The digest is one of the plain text and knows no epoch: sealed anew, a packet keeps its proof.
 */
import { Reader, Writer } from './cursor.ts'
import { varintSize } from './varint.ts'

export const PACKET_SIGNATURE_SIZE = 64
export const LEAF_SIZE = 16
/** Packets that one signature may vouch for besides its own. */
export const LEAVES_MAX = 64
/** What a signature without leaves takes of a body. */
export const SIGNED_ROOM: number = PACKET_SIGNATURE_SIZE + 1

export interface SignedBody {
  readonly signature: Uint8Array
  /** Of the packets right before this one, in order. */
  readonly leaves: readonly Uint8Array[]
  readonly content: Uint8Array
}

/** Where a packet stands, and what of its header is proven. */
export interface PacketPlace {
  readonly instance: bigint
  readonly stream: number
  readonly number: number
  readonly flags: number
}

/** What a digest is made of. */
export function digestInput(place: PacketPlace, rest: Uint8Array): Uint8Array {
  const writer = new Writer(PLACE_SIZE + rest.length)
  writer.uint64(place.instance).uint32(place.stream).uint48(place.number).uint8(place.flags)
  return writer.put(rest).written
}

/** A signed body without its signature. */
export function writeSigned(leaves: readonly Uint8Array[], content: Uint8Array): Uint8Array {
  const { length } = leaves
  const writer = new Writer(varintSize(length) + length * LEAF_SIZE + content.length).varint(length)
  for (const leaf of leaves) writer.put(leaf)
  return writer.put(content).written
}

/** A signed body, or `undefined` when the bytes are malformed. */
export function readSigned(body: Uint8Array): SignedBody | undefined {
  const reader = new Reader(body)
  const signature = reader.take(PACKET_SIGNATURE_SIZE)
  const count = reader.count(LEAF_SIZE)
  if (count > LEAVES_MAX) return undefined
  const leaves = Array.from({ length: count }, () => reader.take(LEAF_SIZE))
  const content = reader.take(reader.left)
  if (reader.failed || (count === 0 && content.length === 0)) return undefined
  return { signature, leaves, content }
}

/** Whether two digests or leaves stand for the same packet. */
export function sameLeaf(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < LEAF_SIZE; i++) if (a[i] !== b[i]) return false
  return true
}

const PLACE_SIZE = 8 + 4 + 6 + 1
