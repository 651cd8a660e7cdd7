/** Questions and what calls them off: round trip, bounds, what is malformed. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concat } from '../../../../bus/core/bytes.ts'
import {
  type Ask,
  AskFlag,
  type Cancel,
  readQuestion,
  WANTED_MAX,
  writeQuestion,
} from '../../../../bus/core/wire/question.ts'
import { VARINT_MAX } from '../../../../bus/core/wire/varint.ts'
import { unhex } from '../crypto.ts'
import { anyUint64, anyVarint } from './any.ts'

const plain: Ask = { type: 'ask', id: 1, flags: 0, timeoutMs: 5000, spreadMs: 0, wanted: [] }
const anyId = anyVarint.map((id) => Math.max(1, id))
const anyAsk: fc.Arbitrary<Ask> = fc.record({
  type: fc.constant('ask' as const),
  id: anyId,
  flags: fc.nat(255),
  timeoutMs: anyVarint,
  spreadMs: anyVarint,
  wanted: fc.array(anyUint64, { maxLength: WANTED_MAX }),
})
const anyCancel: fc.Arbitrary<Cancel> = fc.record({
  type: fc.constant('cancel' as const),
  id: anyId,
})

describe('a question', () => {
  it('survives the round trip, and so does what calls it off', () => {
    fc.assert(
      fc.property(fc.oneof(anyAsk, anyCancel), (question) => {
        expect(readQuestion(writeQuestion(question))).toEqual(question)
      }),
    )
  })

  it('has the bytes of the diagram', () => {
    const question = { ...plain, id: 70, flags: AskFlag.first, spreadMs: 20, wanted: [5n] }
    const wanted = '01' + '0000000000000005'
    expect(writeQuestion(question)).toEqual(unhex('00' + '4046' + '01' + '5388' + '14' + wanted))
    expect(writeQuestion({ type: 'cancel', id: 70 })).toEqual(unhex('01' + '4046'))
  })

  it('fits the field with as many names as it may have, and is refused with one more', () => {
    const most = { ...plain, id: VARINT_MAX, timeoutMs: VARINT_MAX, spreadMs: VARINT_MAX }
    const wanted = Array.from({ length: WANTED_MAX }, (_, i) => 2n ** 63n + BigInt(i))
    expect(writeQuestion({ ...most, wanted }).length).toBeLessThanOrEqual(512)
    expect(readQuestion(writeQuestion({ ...most, wanted }))).toEqual({ ...most, wanted })
    const bytes = writeQuestion({ ...plain, wanted })
    const at = bytes.length - 8 * WANTED_MAX - 1
    const more = concat(bytes, new Uint8Array(8))
    more[at] = WANTED_MAX + 1
    expect(readQuestion(more)).toBe(undefined)
  })

  it('is refused when it is cut anywhere', () => {
    const bytes = writeQuestion({ ...plain, wanted: [1n, 2n] })
    for (let size = 0; size < bytes.length; size++) {
      expect(readQuestion(bytes.subarray(0, size))).toBe(undefined)
    }
  })

  it('is refused with the id 0 and with a type that nobody knows', () => {
    expect(readQuestion(writeQuestion({ ...plain, id: 0 }))).toBe(undefined)
    expect(readQuestion(unhex('0201'))).toBe(undefined)
  })

  it('may carry more than this version knows', () => {
    expect(readQuestion(concat(writeQuestion(plain), Uint8Array.of(1, 2)))).toEqual(plain)
  })
})
