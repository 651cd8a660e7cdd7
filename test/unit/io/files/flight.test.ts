/** What is sent of a file: each range once for all who want it, and again only when it was lost. */
import { describe, expect, it } from 'vitest'
import { Flight } from '../../../../bus/io/files/flight.ts'

const all = [{ from: 0, to: 100 }]

function drained(flight: Flight): string[] {
  const pieces: string[] = []
  for (let piece = flight.next(40); piece; piece = flight.next(40)) {
    pieces.push(`${piece.from}-${piece.to}`)
  }
  return pieces
}

describe('a flight', () => {
  it('sends once what several lack', () => {
    const flight = new Flight()
    flight.mark(1)
    flight.want(1, all, 100)
    flight.want(1, [{ from: 20, to: 100 }], 100)
    expect(drained(flight)).toEqual(['0-40', '40-80', '80-100'])
    // An answer to the same offer, that comes late.
    flight.want(1, all, 100)
    expect(drained(flight)).toEqual([])
  })

  it('sends again what an offer behind it shows as lost', () => {
    const flight = new Flight()
    flight.mark(1)
    flight.want(1, all, 100)
    drained(flight)
    flight.mark(2)
    flight.want(1, all, 100)
    flight.want(2, [{ from: 50, to: 60 }], 100)
    expect(drained(flight)).toEqual(['50-60'])
    flight.want(2, [{ from: 50, to: 60 }], 100)
    expect(drained(flight)).toEqual([])
  })

  it('goes on to the end before it turns to the start', () => {
    const flight = new Flight()
    flight.mark(1)
    flight.want(1, [{ from: 40, to: 100 }], 100)
    flight.next(40)
    flight.want(1, all, 100)
    expect(drained(flight)).toEqual(['80-100', '0-40'])
  })

  it('takes no answer to an offer that it has forgotten, and nothing behind the end', () => {
    const flight = new Flight()
    for (let mark = 1; mark <= 65; mark++) flight.mark(mark)
    flight.want(1, all, 100)
    flight.want(66, all, 100)
    expect(drained(flight)).toEqual([])
    flight.want(2, [{ from: 90, to: 1000 }], 100)
    expect(drained(flight)).toEqual(['90-100'])
  })
})
