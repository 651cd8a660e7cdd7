/** Questions for variables and the parts of their answers: round trip, bounds, what is malformed. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { utf8 } from '../../../../bus/core/text.ts'
import {
  ASKED_TAGS_MAX,
  type Entry,
  entrySize,
  type Part,
  PATTERNS_MAX,
  type ReadAsk,
  readPart,
  readReadAsk,
  readWriteAsk,
  writePart,
  type WriteAsk,
  writeReadAsk,
  writeWriteAsk,
} from '../../../../bus/core/wire/variables.ts'
import { unhex } from '../crypto.ts'
import { anyVarint } from './any.ts'

const bytes = (maxLength: number) => fc.uint8Array({ maxLength })
const anyAsk: fc.Arbitrary<ReadAsk> = fc.record({
  watch: fc.boolean(),
  ms: anyVarint,
  patterns: fc.array(bytes(255), { minLength: 1, maxLength: PATTERNS_MAX }),
  tags: fc.array(bytes(32), { maxLength: ASKED_TAGS_MAX }),
})
const anyEntry: fc.Arbitrary<Entry> = fc.oneof(
  fc.record({
    name: bytes(255),
    kind: fc.constant('value' as const),
    version: anyVarint,
    ageMs: anyVarint,
    codec: fc.nat(255),
    payload: bytes(300),
  }) as fc.Arbitrary<Entry>,
  fc.record({
    name: bytes(255),
    kind: fc.constant('fault' as const),
    code: bytes(64),
    message: bytes(1024),
  }),
  fc.record({ name: bytes(255), kind: fc.constant('gone' as const) }),
)
const anyPart: fc.Arbitrary<Part> = fc.record({
  more: fc.boolean(),
  entries: fc.array(anyEntry, { maxLength: 5 }),
})

const ask: ReadAsk = { watch: false, ms: 2500, patterns: [utf8('load')], tags: [utf8('role=web')] }
const value: Entry = {
  name: utf8('load'),
  kind: 'value',
  version: 3,
  ageMs: 70,
  codec: 2,
  payload: utf8('0.5'),
}

describe('a question for variables', () => {
  it('survives the round trip', () => {
    fc.assert(
      fc.property(anyAsk, (one) => {
        expect(readReadAsk(writeReadAsk(one))).toEqual(one)
      }),
    )
  })

  it('has the bytes of the diagram', () => {
    const role = '08' + '726f6c653d776562'
    expect(writeReadAsk(ask)).toEqual(unhex('00' + '49c4' + '01' + '046c6f6164' + '01' + role))
  })

  it('is refused when it is cut anywhere, asks for nothing, or for what is not known', () => {
    const whole = writeReadAsk(ask)
    for (let size = 0; size < whole.length; size++) {
      expect(readReadAsk(whole.subarray(0, size))).toBe(undefined)
    }
    expect(readReadAsk(writeReadAsk({ ...ask, patterns: [] }))).toBe(undefined)
    expect(readReadAsk(Uint8Array.of(3, ...whole.subarray(1)))).toBe(undefined)
  })

  it('is refused beyond its bounds', () => {
    const many = (count: number) => Array.from({ length: count }, () => utf8('a'))
    const at = { ...ask, patterns: many(PATTERNS_MAX), tags: many(ASKED_TAGS_MAX) }
    expect(readReadAsk(writeReadAsk(at))).toEqual(at)
    for (const over of [
      { ...ask, patterns: many(PATTERNS_MAX + 1) },
      { ...ask, tags: many(ASKED_TAGS_MAX + 1) },
      { ...ask, patterns: [new Uint8Array(256)] },
      { ...ask, tags: [new Uint8Array(33)] },
    ]) {
      expect(readReadAsk(writeReadAsk(over))).toBe(undefined)
    }
  })
})

describe('what asks to set one', () => {
  const anyWrite: fc.Arbitrary<WriteAsk> = fc.record({
    name: bytes(255),
    version: anyVarint,
    codec: fc.nat(255),
    payload: bytes(300),
  })

  it('survives the round trip, and is no question for variables', () => {
    fc.assert(
      fc.property(anyWrite, (one) => {
        expect(readWriteAsk(writeWriteAsk(one))).toEqual(one)
        expect(readReadAsk(writeWriteAsk(one))).toBe(undefined)
      }),
    )
  })

  it('has the bytes of the diagram, and is refused when its head is cut', () => {
    const write = { name: utf8('load'), version: 70, codec: 2, payload: utf8('1') }
    const whole = writeWriteAsk(write)
    expect(whole).toEqual(unhex('01' + '046c6f6164' + '4046' + '02' + '31'))
    for (let size = 0; size < whole.length - 1; size++) {
      expect(readWriteAsk(whole.subarray(0, size))).toBe(undefined)
    }
    expect(readWriteAsk(writeWriteAsk({ ...write, name: new Uint8Array(256) }))).toBe(undefined)
  })
})

describe('a part of an answer', () => {
  it('survives the round trip, and takes no more than it is said to', () => {
    fc.assert(
      fc.property(anyPart, (part) => {
        const written = writePart(part)
        expect(readPart(written)).toEqual(part)
        const most = part.entries.reduce((sum, entry) => sum + entrySize(entry), 1)
        expect(written.length).toBeLessThanOrEqual(most)
      }),
    )
  })

  it('has the bytes of the diagram', () => {
    const fault: Entry = { name: utf8('a'), kind: 'fault', code: utf8('X'), message: utf8('no') }
    const first = '046c6f6164' + '00' + '03' + '4046' + '02' + '03302e35'
    const second = '0161' + '01' + '0158' + '026e6f'
    expect(writePart({ more: true, entries: [value, fault] })).toEqual(unhex('01' + first + second))
    expect(writePart({ more: false, entries: [] })).toEqual(unhex('00'))
  })

  it('is refused when an entry is cut, or of a kind that is not known', () => {
    const whole = writePart({ more: false, entries: [value] })
    expect(readPart(new Uint8Array(0))).toBe(undefined)
    for (let size = 2; size < whole.length; size++) {
      expect(readPart(whole.subarray(0, size))).toBe(undefined)
    }
    const kind = whole.slice()
    kind[1 + 5] = 3
    expect(readPart(kind)).toBe(undefined)
  })

  it('is refused with texts beyond their bounds', () => {
    const fault = { kind: 'fault', name: utf8('a'), code: utf8('X'), message: utf8('no') } as const
    for (const entry of [
      { ...value, name: new Uint8Array(256) },
      { ...fault, code: new Uint8Array(65) },
      { ...fault, message: new Uint8Array(1025) },
    ]) {
      expect(readPart(writePart({ more: false, entries: [entry] }))).toBe(undefined)
    }
  })

  it('may have flags that this version does not know', () => {
    const whole = writePart({ more: true, entries: [value] })
    whole[0] = 0x81
    expect(readPart(whole)).toEqual({ more: true, entries: [value] })
  })
})
