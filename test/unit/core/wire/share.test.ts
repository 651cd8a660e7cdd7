/** The fields of shared streams: round trip in the size that is counted, and what is refused. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concat } from '../../../../bus/core/bytes.ts'
import { Reader, Writer } from '../../../../bus/core/wire/cursor.ts'
import {
  LIFE_SIZE_MAX,
  readAssembled,
  readRecords,
  recordSize,
  writePrefix,
  writeRecord,
} from '../../../../bus/core/wire/record.ts'
import { GROUPS_MAX, readChosen, writeChosen } from '../../../../bus/core/wire/share.ts'
import { varintSize } from '../../../../bus/core/wire/varint.ts'
import { counting, unhex } from '../crypto.ts'
import { anyVarint } from './any.ts'

const place = fc.record({ number: anyVarint, seat: anyVarint })

describe('the fields of a shared stream', () => {
  it('stand beside all others, in no more than is counted', () => {
    const chosen = fc.array(place, { maxLength: GROUPS_MAX })
    const option = fc.option(anyVarint, { nil: undefined })
    const asked = fc.option(fc.uint8Array({ maxLength: 512 }), { nil: undefined })
    fc.assert(
      fc.property(
        fc.record({ some: chosen, again: option, lifeMs: option, question: asked }),
        (given) => {
          const { some, again, lifeMs, question } = given
          const writer = new Writer(2000)
          writePrefix(writer, 1, 2)
          const before = writer.offset
          const extras = { chosen: writeChosen(some), again, question }
          writeRecord(writer, 0, counting(5), { ...extras, lifeMs })
          const size = recordSize(5, extras) + LIFE_SIZE_MAX
          expect(writer.offset - before).toBeLessThanOrEqual(size)
          const read = readRecords(writer.written)!.records[0]!
          expect(read).toEqual({
            codec: 0,
            payload: counting(5),
            chosen: some,
            ...(again !== undefined && { again }),
            ...(lifeMs !== undefined && { lifeMs }),
            ...(question && { question }),
          })
          const record = writer.written.subarray(before + varintSize(5))
          expect(readAssembled(record)).toEqual(read)
        },
      ),
    )
  })

  it('name 16 groups at most, and no half of a place', () => {
    const many = (count: number): Uint8Array =>
      writeChosen(Array.from({ length: count }, (_, i) => ({ number: i + 1, seat: 1 })))
    const read = (bytes: Uint8Array): boolean => {
      const reader = new Reader(bytes)
      readChosen(reader)
      return !reader.failed
    }
    expect([read(many(GROUPS_MAX)), read(many(GROUPS_MAX + 1))]).toEqual([true, false])
    expect(read(concat(many(1), unhex('02')))).toBe(false)
  })
})
