/** Floods of heads of pages, by somebody who was a member and can seal them. */
import { describe, expect } from 'vitest'
import { attack } from './attack.ts'
import { Siege } from './page-siege.ts'

/** Somebody is removed, while forged heads of that epoch come every millisecond. */
function besiege({ sources, seconds }: { sources: number; seconds: number }): void {
  const siege = new Siege(13)
  const { one, other } = siege
  const heads = [...siege.forgedHeads(1000 * seconds)]
  const owner = siege.member(false)
  siege.wait(1000)
  const removal = { members: [one, owner], revoked: [other], isAtOnce: true }
  siege.adopt(owner, siege.page(1, removal))
  for (const [i, head] of heads.entries()) {
    const from = { address: `fe80::bad:${i % sources}`, port: 9 }
    one.receive(siege.packet({ type: 'head', head }), from)
    siege.wait(1)
    if (siege.told.get(one)?.includes('entered 1')) break
  }
  expect(siege.told.get(one)).toEqual(['entered 1'])
  siege.wait(1000)
  expect([...siege.world.presence.seenBy(one)]).toEqual([owner])
}

describe('a page of an epoch', () => {
  attack(
    'hundreds of heads a second',
    { by: 'member', holds: 'fifty of them are verified, and the others dropped unread' },
    () => {
      const siege = new Siege(12)
      const { one } = siege
      const before = siege.count(one, 'pageForged')
      for (const head of siege.forgedHeads(1000)) {
        siege.say({ type: 'head', head })
        siege.wait(1)
      }
      siege.wait(3000)
      const verified = siege.count(one, 'pageForged') - before
      expect(verified).toBeGreaterThan(50)
      // Ten at once, fifty a second, and the 64 that wait at the end.
      expect(verified).toBeLessThanOrEqual(10 + 50 + 64)
      expect(siege.count(one, 'pageBudget')).toBe(1000 - verified)
    },
  )

  attack(
    'a thousand forged heads a second from one address',
    { by: 'member', holds: 'the true page comes through, and who is removed is out' },
    () => besiege({ sources: 1, seconds: 3 }),
  )

  attack(
    'a thousand forged heads a second from 200 addresses',
    { by: 'member', holds: 'the true page comes through in half a minute' },
    () => besiege({ sources: 200, seconds: 30 }),
  )
})
