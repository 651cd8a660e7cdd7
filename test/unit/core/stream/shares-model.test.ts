/** Shares beside a plain list of who has what: both agree, whatever happens when. */
import fc from 'fast-check'
import { describe, it } from 'vitest'
import { MEMBERS, type Step, World } from './shares-world.ts'

const step = (again: fc.Arbitrary<boolean>): fc.Arbitrary<Step> =>
  fc.record({
    what: fc.constantFrom<Step['what']>(
      ...(['publish', 'publish', 'publish', 'ask', 'ask', 'confirm', 'confirm'] as const),
      ...(['leave', 'forget', 'expire', 'wait'] as const),
    ),
    group: fc.nat(2),
    member: fc.nat(MEMBERS - 1),
    size: fc.oneof(fc.nat(6), fc.nat(300)),
    again,
  })

describe('shares', () => {
  it.each([
    ['again', fc.constant(true)],
    ['once', fc.constant(false)],
  ])(
    'give each message to one seat, and agree with a list where all may be given %s',
    (_, again) => {
      fc.assert(
        fc.property(fc.array(step(again), { maxLength: 60 }), (steps) => {
          const world = new World()
          for (const one of steps) world.play(one)
          world.end()
        }),
        { numRuns: 150 },
      )
    },
  )
})
