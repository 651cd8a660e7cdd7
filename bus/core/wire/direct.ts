/**
 * The body of a direct packet: an answer, or a piece of one, to the one who has asked.
 *
 *     direct     varint id | varint previous | varint total size | varint offset | bytes
 *
 * `id` counts the answers of an instance from 1, `previous` is the one before to the same asker;
 * 0: there is none that the asker could still wait for. In the header, `stream` is the asker's
 * stream that the question came by, and `number` counts all direct packets of the answering
 * instance. With the flag `givenUp` nothing will come of this answer, and no bytes follow.
 */
import { Reader, type Writer } from './cursor.ts'
import type { Header } from './packet.ts'

export const DirectFlag = {
  /** The answer does not come any more: those behind it need not wait. */
  givenUp: 1,
} as const

/** Bytes that open the body, at most. */
export const DIRECT_PREFIX_SIZE_MAX: number = 4 * 8
/** Each piece but the last has so many bytes: no answer can be cut into a crowd of crumbs. */
export const PIECE_SIZE_MIN = 256

export interface DirectBody {
  readonly id: number
  readonly previous: number
  readonly totalSize: number
  readonly offset: number
  readonly bytes: Uint8Array
}

export function writeDirect(writer: Writer, direct: DirectBody): Uint8Array {
  writer.varint(direct.id).varint(direct.previous)
  writer.varint(direct.totalSize).varint(direct.offset)
  return writer.put(direct.bytes).written
}

/** What a body says in a packet with that header, or `undefined` when the bytes are malformed. */
export function readDirect(
  body: Uint8Array,
  { flags }: Pick<Header, 'flags'>,
): DirectBody | undefined {
  const reader = new Reader(body)
  const id = reader.varint()
  const previous = reader.varint()
  const totalSize = reader.varint()
  const offset = reader.varint()
  const bytes = reader.take(reader.left)
  const end = offset + bytes.length
  if (reader.failed || id <= previous || end > totalSize) return undefined
  if (flags & ~DirectFlag.givenUp) return undefined
  if (flags & DirectFlag.givenUp && totalSize > 0) return undefined
  const isCrumb = end < totalSize && bytes.length < PIECE_SIZE_MIN
  if (isCrumb || (bytes.length === 0 && totalSize > 0)) return undefined
  return { id, previous, totalSize, offset, bytes }
}
