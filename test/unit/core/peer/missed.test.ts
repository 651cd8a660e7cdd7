/** What receivers say that they have missed: it slows their publisher, unless a forger has misled them. */
import { describe, expect, it } from 'vitest'
import { Answering } from '../answering.ts'

describe('what an asker has missed', () => {
  /** Packets that leave in a second after loss has been reported for a second. */
  function leaving(asked: readonly number[]): number {
    const world = new Answering({ rate: 200_000 }).publish(40)
    for (let i = 1; i <= 10; i++) {
      world.ask(1, asked, { missed: 50 * i, all: 100 * i }).wait(100)
    }
    world.publish(2000, { size: 1000 }).log()
    return world.wait(1000).log().length
  }

  it('slows the publisher', () => {
    expect(leaving([2])).toBeLessThan(100)
  })

  it('does not when it asks for what was never sent: a forger has misled it', () => {
    expect(leaving([2, 41])).toBeGreaterThan(150)
  })
})
