/** Multicast groups: their form, their scope, and how folding spreads topics over them. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Groups, SCOPES, type ScopeName } from '../../../../bus/core/path/group.ts'
import { RealmKeys } from '../../../../bus/core/seal/keys.ts'
import { counting, crypto } from '../crypto.ts'
import { anyUint64 } from '../wire/any.ts'

const keys = new RealmKeys(crypto, { name: 'home', root: counting(32) })
const groupsOf = (scope: ScopeName, fold = 0): Groups =>
  new Groups(scope, fold, (label) => keys.groupBytes(label))

const words = (address: string): number[] => address.split(':').map((word) => parseInt(word, 16))

describe('Groups', () => {
  it.each(Object.entries(SCOPES))('put scope %s into the address as %i', (scope, nibble) => {
    const groups = groupsOf(scope as ScopeName) // the entries of SCOPES have no other keys
    for (const address of [groups.control, groups.of(1n), groups.of(2n)]) {
      expect(words(address)[0]).toBe(0xff10 | nibble)
    }
  })

  it('are eight words whose low 32 bits are in the range of dynamic groups', () => {
    const groups = groupsOf('link')
    fc.assert(
      fc.property(anyUint64, (tag) => {
        const address = words(groups.of(tag))
        expect(address).toHaveLength(8)
        expect(address.every((word) => word >= 0 && word <= 0xffff)).toBe(true)
        expect(address[6]! * 0x10000 + address[7]!).toBeGreaterThanOrEqual(0x80000000)
      }),
    )
  })

  it('hold the 112 bits of the hash but for the one bit that the range takes', () => {
    const ones = new Groups('global', 0, () => new Uint8Array(14).fill(0xff))
    const zeros = new Groups('global', 0, () => new Uint8Array(14))
    expect(ones.of(1n)).toBe('ff1e:ffff:ffff:ffff:ffff:ffff:ffff:ffff')
    expect(zeros.of(1n)).toBe('ff1e:0:0:0:0:0:8000:0')
  })

  it('differ from topic to topic, from the control group, and from scope to scope in the scope', () => {
    const groups = groupsOf('site')
    const addresses = new Set([groups.control])
    for (let tag = 0n; tag < 1000n; tag++) addresses.add(groups.of(tag))
    expect(addresses.size).toBe(1001)
    expect(words(groupsOf('link').of(3n)).slice(1)).toEqual(words(groups.of(3n)).slice(1))
  })

  it('are as many as the fold says, whatever the topics, and none of them the control group', () => {
    const groups = groupsOf('link', 4)
    const addresses = new Set<string>()
    for (let tag = 0n; tag < 1000n; tag++) addresses.add(groups.of(tag * 0x9e3779b97f4a7c15n))
    expect(addresses.size).toBe(4)
    expect(addresses.has(groups.control)).toBe(false)
    expect(groups.of(5n)).toBe(groups.of(9n))
  })

  it('of one fold are not those of no fold', () => {
    expect(groupsOf('link', 4).of(1n)).not.toBe(groupsOf('link').of(1n))
    expect(groupsOf('link', 4).control).toBe(groupsOf('link').control)
  })
})
