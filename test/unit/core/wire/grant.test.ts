/** Chains of grants as bytes: round trip, bounds, and that no bytes ever throw. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concat } from '../../../../bus/core/bytes.ts'
import {
  type Grant,
  GRANTS_MAX,
  readRights,
  RIGHTS_SIZE_MAX,
  RULES_MAX,
  writeGrant,
} from '../../../../bus/core/wire/grant.ts'
import { VARINT_MAX } from '../../../../bus/core/wire/varint.ts'
import { counting, hex } from '../crypto.ts'

const signature = counting(64, 100)
const plain: Grant = {
  holder: counting(32),
  depth: 1,
  serial: 77,
  notBefore: 100,
  notAfter: 200,
  rules: [{ actions: 3, pattern: Uint8Array.of(0x2a, 0x2a) }],
}

function chain(...grants: readonly Grant[]): Uint8Array {
  const signed = grants.map((grant) => concat(writeGrant(grant), signature))
  return concat(Uint8Array.of(grants.length), ...signed)
}

const anyGrant: fc.Arbitrary<Grant> = fc.record({
  holder: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  depth: fc.nat(255),
  serial: fc.nat(VARINT_MAX),
  notBefore: fc.nat(1000),
  notAfter: fc.integer({ min: 1000, max: VARINT_MAX }),
  rules: fc.array(
    fc.record({
      actions: fc.integer({ min: 1, max: 31 }),
      pattern: fc.uint8Array({ maxLength: 9 }),
    }),
    { maxLength: 6 },
  ),
})

describe('a chain of grants', () => {
  it('survives the round trip and names what is signed', () => {
    fc.assert(
      fc.property(fc.array(anyGrant, { minLength: 1, maxLength: 2 }), (grants) => {
        const found = readRights(chain(...grants))
        expect(found?.map(({ grant }) => grant)).toEqual(grants)
        expect(hex(found![0]!.signed)).toBe(hex(writeGrant(grants[0]!)))
        expect(hex(found![0]!.signature)).toBe(hex(signature))
      }),
      { numRuns: 300 },
    )
  })

  it('is refused at every truncation and with one byte more', () => {
    const bytes = chain(plain, { ...plain, depth: 0 })
    expect(readRights(bytes)).toHaveLength(2)
    for (let size = 0; size < bytes.length; size++) {
      expect(readRights(bytes.subarray(0, size))).toBeUndefined()
    }
    expect(readRights(concat(bytes, counting(1)))).toBeUndefined()
  })

  it('has one to four grants', () => {
    const short = { ...plain, rules: [] }
    const many = (count: number): Uint8Array => chain(...Array.from({ length: count }, () => short))
    expect(readRights(many(0))).toBeUndefined()
    expect(readRights(many(GRANTS_MAX))).toHaveLength(GRANTS_MAX)
    expect(readRights(many(GRANTS_MAX + 1))).toBeUndefined()
  })

  it('has grants of at most sixteen rules', () => {
    const rules = (count: number): Grant['rules'] =>
      Array.from({ length: count }, () => ({ actions: 1, pattern: Uint8Array.of(0x61) }))
    expect(readRights(chain({ ...plain, rules: rules(RULES_MAX) }))).toHaveLength(1)
    expect(readRights(chain({ ...plain, rules: rules(RULES_MAX + 1) }))).toBeUndefined()
  })

  it('has at most 512 bytes', () => {
    const long = (size: number): Grant => {
      const pattern = (length: number) => ({ actions: 1, pattern: counting(length) })
      return { ...plain, rules: [pattern(200), pattern(size)] }
    }
    const over = chain(long(0)).length
    const fits = RIGHTS_SIZE_MAX - over - 1 // from 64 on a length takes two bytes
    expect(chain(long(fits))).toHaveLength(RIGHTS_SIZE_MAX)
    expect(readRights(chain(long(fits)))).toHaveLength(1)
    expect(readRights(chain(long(fits + 1)))).toBeUndefined()
  })

  it.each([0, 32, 255])('knows no action %i', (actions) => {
    const odd = { ...plain, rules: [{ actions, pattern: Uint8Array.of(0x61) }] }
    expect(readRights(chain(odd))).toBeUndefined()
  })

  it('does not end before it begins', () => {
    expect(readRights(chain({ ...plain, notBefore: 200 }))).toHaveLength(1)
    expect(readRights(chain({ ...plain, notBefore: 201 }))).toBeUndefined()
  })

  it('never throws, whatever the bytes', () => {
    const random = fc.uint8Array({ maxLength: 600 })
    fc.assert(
      fc.property(random, (bytes) => void readRights(bytes)),
      { numRuns: 2000 },
    )
    const valid = chain(plain, { ...plain, depth: 0 })
    fc.assert(
      fc.property(fc.nat(valid.length - 1), fc.nat(255), (at, value) => {
        const bytes = valid.slice()
        bytes[at] = value
        readRights(bytes)
      }),
      { numRuns: 2000 },
    )
  })
})
