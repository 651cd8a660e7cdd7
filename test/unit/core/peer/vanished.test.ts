/** Receivers that fell silent are remembered as long as they could be served, and no longer. */
import { describe, expect, it } from 'vitest'
import type { Remote } from '../../../../bus/core/peer/context.ts'
import { Vanished } from '../../../../bus/core/peer/publishing/vanished.ts'

/** As far as it is looked at here. */
function remote(instance: number, heardAt: number): Remote {
  return { instance: BigInt(instance), heardAt } as Remote
}

function idsAt(vanished: Vanished, now: number): number[] {
  return vanished.at(now).map(({ instance }) => Number(instance))
}

describe('Vanished', () => {
  it('names who could still be served', () => {
    const vanished = new Vanished(10, 1000)
    vanished.add(remote(1, 0))
    vanished.add(remote(2, 600))
    expect(idsAt(vanished, 900)).toEqual([1, 2])
    expect(idsAt(vanished, 1100)).toEqual([2])
    vanished.delete(2n)
    expect(idsAt(vanished, 1100)).toEqual([])
  })

  it('keeps nothing of those that could not, however much room there is', () => {
    const vanished = new Vanished(1000, 1000)
    for (let i = 0; i < 500; i++) vanished.add(remote(i, i * 100))
    // All that it has, as if no time had passed.
    expect(idsAt(vanished, 0)).toHaveLength(10)
  })

  it('keeps the latest when there are too many at once', () => {
    const vanished = new Vanished(3, 1000)
    for (let i = 0; i < 9; i++) vanished.add(remote(i, i))
    expect(idsAt(vanished, 10)).toEqual([6, 7, 8])
  })
})
