/** What a member has begun: how far it is done, whatever it finishes first. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Begun } from '../../../../bus/core/stream/begun.ts'

it('is done up to the first that is not finished, in whatever order they are', () => {
  const steps = fc
    .uniqueArray(fc.nat(200), { maxLength: 40 })
    .map((all) => all.toSorted((a, b) => a - b))
  fc.assert(
    fc.property(steps, fc.infiniteStream(fc.nat()), (indices, picks) => {
      const begun = new Begun()
      for (const index of indices) expect(begun.give(index)).toBe(true)
      const open = [...indices]
      while (open.length > 0) {
        expect([begun.done(500), begun.has(open[0]!)]).toEqual([Math.min(...open), true])
        const [pick] = picks.take(1)
        const [index] = open.splice(pick! % open.length, 1)
        begun.finish(index!)
        expect(begun.has(index!)).toBe(false)
      }
      expect([begun.done(500), begun.size]).toEqual([500, 0])
    }),
  )
})

it('takes nothing twice, also when its seat has become void', () => {
  const begun = new Begun()
  expect([begun.give(3), begun.give(3), begun.give(2)]).toEqual([true, false, false])
  begun.clear()
  expect([begun.has(3), begun.give(3), begun.give(4), begun.done(0)]).toEqual([
    false,
    false,
    true,
    4,
  ])
})
