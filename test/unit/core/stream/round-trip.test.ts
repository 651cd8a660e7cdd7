/** When what is not acknowledged is sent again. */
import { describe, expect, it } from 'vitest'
import { RoundTrip } from '../../../../bus/core/stream/round-trip.ts'

describe('the patience for an acknowledgement', () => {
  it('begins with what is known of the way, and doubles up to a second', () => {
    expect(new RoundTrip(undefined).patience(1)).toBe(50)
    const trip = new RoundTrip(40)
    expect([1, 2, 3, 4, 5, 99].map((times) => trip.patience(times))).toEqual([
      130, 260, 520, 1000, 1000, 1000,
    ])
  })

  it('follows what acknowledgements take, with room for how much that differs', () => {
    const trip = new RoundTrip(undefined)
    for (let i = 0; i < 50; i++) trip.measured(100)
    expect(trip.patience(1)).toBeGreaterThanOrEqual(110)
    expect(trip.patience(1)).toBeLessThan(120)
    for (let i = 0; i < 20; i++) trip.measured(i % 2 === 0 ? 50 : 150)
    expect(trip.patience(1)).toBeGreaterThan(200)
  })

  it('is never too short for a timer, nor longer than a second', () => {
    const trip = new RoundTrip(undefined)
    for (let i = 0; i < 50; i++) trip.measured(0.1)
    expect(trip.patience(1)).toBe(25)
    for (let i = 0; i < 50; i++) trip.measured(60_000)
    expect(trip.patience(1)).toBe(1000)
  })
})
