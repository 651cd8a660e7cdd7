/** Data bodies: records, fragments, fields that are skipped, and what is refused. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concat } from '../../../../bus/core/bytes.ts'
import { Writer } from '../../../../bus/core/wire/cursor.ts'
import {
  extrasSize,
  Codec,
  FRAGMENT_PREFIX_SIZE_MAX,
  LIFE_SIZE_MAX,
  PREFIX_SIZE_MAX,
  QUESTION_SIZE_MAX,
  readAssembled,
  readFragment,
  readRecords,
  recordSize,
  writeFragmentPrefix,
  writePrefix,
  writeRecord,
} from '../../../../bus/core/wire/record.ts'
import { varintSize } from '../../../../bus/core/wire/varint.ts'
import { counting, hex, unhex } from '../crypto.ts'
import { anyVarint } from './any.ts'

const anySentAt = fc.integer({ min: 0, max: 2 ** 48 - 1 })
const anyRecord = fc.record({
  codec: fc.constantFrom<number>(Codec.bytes, Codec.text, Codec.json, Codec.custom, 3),
  payload: fc.uint8Array({ maxLength: 100 }),
})

describe('a body of records', () => {
  it('survives the round trip in exactly the size that is counted', () => {
    const many = fc.array(anyRecord, { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(anyVarint, anySentAt, many, (index, sentAt, records) => {
        const writer = new Writer(2000)
        writePrefix(writer, index, sentAt)
        expect(writer.offset).toBeLessThanOrEqual(PREFIX_SIZE_MAX)
        for (const { codec, payload } of records) {
          const before = writer.offset
          writeRecord(writer, codec, payload)
          expect(writer.offset - before).toBe(recordSize(payload.length))
        }
        expect(readRecords(writer.written)).toEqual({ index, sentAt, records })
      }),
    )
  })

  it('carries a question and a life beside a payload, in no more than is counted', () => {
    const question = fc.uint8Array({ maxLength: QUESTION_SIZE_MAX })
    const life = fc.option(anyVarint, { nil: undefined })
    fc.assert(
      fc.property(anyRecord, question, life, ({ codec, payload }, asked, lifeMs) => {
        const writer = new Writer(1000)
        writePrefix(writer, 1, 2)
        const before = writer.offset
        writeRecord(writer, codec, payload, { lifeMs, question: asked })
        const size = recordSize(payload.length, { question: asked }) + LIFE_SIZE_MAX
        expect(writer.offset - before).toBeLessThanOrEqual(size)
        expect(extrasSize({ question: asked })).toBe(
          size - recordSize(payload.length) - LIFE_SIZE_MAX,
        )
        const read = { codec, payload, question: asked, ...(lifeMs !== undefined && { lifeMs }) }
        expect(readRecords(writer.written)?.records).toEqual([read])
        // In a large message it stands before the payload, as in a small one.
        const record = writer.written.subarray(before + varintSize(payload.length))
        expect(readAssembled(record)).toEqual(read)
      }),
    )
  })

  it('is refused with a question that is larger than one may be', () => {
    const body = (size: number): Uint8Array => {
      const writer = new Writer(1000)
      writePrefix(writer, 1, 2)
      writeRecord(writer, 0, counting(3), { question: new Uint8Array(size) })
      return writer.written
    }
    const [record] = readRecords(body(QUESTION_SIZE_MAX))!.records
    expect(record?.question).toHaveLength(QUESTION_SIZE_MAX)
    expect(readRecords(body(QUESTION_SIZE_MAX + 1))).toBeUndefined()
  })

  it('skips the fields of a record', () => {
    // index 5, sent at 1, payload of 2 with flags text | fields, 3 bytes of fields, "hi"
    const body = unhex('05' + '000000000001' + '02' + '09' + '03' + '3f0161' + '6869')
    const records = [{ codec: Codec.text, payload: unhex('6869') }]
    expect(readRecords(body)).toEqual({ index: 5, sentAt: 1, records })
  })

  it.each([
    ['no record', '05000000000001'],
    ['a flag that is reserved', '05000000000001' + '0010'],
    ['a payload beyond the end', '05000000000001' + '030061'],
    ['fields beyond the end', '05000000000001' + '000805ff'],
    ['a prefix that is cut', '050000000000'],
    ['nothing', ''],
  ])('is refused with %s', (_, text) => {
    expect(readRecords(unhex(text))).toBeUndefined()
  })

  it('is refused at a truncation anywhere inside a record', () => {
    const writer = new Writer(100)
    writePrefix(writer, 300, 1)
    const first = writer.offset + recordSize(4)
    writeRecord(writer, Codec.bytes, counting(4))
    writeRecord(writer, Codec.bytes, counting(5))
    for (let size = 0; size < writer.offset; size++) {
      const body = readRecords(writer.written.subarray(0, size))
      expect(body?.records.length).toBe(size === first ? 1 : undefined)
    }
  })

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (body) => {
        readRecords(body)
        readFragment(body)
        readAssembled(body)
      }),
      { numRuns: 5000 },
    )
  })
})

describe('a fragment', () => {
  it('survives the round trip', () => {
    fc.assert(
      fc.property(
        fc.tuple(anyVarint, anySentAt, fc.nat(2 ** 20), fc.nat(2 ** 20)),
        fc.uint8Array({ minLength: 1, maxLength: 100 }),
        ([index, sentAt, offset, rest], bytes) => {
          const fragment = { index, sentAt, offset, totalSize: offset + bytes.length + rest }
          const writer = new Writer(200)
          writeFragmentPrefix(writer, fragment)
          expect(writer.offset).toBeLessThanOrEqual(FRAGMENT_PREFIX_SIZE_MAX)
          expect(readFragment(writer.put(bytes).written)).toEqual({ ...fragment, bytes })
        },
      ),
    )
  })

  it('is refused when it is empty or passes the size of its message', () => {
    const at = (offset: number, size: number): Uint8Array => {
      const writer = new Writer(100)
      writeFragmentPrefix(writer, { index: 1, sentAt: 1, totalSize: 10, offset })
      return writer.put(counting(size)).written
    }
    expect(readFragment(at(0, 10))).toBeDefined()
    expect(readFragment(at(0, 11))).toBeUndefined()
    expect(readFragment(at(9, 1))).toBeDefined()
    expect(readFragment(at(9, 2))).toBeUndefined()
    expect(readFragment(at(3, 0))).toBeUndefined()
    expect(readFragment(at(2 ** 40, 1))).toBeUndefined()
  })
})

describe('an assembled record', () => {
  it('is its flags, its fields and its payload to the end', () => {
    expect(readAssembled(unhex('02' + '7b7d'))).toEqual({
      codec: Codec.json,
      payload: unhex('7b7d'),
    })
    const fields = concat(unhex('0a' + '02' + '3f00'), counting(3))
    const record = readAssembled(fields)
    expect([record?.codec, hex(record!.payload)]).toEqual([Codec.json, '000102'])
  })

  it('is refused when it is empty, or its flags or fields are not right', () => {
    for (const text of ['', '10', '0805ff', '08']) {
      expect(readAssembled(unhex(text))).toBeUndefined()
    }
  })
})
