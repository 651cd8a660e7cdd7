/**
 * The page of an epoch: who is to have its key, signed by the realm's owner.
 *
 *     head      varint epoch | uint8 flags (bit 0: at once) | varint made at, s since 1970
 *               box key (32) | varint body size | n x part hash (16) | signature (64)
 *     body      varint n, n x revoked member (8) | varint n, n x varint revoked serial
 *               varint n, n x (member (8) | block box)
 *
 * The signature covers "sixcast/1/epoch", the realm's id and the head before the signature. The
 * body travels in parts of 1,100 bytes, each of which has its hash in the head: SHA-512, first 16
 * bytes. A member is the first 8 bytes of SHA-512 of an identity. A box holds a secret (seal/epoch-secret.ts), in NaCl's
 * crypto_box from the box key to the X25519 form of the member's identity, with a nonce of zeros:
 * the box key is that of one page, so each pair of keys seals once.
 */
import { Reader, Writer } from './cursor.ts'

const KEY_SIZE = 32
const SIGNATURE_SIZE = 64
const HASH_SIZE = 16
const MEMBER_SIZE = 8
/** Bytes of the body in each part but the last. */
export const PART_SIZE = 1100
/** Most parts: their hashes fit one packet with the rest of the head. */
export const PARTS_MAX = 60
/** Room for the boxes of about a thousand members. */
export const PAGE_BODY_SIZE_MAX: number = PART_SIZE * PARTS_MAX
const HEAD_SIZE_MAX = 3 * 8 + 1 + KEY_SIZE + PARTS_MAX * HASH_SIZE + SIGNATURE_SIZE
const BOX_SIZE_MAX = 4096
export const EPOCH_MAX = 0xffff

export const PageFlag = {
  /** Nothing of the epochs before is sealed or opened any more. */
  atOnce: 1,
} as const

/** What hashes, by SHA-512. */
export interface Hashing {
  hash(data: Uint8Array): Uint8Array
}

export interface PageHead {
  readonly epoch: number
  readonly flags: number
  readonly madeAt: number
  readonly boxKey: Uint8Array
  readonly size: number
  readonly hashes: readonly Uint8Array[]
}

export interface SignedPageHead {
  readonly head: PageHead
  readonly signed: Uint8Array
  readonly signature: Uint8Array
}

export interface PageBody {
  readonly members: readonly Uint8Array[]
  readonly serials: readonly number[]
  readonly boxes: readonly { readonly member: Uint8Array; readonly box: Uint8Array }[]
}

/** The head without its signature. */
export function writePageHead(head: PageHead): Uint8Array {
  const writer = new Writer(HEAD_SIZE_MAX).varint(head.epoch).uint8(head.flags)
  writer.varint(head.madeAt).put(head.boxKey).varint(head.size)
  for (const hash of head.hashes) writer.put(hash)
  return writer.written.slice()
}

export function readPageHead(bytes: Uint8Array): SignedPageHead | undefined {
  const reader = new Reader(bytes)
  const epoch = reader.varint()
  const flags = reader.uint8()
  const madeAt = reader.varint()
  const boxKey = reader.take(KEY_SIZE)
  const size = reader.varint()
  if (epoch < 1 || epoch > EPOCH_MAX || flags > PageFlag.atOnce) return undefined
  if (size < 1 || size > PAGE_BODY_SIZE_MAX) return undefined
  const hashes: Uint8Array[] = []
  for (let i = 0; i < partCount(size); i++) hashes.push(reader.take(HASH_SIZE))
  const signed = bytes.subarray(0, reader.offset)
  const signature = reader.take(SIGNATURE_SIZE)
  if (reader.failed || reader.left > 0) return undefined
  return { head: { epoch, flags, madeAt, boxKey, size, hashes }, signed, signature }
}

export function writePageBody({ members, serials, boxes }: PageBody): Uint8Array {
  const sizes = boxes.reduce((size, { box }) => size + MEMBER_SIZE + 8 + box.length, 0)
  const writer = new Writer(24 + members.length * MEMBER_SIZE + serials.length * 8 + sizes)
  writer.varint(members.length)
  for (const member of members) writer.put(member)
  writer.varint(serials.length)
  for (const serial of serials) writer.varint(serial)
  writer.varint(boxes.length)
  for (const { member, box } of boxes) writer.put(member).block(box)
  return writer.written
}

export function readPageBody(bytes: Uint8Array): PageBody | undefined {
  const reader = new Reader(bytes)
  const members = listOf(reader, MEMBER_SIZE, () => reader.take(MEMBER_SIZE))
  const serials = listOf(reader, 1, () => reader.varint())
  const boxes = listOf(reader, MEMBER_SIZE + 1, () => {
    return { member: reader.take(MEMBER_SIZE), box: reader.block(BOX_SIZE_MAX) }
  })
  return reader.failed || reader.left > 0 ? undefined : { members, serials, boxes }
}

/** Head and body in one, as a file holds a page. */
export function joinPage(head: Uint8Array, body: Uint8Array): Uint8Array {
  return new Writer(8 + head.length + body.length).block(head).put(body).written
}

export function splitPage(
  page: Uint8Array,
): { readonly head: Uint8Array; readonly body: Uint8Array } | undefined {
  const reader = new Reader(page)
  const head = reader.block(HEAD_SIZE_MAX)
  return reader.failed ? undefined : { head, body: reader.take(reader.left) }
}

function partCount(size: number): number {
  return Math.ceil(size / PART_SIZE)
}

export function partsOf(body: Uint8Array): Uint8Array[] {
  return Array.from({ length: partCount(body.length) }, (_, i) => {
    return body.slice(i * PART_SIZE, (i + 1) * PART_SIZE)
  })
}

export function hashOfPart(crypto: Hashing, part: Uint8Array): Uint8Array {
  return crypto.hash(part).slice(0, HASH_SIZE)
}

/** How a page names an identity. */
export function memberOf(crypto: Hashing, identity: Uint8Array): Uint8Array {
  return crypto.hash(identity).slice(0, MEMBER_SIZE)
}

export function listOf<T>(reader: Reader, sizeMin: number, read: () => T): T[] {
  const count = reader.count(sizeMin)
  const list: T[] = []
  for (let i = 0; i < count && !reader.failed; i++) list.push(read())
  return list
}
