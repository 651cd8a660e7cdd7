/** Pages on the wire: strict, and bounded before anything is kept. */
import { describe, expect, it } from 'vitest'
import { readSecret, writeSecret } from '../../../../bus/core/seal/epoch-secret.ts'
import {
  joinPage,
  PAGE_BODY_SIZE_MAX,
  type PageBody,
  type PageHead,
  partsOf,
  PART_SIZE,
  PARTS_MAX,
  readPageBody,
  readPageHead,
  splitPage,
  writePageBody,
  writePageHead,
} from '../../../../bus/core/wire/page.ts'
import { type PageTalk, readPageTalk, writePageTalk } from '../../../../bus/core/wire/page-talk.ts'
import { concat } from '../../../../bus/core/bytes.ts'
import { counting } from '../crypto.ts'

const signature = counting(64)

function headOf(size: number, more: Partial<PageHead> = {}): Uint8Array {
  const hashes = Array.from({ length: Math.ceil(size / PART_SIZE) }, (_, i) => counting(16, i))
  const head = { epoch: 1, flags: 1, madeAt: 1.7e9, boxKey: counting(32), size, hashes, ...more }
  return concat(writePageHead(head), signature)
}

describe('the head of a page', () => {
  it.each([1, PART_SIZE, PART_SIZE + 1, PAGE_BODY_SIZE_MAX])('of %i bytes comes back', (size) => {
    const bytes = headOf(size)
    const { head, signature: read } = readPageHead(bytes)!
    expect([head.size, head.hashes.length]).toEqual([size, Math.ceil(size / PART_SIZE)])
    expect(read).toEqual(signature)
    // It fits a control packet, and no other bytes are it.
    expect(bytes.length).toBeLessThanOrEqual(1189)
    for (const cut of [0, 1, 40, bytes.length - 1]) {
      expect(readPageHead(bytes.slice(0, cut))).toBeUndefined()
    }
    expect(readPageHead(concat(bytes, Uint8Array.of(0)))).toBeUndefined()
  })

  it.each([
    ['epoch 0', { epoch: 0 }],
    ['an epoch beyond 16 bits', { epoch: 65_536 }],
    ['unknown flags', { flags: 2 }],
    ['no body', { size: 0, hashes: [] }],
    ['a body beyond the bound', { size: PAGE_BODY_SIZE_MAX + 1 }],
    ['too few hashes', { hashes: [] }],
  ])('with %s is none', (_what, more) => {
    expect(readPageHead(headOf(100, more))).toBeUndefined()
  })
})

describe('the body of a page', () => {
  const body: PageBody = {
    members: [counting(8), counting(8, 9)],
    serials: [0, 2 ** 48 - 1],
    boxes: [{ member: counting(8, 3), box: counting(49) }],
  }

  it('comes back, and is none when it is cut or longer', () => {
    const bytes = writePageBody(body)
    expect(readPageBody(bytes)).toEqual(body)
    for (let cut = 0; cut < bytes.length; cut++) {
      expect(readPageBody(bytes.slice(0, cut))).toBeUndefined()
    }
    expect(readPageBody(concat(bytes, Uint8Array.of(0)))).toBeUndefined()
  })

  it('is cut into parts, and kept with its head', () => {
    const bytes = counting(2 * PART_SIZE + 1)
    expect(partsOf(bytes).map(({ length }) => length)).toEqual([PART_SIZE, PART_SIZE, 1])
    const head = headOf(bytes.length)
    expect(splitPage(joinPage(head, bytes))).toEqual({ head, body: bytes })
    expect(splitPage(Uint8Array.of(0x7f, 0xff))).toBeUndefined()
  })

  it('claims no more entries than it has bytes for', () => {
    expect(readPageBody(Uint8Array.of(0xbf, 0xff, 0xff, 0xff))).toBeUndefined()
  })
})

describe('what is said about pages', () => {
  const talks: readonly PageTalk[] = [
    { type: 'ask', epoch: 3, page: 5n, wanted: [0, 1, PARTS_MAX - 1] },
    { type: 'head', head: headOf(100) },
    { type: 'part', page: 2n ** 64n - 1n, index: 3, part: counting(PART_SIZE) },
  ]

  it.each(talks)('comes back: $type', (talk) => {
    const body = writePageTalk(talk)
    expect(readPageTalk(body)).toEqual(talk)
    expect(body.length).toBeLessThanOrEqual(1190)
  })

  it.each([
    ['nothing', new Uint8Array(0)],
    ['an unknown type', counting(1190, 9)],
    ['a short ask', writePageTalk(talks[0]!).slice(0, 1189)],
    ['an empty part', writePageTalk(talks[2]!).slice(0, 10)],
    ['a part too long', concat(writePageTalk(talks[2]!), Uint8Array.of(0))],
  ])('is not %s', (_what, body) => {
    expect(readPageTalk(body)).toBeUndefined()
  })
})

describe('the secret of an epoch', () => {
  const guest = { control: counting(32), topics: [{ prefix: 'hall/3', key: counting(32, 7) }] }

  it.each([[{ key: counting(32) }], [guest]])('comes back', (secret) => {
    const bytes = writeSecret(secret)
    expect(readSecret(bytes)).toEqual(secret)
    for (let cut = 0; cut < bytes.length; cut++) {
      expect(readSecret(bytes.slice(0, cut))).toBeUndefined()
    }
    expect(readSecret(concat(bytes, Uint8Array.of(0)))).toBeUndefined()
  })

  it('has topics that are some', () => {
    expect(readSecret(writeSecret({ ...guest, topics: [] }))).toBeUndefined()
    const topics = [{ prefix: 'a//b', key: counting(32) }]
    expect(readSecret(writeSecret({ ...guest, topics }))).toBeUndefined()
  })
})
