/** What chains of grants allow, and when. */
import { describe, expect, it } from 'vitest'
import { Rights } from '../../../bus/core/rights.ts'
import type { Grant } from '../../../bus/core/wire/grant.ts'
import { counting, hex } from './crypto.ts'
import { grantOn, rightsBytes } from './granting.ts'

const id = counting(32)
const sign = (): Uint8Array => counting(64)
const [owner, one, two] = [counting(32, 1), counting(32, 2), counting(32, 3)]

function read(...grants: readonly Grant[]): Rights | undefined {
  return Rights.read(rightsBytes(id, ...grants.map((grant) => ({ grant, sign }))))
}

const wide = grantOn(one, { publish: ['a/**'], subscribe: ['**'] })

describe('rights', () => {
  it('are for the actions and patterns that the owner has granted', () => {
    const rights = read(wide)!
    expect(rights.allows('publish', ['a', 'b'])).toBe(true)
    expect(rights.allows('publish', ['b'])).toBe(false)
    expect(rights.allows('subscribe', ['b'])).toBe(true)
    expect(rights.allows('expose', ['a'])).toBe(false)
    expect(hex(rights.holder)).toBe(hex(one))
  })

  it('that are handed on are never more than they were', () => {
    const next = grantOn(two, { publish: ['*/b', 'c'], subscribe: ['a'] })
    const rights = read({ ...wide, depth: 1 }, next)!
    expect(rights.allows('publish', ['a', 'b'])).toBe(true)
    expect(rights.allows('publish', ['a', 'c'])).toBe(false)
    expect(rights.refusal('publish', ['a', 'c'])).toBe(1)
    expect(rights.allows('publish', ['c'])).toBe(false)
    expect(rights.refusal('publish', ['c'])).toBe(0)
    expect(rights.allows('subscribe', ['a'])).toBe(true)
    expect(hex(rights.holder)).toBe(hex(two))
  })

  it('are handed on no oftener than each grant says', () => {
    const grants = (...depths: number[]) => depths.map((depth) => ({ ...wide, depth }))
    expect(read(...grants(0))).toBeDefined()
    expect(read(...grants(3, 2, 1, 0))).toBeDefined()
    expect(read(...grants(3, 1, 0))).toBeDefined()
    expect(read(...grants(0, 0))).toBeUndefined()
    expect(read(...grants(1, 1))).toBeUndefined()
    expect(read(...grants(1, 2))).toBeUndefined()
  })

  it('name who must have signed each grant: the owner, then the holder before', () => {
    const rights = read({ ...wide, depth: 1 }, grantOn(two, {}))!
    expect(rights.links(owner).map(({ issuer }) => hex(issuer))).toEqual([hex(owner), hex(one)])
  })

  it('hold while all grants do, with a minute for clocks that differ', () => {
    const first = { ...wide, depth: 1, notBefore: 1000, notAfter: 5000 }
    const rights = read(first, { ...grantOn(two, {}), notBefore: 2000, notAfter: 9000 })!
    expect([1939.9, 1940, 5060, 5060.1].map((s) => rights.isValid(s * 1000))).toEqual([
      false,
      true,
      true,
      false,
    ])
  })

  it('have patterns, and no names in them', () => {
    expect(read(grantOn(one, { publish: ['a/*/**'] }))).toBeDefined()
    for (const odd of ['', 'a//b', 'a/{name}', 'a/b*', '\u0000']) {
      expect(read(grantOn(one, { publish: [odd] }))).toBeUndefined()
    }
    const bytes = { actions: 1, pattern: Uint8Array.of(0xff) }
    expect(read({ ...grantOn(one, {}), rules: [bytes] })).toBeUndefined()
  })
})
