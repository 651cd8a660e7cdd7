/** The ladder: when the link rests, when it serves again, and whose packets need not come down. */
import { describe, expect, it } from 'vitest'
import { Ladder, type LadderStep } from '../../../../bus/core/path/ladder.ts'

const RELAY = 77n
const BEACON_MS = 500
const PEER = { instance: 5n, intervalMs: 750, relay: false } as const

/** A ladder, its clock, and what it wants. */
class Stairs {
  now = 0
  readonly ladder = new Ladder()

  constructor() {
    this.ladder.native(0, true)
    this.ladder.link(0, true)
    this.wants()
  }

  wants(): LadderStep[] {
    const steps: LadderStep[] = []
    for (let one = this.ladder.poll(); one; one = this.ladder.poll()) steps.push(one)
    return steps
  }

  /** Time passes, with beacons of the relay or without; the peer is heard by these rungs. */
  passes(
    ms: number,
    { beacons = true, rungs = [] }: { beacons?: boolean; rungs?: ('multicast' | 'relay')[] } = {},
  ): LadderStep[] {
    for (const until = this.now + ms; this.now < until;) {
      this.now += BEACON_MS
      const beacon = { instance: RELAY, intervalMs: BEACON_MS, relay: true }
      if (beacons) this.ladder.heard(this.now, { ...beacon, rung: 'multicast' })
      for (const rung of rungs) this.ladder.heard(this.now, { ...PEER, rung })
      this.ladder.tick(this.now)
    }
    return this.wants()
  }

  hears(yes: boolean): LadderStep[] {
    this.ladder.hears(this.now, RELAY, yes)
    return this.wants()
  }

  /** Everything that must be, so that the link rests. */
  climbs(): void {
    this.hears(true)
    this.passes(60_000)
    if (!this.ladder.near) throw new Error('it has not climbed')
  }
}

describe('the link', () => {
  it('rests when both have heard each other for a while, and a second later leaves the groups', () => {
    const stairs = new Stairs()
    expect(stairs.hears(true)).toEqual([])
    expect(stairs.passes(1500)).toEqual([])
    expect(stairs.passes(500)).toMatchObject([{ type: 'rung', near: true }])
    expect(stairs.passes(500)).toEqual([])
    expect(stairs.passes(500)).toEqual([{ type: 'members', joined: false }])
  })

  it('does not rest while the relay hears nothing, or another relay is heard, or none', () => {
    const stairs = new Stairs()
    expect(stairs.passes(5000)).toEqual([])
    stairs.ladder.hears(stairs.now, 78n, true)
    expect(stairs.passes(5000)).toEqual([])
    const deaf = new Stairs()
    deaf.hears(true)
    expect(deaf.passes(5000, { beacons: false })).toEqual([])
    deaf.ladder.heard(deaf.now, { instance: RELAY, rung: 'relay', intervalMs: 500, relay: true })
    expect(deaf.passes(500, { beacons: false })).toEqual([])
  })

  it('serves again within two seconds when beacons are missed', () => {
    const stairs = new Stairs()
    stairs.climbs()
    expect(stairs.passes(1500, { beacons: false })).toEqual([])
    expect(stairs.passes(500, { beacons: false })).toEqual([
      { type: 'rung', near: false, reason: 'the relay is not heard by multicast' },
      { type: 'members', joined: true },
    ])
  })

  it('serves again at once when the relay hears this peer no more, or multicast is gone', () => {
    const stairs = new Stairs()
    stairs.climbs()
    expect(stairs.hears(false)).toMatchObject([{ near: false }, { joined: true }])
    const other = new Stairs()
    other.climbs()
    other.ladder.native(other.now, false)
    expect(other.wants()).toMatchObject([{ near: false }, { joined: true }])
  })

  it('waits twice as long each time that it has fallen soon after, and then no longer', () => {
    const stairs = new Stairs()
    const waits: number[] = []
    for (let fall = 0; fall < 8; fall++) {
      stairs.hears(true)
      const from = stairs.now
      while (!stairs.ladder.near) stairs.passes(500)
      waits.push(stairs.now - from)
      stairs.passes(1000)
      stairs.hears(false)
      stairs.passes(2000, { beacons: false })
    }
    expect(waits.slice(0, 3)).toEqual([2000, 3500, 6500])
    expect(waits.at(-1)).toBe(60_500)
    stairs.hears(true)
    stairs.passes(61_000)
    expect(stairs.ladder.near).toBe(true)
    stairs.passes(61_000)
    stairs.hears(false)
    stairs.passes(2000, { beacons: false })
    stairs.hears(true)
    expect(stairs.passes(2000)).toMatchObject([{ near: true }])
  })

  it('begins anew with each relay: it knows nothing of this peer', () => {
    const stairs = new Stairs()
    stairs.climbs()
    stairs.ladder.link(stairs.now, false)
    expect(stairs.wants()).toEqual([{ type: 'members', joined: true }])
    expect(stairs.passes(3000)).toEqual([])
    stairs.ladder.link(stairs.now, true)
    expect(stairs.wants()).toMatchObject([{ near: false }, { joined: true }])
    expect(stairs.passes(3000)).toEqual([])
  })
})

describe('a peer', () => {
  it('comes by multicast as soon as it is heard so, and then need not come down', () => {
    const stairs = new Stairs()
    expect(stairs.passes(500, { rungs: ['relay'] })).toEqual([
      { type: 'peer', instance: 5n, rung: 'relay', reason: 'heard by the relay alone' },
    ])
    expect(stairs.passes(500, { rungs: ['relay', 'multicast'] })).toEqual([
      { type: 'peer', instance: 5n, rung: 'multicast', reason: 'heard by multicast' },
      { type: 'spare', instances: [5n] },
    ])
    expect(stairs.passes(5000, { rungs: ['multicast', 'relay'] })).toEqual([])
  })

  it('is needed again when it has been missed for two and a half of its intervals', () => {
    const stairs = new Stairs()
    stairs.passes(500, { rungs: ['multicast'] })
    expect(stairs.passes(1500)).toEqual([])
    expect(stairs.passes(500)).toEqual([
      { type: 'peer', instance: 5n, rung: 'relay', reason: 'not heard by multicast for 2.0 s' },
      { type: 'need', instances: [5n] },
    ])
    expect(stairs.passes(500, { rungs: ['relay'] })).toEqual([])
    expect(stairs.passes(500, { rungs: ['multicast'] })).toMatchObject([
      { rung: 'multicast' },
      { type: 'spare' },
    ])
  })

  it('that has gone is spared no more', () => {
    const stairs = new Stairs()
    stairs.passes(500, { rungs: ['multicast'] })
    stairs.ladder.gone(5n)
    expect(stairs.wants()).toEqual([{ type: 'need', instances: [5n] }])
    stairs.ladder.gone(5n)
    expect(stairs.wants()).toEqual([])
  })

  it('that is heard while the link rests is spared when it serves again', () => {
    const stairs = new Stairs()
    stairs.passes(500, { rungs: ['multicast'] })
    stairs.climbs()
    stairs.passes(500, { rungs: ['multicast'] })
    expect(stairs.hears(false)).toMatchObject([{ near: false }, { joined: true }])
    expect(stairs.passes(500, { beacons: false, rungs: ['multicast'] })).toMatchObject([
      { type: 'spare', instances: [5n] },
    ])
  })
})
