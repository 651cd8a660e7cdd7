/** What receivers say that they have missed: it slows their publisher, unless a forger has misled them. */
import { describe, expect, it } from 'vitest'
import { Answering } from '../answering.ts'

describe('what an asker has missed', () => {
  /** Packets that leave in a second after loss has been reported for a second. */
  function leaving(asked: readonly number[]): number {
    const world = new Answering({ rate: 200_000 }).publish(40)
    for (let i = 1; i <= 10; i++) {
      world.ask(1, asked, { missed: 2 * i, all: 4 * i }).wait(100)
    }
    world.publish(2000, { size: 1000 }).log()
    return world.wait(1000).log().length
  }

  it('slows the publisher', () => {
    expect(leaving([2])).toBeLessThan(100)
  })

  it('does not when it has counted more than was sent, which goes on from there', () => {
    const world = new Answering({ rate: 200_000 }).publish(40)
    for (let i = 0; i <= 10; i++) {
      world.ask(1, [2], { missed: 1000 + 50 * i, all: 5000 + 100 * i }).wait(100)
    }
    world.publish(2000, { size: 1000 }).log()
    expect(world.wait(1000).log().length).toBeGreaterThan(150)
    // Now it counts what is sent, and misses half of it.
    for (let i = 1; i <= 10; i++) {
      world.ask(1, [2], { missed: 1500 + 10 * i, all: 6000 + 20 * i }).wait(200)
    }
    world.log()
    expect(world.wait(1000).log().length).toBeLessThan(100)
  })

  it('does not when it asks for what was never sent: a forger has misled it', () => {
    expect(leaving([2, 41])).toBeGreaterThan(150)
  })
})
