/** Whether patterns reach further than others. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { matches } from '../../../bus/core/topic/pattern.ts'
import { covers } from '../../../bus/io/reach.ts'
import { anyPattern, anyTopic } from '../core/topic/words.ts'

describe('a pattern', () => {
  it.each([
    ['hall/**', 'hall/3/**'],
    ['hall/**', 'hall'],
    ['hall/*', 'hall/3'],
    ['**', '**/a/*'],
    ['**/a', 'b/**/a'],
    ['*/b/**', 'a/b'],
  ])('%s covers %s, and not the other way round', (outer, inner) => {
    expect([covers(outer, inner), covers(inner, outer)]).toEqual([true, false])
  })

  it.each([
    ['hall/3/**', 'office'],
    ['hall/*', 'hall/**'],
    ['hall/*', 'hall/*/*'],
    ['hall', 'hallway'],
    ['a/**/b', 'a/b/c'],
  ])('%s does not cover %s', (outer, inner) => {
    expect(covers(outer, inner)).toBe(false)
  })

  it('covers itself, and never says so of what matches more', () => {
    fc.assert(
      fc.property(anyPattern, anyPattern, anyTopic, (outer, inner, topic) => {
        expect(covers(outer.text, outer.text)).toBe(true)
        const wider = covers(outer.text, inner.text) && matches(inner, topic)
        expect(wider && !matches(outer, topic)).toBe(false)
      }),
    )
  })
})
