/** Attacks on rights, by members of a realm with an owner: forged tokens, and more than was granted. */
import { describe, expect } from 'vitest'
import type { Grant } from '../../bus/core/wire/grant.ts'
import type { Member } from '../fuzz/member.ts'
import { body } from '../unit/core/attacking.ts'
import { counting } from '../unit/core/crypto.ts'
import { all, beacon, EPOCH_S, Gate, granted, owner, signs, started } from '../unit/core/gating.ts'
import { grantOn, rightsBytes } from '../unit/core/granting.ts'
import { attack } from './attack.ts'
import { flipped } from './twins.ts'

interface Signed {
  readonly grant: Grant
  readonly by: Uint8Array
}

/** Says hello with this chain; whether it is let in. */
function isLetIn(gate: Gate, member: Member, chain: readonly Signed[]): boolean {
  const grants = chain.map(({ grant, by }) => ({ grant, sign: signs(by) }))
  gate.greet(member, rightsBytes(gate.id, ...grants))
  return gate.knows(member)
}

/** Announces these topics and sends one message on each: those of them that are delivered. */
function taken(gate: Gate, member: Member, topics: readonly string[]): string[] {
  gate.announce(member, topics).wait(100)
  return topics.filter((_, i) => {
    const before = gate.target.delivered
    // Of those that it attaches to, which only it knows the number of.
    for (const ask of topics.keys()) gate.send(member.control(started(gate, i + 1, ask + 1)))
    gate.send(member.data(i + 1, 1, { flags: 0, body: body(0) })).wait(20)
    return gate.target.delivered > before
  })
}

describe('rights in a realm with an owner', () => {
  attack(
    'that the member has signed itself, or somebody else who is not the owner',
    { by: 'member', holds: 'who shows them is not let in, and nothing of it is taken' },
    () => {
      const gate = new Gate()
      const member = gate.stranger()
      const me = member.sender.identity
      for (const by of [me, counting(32, 77)]) {
        expect(isLetIn(gate, member, [{ grant: grantOn(me, all), by }])).toBe(false)
      }
      expect(taken(gate, member, ['plant/1/x'])).toEqual([])
      expect(gate.count('unverified')).toBeGreaterThan(0)
    },
  )

  attack(
    'with any one bit of them turned',
    { by: 'member', holds: 'they are no rights any more, whichever bit it is' },
    () => {
      const gate = new Gate()
      const member = gate.stranger()
      const narrow = gate.granted(grantOn(member.sender.identity, { publish: ['plant/ok/**'] }))
      for (let bit = 0; bit < narrow.length * 8; bit++) {
        gate.greet(member, flipped(narrow, bit))
        expect({ bit, letIn: gate.knows(member) }).toEqual({ bit, letIn: false })
        // What fails has a budget, which this is not about.
        gate.wait(1000)
      }
      gate.greet(member, narrow)
      expect(gate.knows(member)).toBe(true)
    },
  )

  attack(
    "that are somebody else's",
    { by: 'member', holds: 'they are good for the identity that they name, and for no other' },
    () => {
      const gate = new Gate()
      const [thief, honest] = [gate.stranger(), gate.stranger()]
      const chain = [{ grant: grantOn(honest.sender.identity, all), by: owner }]
      expect(isLetIn(gate, thief, chain)).toBe(false)
      expect(isLetIn(gate, honest, chain)).toBe(true)
    },
  )

  attack(
    'of another realm of the same owner',
    { by: 'member', holds: 'they count for nothing here' },
    () => {
      const gate = new Gate()
      const member = gate.stranger()
      const grant = grantOn(member.sender.identity, all)
      gate.greet(member, granted(counting(32), owner, grant).bytes)
      expect(gate.knows(member)).toBe(false)
    },
  )

  attack(
    'that reach further than those that they come from',
    { by: 'member', holds: 'what an earlier grant does not allow stays closed' },
    () => {
      const gate = new Gate()
      const [middle, member] = [counting(32, 60), gate.stranger()]
      const first = { ...grantOn(middle, { publish: ['plant/ok/**'] }), depth: 1 }
      const wide = grantOn(member.sender.identity, all)
      const chain = [
        { grant: first, by: owner },
        { grant: wide, by: middle },
      ]
      expect(isLetIn(gate, member, chain)).toBe(true)
      expect(taken(gate, member, ['plant/no/b', 'plant/ok/a'])).toEqual(['plant/ok/a'])
    },
  )

  attack(
    'for topics that look like those that were granted',
    { by: 'member', holds: 'a pattern is compared by whole segments, letter by letter' },
    () => {
      const gate = new Gate()
      const member = gate.stranger()
      const grant = grantOn(member.sender.identity, { publish: ['plant/ok/*', 'plant/one'] })
      expect(isLetIn(gate, member, [{ grant, by: owner }])).toBe(true)
      const near = ['plant/okay/a', 'plant/OK/a', 'plant/ok', 'plant/ok/a/b', 'plant/on']
      const odd = ['plant/ok\u200b/a', 'plant/\u043ek/a', 'plant/one/x', 'plant/ones']
      expect(taken(gate, member, [...near, ...odd, 'plant/ok/a'])).toEqual(['plant/ok/a'])
      expect(gate.count('denied')).toBeGreaterThanOrEqual(near.length + odd.length)
    },
  )

  attack(
    'handed on more often than was allowed',
    { by: 'member', holds: 'a grant too many, or one that does not grow shallower, voids all' },
    () => {
      const gate = new Gate()
      const member = gate.stranger()
      const me = member.sender.identity
      const [one, two, three] = [counting(32, 61), counting(32, 62), counting(32, 63)]
      const step = (holder: Uint8Array, depth: number, by: Uint8Array): Signed => ({
        // Short, so that what is refused is not refused for its size.
        grant: { ...grantOn(holder, { publish: ['**'] }), depth },
        by,
      })
      const never = [step(one, 0, owner), step(me, 0, one)]
      const growing = [step(one, 1, owner), step(two, 1, one), step(me, 0, two)]
      const rest = [step(two, 2, one), step(three, 1, two), step(me, 0, three)]
      const four = [step(one, 3, owner), ...rest]
      const five = [step(counting(32, 64), 4, owner), step(one, 3, counting(32, 64)), ...rest]
      const outcomes = [never, growing, five].map((chain) => isLetIn(gate, member, chain))
      expect(outcomes).toEqual([false, false, false])
      expect(isLetIn(gate, member, four)).toBe(true)
    },
  )

  attack(
    'that last longer than those that they come from',
    { by: 'member', holds: 'the first one to end ends them all' },
    () => {
      const gate = new Gate()
      const [middle, member] = [counting(32, 60), gate.stranger()]
      const first = { ...grantOn(middle, all), depth: 1, notAfter: EPOCH_S + 1 }
      const chain = [
        { grant: first, by: owner },
        { grant: { ...grantOn(member.sender.identity, all), notAfter: 2 ** 40 }, by: middle },
      ]
      expect(isLetIn(gate, member, chain)).toBe(true)
      // A minute is for clocks that differ.
      for (let i = 0; i < 63; i++) gate.send(member.control(beacon)).wait(1000)
      expect(gate.knows(member)).toBe(false)
      expect(isLetIn(gate, member, chain)).toBe(false)
    },
  )

  attack(
    'of before, which were wider',
    { by: 'member', holds: 'a recorded hello brings back nothing that was taken away' },
    () => {
      const gate = new Gate()
      const member = gate.stranger()
      const me = member.sender.identity
      const wide = [{ grant: grantOn(me, all), by: owner }]
      const narrow = { ...grantOn(me, { publish: ['plant/ok/**'] }), notBefore: EPOCH_S }
      expect(isLetIn(gate, member, wide)).toBe(true)
      expect(isLetIn(gate, member, [{ grant: narrow, by: owner }])).toBe(true)
      isLetIn(gate, member, wide)
      expect(taken(gate, member, ['plant/no/b', 'plant/ok/a'])).toEqual(['plant/ok/a'])
    },
  )
})
