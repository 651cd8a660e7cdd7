/** Whether multicast reaches: slow to say yes, quick to say no. */
import { describe, expect, it } from 'vitest'
import { Reach } from '../../../../bus/core/path/reach.ts'

const INTERVAL_MS = 750

/** Hears one that speaks every 500 ms, or not, and tells when the judgement changes. */
class Listening {
  now = 0
  readonly reach = new Reach()

  passes(ms: number, heard: boolean): number[] {
    const changes: number[] = []
    const began = this.now
    for (; this.now < began + ms; this.now += 500) {
      if (heard) this.reach.heard(this.now, INTERVAL_MS)
      if (this.reach.judge(this.now)) changes.push(this.now - began)
    }
    return changes
  }
}

describe('reach', () => {
  it('is good after a second and a half of being heard, and not before', () => {
    const listening = new Listening()
    expect(listening.reach.judge(0)).toBe(false)
    expect(listening.passes(5000, true)).toEqual([1500])
    expect(listening.reach.good).toBe(true)
  })

  it('ends after two and a half missed intervals', () => {
    const listening = new Listening()
    listening.passes(5000, true)
    // The last was heard 500 ms before.
    expect(listening.passes(5000, false)).toEqual([1500])
    expect(listening.reach.good).toBe(false)
  })

  it('outlives one missed beacon', () => {
    const listening = new Listening()
    listening.passes(5000, true)
    expect(listening.passes(1000, false)).toEqual([])
    expect(listening.passes(1000, true)).toEqual([])
  })

  it('has to hold twice as long each time that it did not last', () => {
    const listening = new Listening()
    expect(listening.passes(4000, true)).toEqual([1500])
    listening.passes(3000, false)
    expect(listening.passes(4000, true)).toEqual([3000])
    listening.passes(3000, false)
    expect(listening.passes(10_000, true)).toEqual([6000])
    listening.passes(60_000, true)
    listening.passes(3000, false)
    expect(listening.passes(4000, true)).toEqual([1500])
  })

  it('does not count time in which nothing could be heard', () => {
    const listening = new Listening()
    listening.passes(5000, true)
    listening.now += 30_000
    listening.reach.forgive(30_000)
    expect(listening.passes(500, false)).toEqual([])
    expect(listening.reach.good).toBe(true)
  })
})
