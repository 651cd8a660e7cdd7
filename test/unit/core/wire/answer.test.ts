/** Answers: round trip, bounds, what is malformed. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concat } from '../../../../bus/core/bytes.ts'
import { utf8 } from '../../../../bus/core/text.ts'
import {
  type Answer,
  CODE_SIZE_MAX,
  ERROR_SIZE_MAX,
  readAnswer,
  writeAnswer,
} from '../../../../bus/core/wire/answer.ts'
import { Writer } from '../../../../bus/core/wire/cursor.ts'
import { unhex } from '../crypto.ts'
import { anyVarint } from './any.ts'

const place = { id: anyVarint, sequence: anyVarint }
const anyAnswer: fc.Arbitrary<Answer> = fc.oneof(
  fc.record({
    ...place,
    kind: fc.constantFrom('value' as const, 'part' as const),
    codec: fc.nat(255),
    payload: fc.uint8Array({ maxLength: 40 }),
  }),
  fc.record({ ...place, kind: fc.constantFrom('end' as const, 'none' as const, 'busy' as const) }),
  fc.record({
    ...place,
    kind: fc.constant('error' as const),
    code: fc.uint8Array({ maxLength: CODE_SIZE_MAX }),
    message: fc.uint8Array({ maxLength: 40 }),
  }),
)

const errorOf = (code: string, message: string): Answer => {
  return { id: 1, sequence: 0, kind: 'error', code: utf8(code), message: utf8(message) }
}

describe('an answer', () => {
  it('survives the round trip', () => {
    fc.assert(
      fc.property(anyAnswer, (answer) => {
        expect(readAnswer(writeAnswer(answer))).toEqual(answer)
      }),
    )
  })

  it('has the bytes of the diagram', () => {
    const value = { id: 70, sequence: 2, kind: 'part', codec: 1, payload: utf8('on') } as const
    expect(writeAnswer(value)).toEqual(unhex('4046' + '01' + '02' + '01' + '6f6e'))
    expect(writeAnswer(errorOf('NO', 'no lamp'))).toEqual(
      unhex('01' + '03' + '00' + '024e4f' + '6e6f206c616d70'),
    )
    expect(writeAnswer({ id: 1, sequence: 3, kind: 'end' })).toEqual(unhex('010203'))
  })

  it('is refused when it is cut before its payload', () => {
    const answers: readonly Answer[] = [
      { id: 70, sequence: 2, kind: 'value', codec: 1, payload: new Uint8Array(0) },
      { id: 70, sequence: 2, kind: 'end' },
      errorOf('NO', ''),
    ]
    for (const bytes of answers.map(writeAnswer)) {
      expect(readAnswer(bytes)).toBeDefined()
      for (let size = 0; size < bytes.length; size++) {
        expect(readAnswer(bytes.subarray(0, size))).toBe(undefined)
      }
    }
  })

  it('is refused with a kind that nobody knows', () => {
    expect(readAnswer(unhex('010600'))).toBe(undefined)
  })

  it('is refused with one byte of code or of message more than there may be', () => {
    const long = (codeSize: number, messageSize: number): Uint8Array => {
      const head = new Writer(200).varint(1).uint8(3).varint(0)
      return concat(head.block(new Uint8Array(codeSize)).written, new Uint8Array(messageSize))
    }
    expect(readAnswer(long(CODE_SIZE_MAX, ERROR_SIZE_MAX))).toBeDefined()
    expect(readAnswer(long(CODE_SIZE_MAX + 1, 0))).toBe(undefined)
    expect(readAnswer(long(1, ERROR_SIZE_MAX + 1))).toBe(undefined)
  })
})
