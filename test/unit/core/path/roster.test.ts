/** The roster: its bound, and when those who have fallen silent are forgotten. */
import { describe, expect, it } from 'vitest'
import { type Present, Roster } from '../../../../bus/core/path/roster.ts'

const peer = (instance: bigint, heardAt = 0, intervalMs = 500): Present => ({
  instance,
  heardAt,
  intervalMs,
})

describe('Roster', () => {
  it('holds as many as its bound and refuses one more until one goes', () => {
    const roster = new Roster<Present>(2)
    expect([roster.add(peer(1n)), roster.add(peer(2n)), roster.add(peer(3n))]).toEqual([
      true,
      true,
      false,
    ])
    expect([roster.size, roster.get(3n)]).toEqual([2, undefined])
    expect([roster.remove(1n), roster.remove(1n)]).toEqual([true, false])
    expect(roster.add(peer(3n))).toBe(true)
    expect([...roster].map(({ instance }) => instance)).toEqual([2n, 3n])
  })

  it('forgets nobody before five seconds', () => {
    const roster = new Roster<Present>(2)
    roster.add(peer(1n, 1000, 100))
    expect(roster.expired(5999.9)).toEqual([])
    expect(roster.expired(6000)).toHaveLength(1)
  })

  it('waits three of the intervals that a peer has stated', () => {
    const roster = new Roster<Present>(2)
    roster.add(peer(1n, 1000, 4000))
    expect(roster.expired(12_999)).toEqual([])
    expect(roster.expired(13_000)).toHaveLength(1)
  })

  it('lets nobody stay for longer than three minutes by stating a long interval', () => {
    const roster = new Roster<Present>(2)
    roster.add(peer(1n, 0, Number.MAX_SAFE_INTEGER))
    expect(roster.expired(179_999)).toEqual([])
    expect(roster.expired(180_000)).toHaveLength(1)
  })

  it('names everybody whose time is over and removes nobody', () => {
    const roster = new Roster<Present>(9)
    roster.add(peer(1n, 4000))
    roster.add(peer(2n, 3000))
    roster.add(peer(3n, 2000, 3000))
    expect(roster.expired(10_000).map(({ instance }) => instance)).toEqual([1n, 2n])
    expect(roster.size).toBe(3)
  })

  it('counts from when a peer was last heard, and not the time in which nobody could be', () => {
    const roster = new Roster<Present>(2)
    const one = peer(1n, 0)
    roster.add(one)
    one.heardAt = 2000
    expect(roster.expired(6999)).toEqual([])
    expect(roster.expired(7000)).toEqual([one])
    roster.forgive(300)
    expect(roster.expired(7299)).toEqual([])
    expect(roster.expired(7300)).toEqual([one])
  })
})
