/** The history: packets by number and by time, forgotten from the front. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { History } from '../../../../bus/core/stream/history.ts'

const stored = (at: number, index: number, size = 10) => ({
  packet: new Uint8Array(size),
  at,
  index,
  charge: size,
})

describe('History', () => {
  it('begins with number one and is empty', () => {
    const history = new History()
    expect([history.first, history.next, history.get(1), history.shift()]).toEqual([
      1,
      1,
      undefined,
      0,
    ])
  })

  it('finds packets by number, and none outside what it keeps', () => {
    const history = new History()
    for (let i = 0; i < 5; i++) history.append(stored(i, i * 10, i + 1))
    expect([history.shift(), history.shift()]).toEqual([1, 2])
    expect([history.first, history.next]).toEqual([3, 6])
    const found = [0, 1, 2, 3, 5, 6].map((number) => history.get(number)?.index)
    expect(found).toEqual([undefined, undefined, undefined, 20, 40, undefined])
  })

  it('finds the first packet since a moment as a search from the front would', () => {
    const steps = fc.array(fc.tuple(fc.nat(3), fc.boolean()), { maxLength: 300 })
    fc.assert(
      fc.property(steps, fc.nat(500), (inputs, since) => {
        const history = new History()
        let now = 0
        for (const [ms, forget] of inputs) {
          now += ms
          history.append(stored(now, 0))
          if (forget && history.next - history.first > 1) history.shift()
        }
        let expected = history.first
        while (expected < history.next && history.get(expected)!.at < since) expected += 1
        expect(history.firstSince(since)).toBe(expected)
      }),
    )
  })
})
