/** The bodies of direct packets: round trip, and what is refused. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Writer } from '../../../../bus/core/wire/cursor.ts'
import {
  DIRECT_PREFIX_SIZE_MAX,
  DirectFlag,
  type DirectBody,
  PIECE_SIZE_MIN,
  readDirect,
  writeDirect,
} from '../../../../bus/core/wire/direct.ts'
import { counting } from '../crypto.ts'
import { anyVarint } from './any.ts'

const header = { flags: 0 }
/** One that another one can follow. */
const anyId = anyVarint.map((id) => Math.min(id, 2 ** 48 - 2))

function bodyOf(of: Partial<DirectBody> = {}): Uint8Array {
  const direct = { id: 5, previous: 3, totalSize: 1000, offset: 0, bytes: counting(300), ...of }
  return writeDirect(new Writer(2000), direct).slice()
}

describe('a direct body', () => {
  it('survives the round trip', () => {
    fc.assert(
      fc.property(
        fc.tuple(anyId, anyId, fc.nat(2 ** 28), fc.nat(2 ** 28)),
        fc.uint8Array({ minLength: PIECE_SIZE_MIN, maxLength: 400 }),
        ([a, b, offset, rest], bytes) => {
          const [previous, id] = [Math.min(a, b), Math.max(a, b) + 1]
          const direct = { id, previous, offset, totalSize: offset + bytes.length + rest, bytes }
          const body = writeDirect(new Writer(600), direct)
          expect(body.length - bytes.length).toBeLessThanOrEqual(DIRECT_PREFIX_SIZE_MAX)
          expect(readDirect(body, header)).toEqual(direct)
        },
      ),
    )
  })

  it('may be all of an answer, or an empty one, or say that none will come', () => {
    const bytes = counting(0)
    expect(readDirect(bodyOf({ totalSize: 3, bytes: counting(3) }), header)).toBeDefined()
    expect(readDirect(bodyOf({ totalSize: 0, bytes }), header)).toBeDefined()
    const flags = DirectFlag.givenUp
    expect(readDirect(bodyOf({ totalSize: 0, bytes }), { flags })).toBeDefined()
  })

  it.each([
    ['a name that is no higher than the one before', { previous: 5 }],
    ['no name', { id: 0, previous: 0 }],
    ['more than it says in all', { offset: 701 }],
    ['a crumb that is not the last', { bytes: counting(PIECE_SIZE_MIN - 1) }],
    ['nothing, where there should be something', { bytes: counting(0) }],
  ])('is refused with %s', (_, wrong) => {
    expect(readDirect(bodyOf(), header)).toBeDefined()
    expect(readDirect(bodyOf(wrong), header)).toBeUndefined()
  })

  it('is refused under flags that it does not fit', () => {
    expect(readDirect(bodyOf(), { flags: 2 })).toBeUndefined()
    expect(readDirect(bodyOf(), { flags: DirectFlag.givenUp })).toBeUndefined()
  })

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(255), (body, flags) => {
        readDirect(body, { flags })
      }),
      { numRuns: 3000 },
    )
  })
})
