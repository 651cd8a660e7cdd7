/** What is said about files: read back as it was written, and refused when it is anything else. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  answered,
  chunkOf,
  LACKS_MAX,
  type Offer,
  spoken,
  type Status,
} from '../../../../bus/io/files/wire.ts'

const file = 'ab'.repeat(16)
const hash = 'cd'.repeat(32)
const offer: Offer = { type: 'file-offer', file, name: 'x', size: 5, mark: 1, hash }
const status: Status = {
  type: 'file-status',
  to: '00000000000000aa',
  file,
  mark: 1,
  receiver: 'ef'.repeat(16),
  state: 'taking',
  has: 1,
  lacks: [{ from: 1, to: 5 }],
  reason: 'none',
}

describe('what senders and receivers say', () => {
  it('is read as it was written', () => {
    expect(spoken(JSON.stringify(offer))).toEqual(offer)
    const { hash: _, ...early } = offer
    expect(spoken(JSON.stringify(early))).toEqual(early)
    const end = { type: 'file-end', file, spoilt: true }
    expect(spoken(JSON.stringify(end))).toEqual(end)
    expect(answered(JSON.stringify(status))).toEqual(status)
    const bytes = Uint8Array.of(1, 2, 3)
    const offset = Number.MAX_SAFE_INTEGER
    expect(spoken(chunkOf(file, offset, bytes))).toEqual({
      type: 'file-chunk',
      file,
      offset,
      bytes,
    })
  })

  it.each([
    { size: -1 },
    { size: 1.5 },
    { size: 2 ** 53 },
    { mark: '1' },
    { file: 'AB'.repeat(16) },
    { file: '../../etc/passwd' },
    { hash: 'x' },
    { name: 5 },
    { name: 'x'.repeat(1025) },
    { type: 'file-offers' },
  ])('is no offer with %o', (wrong) => {
    expect(spoken(JSON.stringify({ ...offer, ...wrong }))).toBeUndefined()
  })

  it.each([
    { receiver: '' },
    { state: 'gone' },
    { has: null },
    { lacks: {} },
    { lacks: [{ from: 0 }] },
    { lacks: [{ from: -1, to: 5 }] },
    { to: 5 },
  ])('is no status with %o', (wrong) => {
    expect(answered(JSON.stringify({ ...status, ...wrong }))).toBeUndefined()
  })

  it('names so many ranges and not one more', () => {
    const lacks = Array.from({ length: LACKS_MAX }, (_, i) => ({ from: 2 * i, to: 2 * i + 1 }))
    expect(answered(JSON.stringify({ ...status, lacks }))?.lacks).toHaveLength(LACKS_MAX)
    lacks.push({ from: 999, to: 1000 })
    expect(answered(JSON.stringify({ ...status, lacks }))).toBeUndefined()
  })

  it('never throws, whatever comes', () => {
    const torn = fc.string().map((text) => `{"type":"file-${text}`)
    const chunk = fc.uint8Array().map((bytes) => Uint8Array.of(0x73, 0x78, 0x66, 0x31, ...bytes))
    fc.assert(
      fc.property(fc.oneof(fc.anything(), torn, chunk), (value) => {
        expect(answered(value)).toBeUndefined()
        const said = spoken(value)
        expect(said === undefined || said.type === 'file-chunk').toBe(true)
      }),
    )
  })
})
