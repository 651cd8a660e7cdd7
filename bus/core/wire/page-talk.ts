/**
 * What peers say to each other about pages: packets of kind 6, one record each.
 *
 *     ask     01 | varint epoch | page (8) | uint64 parts wanted | zeros up to a full packet
 *     head    02 | the head of a page
 *     part    03 | page (8) | uint8 index | the part
 *
 * `epoch` is the newest that the asker knows, `page` the first 8 bytes of SHA-512 of a head without
 * its signature, zeros: none. Bit i, from the lowest: part i is wanted.
 *
 * An ask is as large as an answer, so whoever sends one, or sends it again, gets little for it.
 */
import { Reader, Writer } from './cursor.ts'
import { PART_SIZE, PARTS_MAX } from './page.ts'

/** Size of an ask: that of the largest body of a control packet. */
const ASK_SIZE = 1190
const PAGE_ID_SIZE = 8

export type PageTalk =
  | {
      readonly type: 'ask'
      readonly epoch: number
      readonly page: bigint
      readonly wanted: readonly number[]
    }
  | { readonly type: 'head'; readonly head: Uint8Array }
  | {
      readonly type: 'part'
      readonly page: bigint
      readonly index: number
      readonly part: Uint8Array
    }

export function writePageTalk(talk: PageTalk): Uint8Array {
  if (talk.type === 'head') {
    return new Writer(1 + talk.head.length).uint8(2).put(talk.head).written
  }
  if (talk.type === 'part') {
    const writer = new Writer(2 + PAGE_ID_SIZE + talk.part.length).uint8(3).uint64(talk.page)
    return writer.uint8(talk.index).put(talk.part).written
  }
  const bits = talk.wanted.reduce((sum, index) => sum | (1n << BigInt(index)), 0n)
  const writer = new Writer(ASK_SIZE).uint8(1).varint(talk.epoch).uint64(talk.page).uint64(bits)
  return writer.bytes
}

export function readPageTalk(body: Uint8Array): PageTalk | undefined {
  const reader = new Reader(body)
  switch (reader.uint8()) {
    case 1: {
      const [epoch, page, bits] = [reader.varint(), reader.uint64(), reader.uint64()]
      if (reader.failed || body.length !== ASK_SIZE) return undefined
      const wanted: number[] = []
      for (let i = 0; i < PARTS_MAX; i++) if ((bits >> BigInt(i)) & 1n) wanted.push(i)
      return { type: 'ask', epoch, page, wanted }
    }
    case 2:
      return { type: 'head', head: reader.take(reader.left) }
    case 3: {
      const [page, index] = [reader.uint64(), reader.uint8()]
      const part = reader.take(reader.left)
      const good = !reader.failed && part.length > 0 && part.length <= PART_SIZE
      return good && index < PARTS_MAX ? { type: 'part', page, index, part } : undefined
    }
    default:
      return undefined
  }
}
