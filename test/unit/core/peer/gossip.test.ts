/** Places in a whole peer: who is told of, who is greeted for it, and what bounds that. */
import { describe, expect, it } from 'vitest'
import type { Place } from '../../../../bus/core/wire/places.ts'
import type { Member } from '../../../fuzz/member.ts'
import { addressOf, OTHER_PORT, Reaching } from '../reaching.ts'
import { controlBytes } from '../wire/any.ts'

/** Where a peer that is not known is said to be. */
function place(number: number, given: Partial<Place> = {}): Place {
  return { instance: BigInt(number), address: addressOf(number), port: OTHER_PORT, ...given }
}

function tell(reaching: Reaching, teller: Member, entries: readonly Place[]): Reaching {
  const record = controlBytes({ type: 'places', entries })
  return reaching.hear(teller.control(record), 1)
}

/** Hellos that have left for a place that is not that of a member. */
function greeted(reaching: Reaching): string[] {
  return reaching.since().hellos.filter((to) => !to.startsWith(`${addressOf(1)} `))
}

describe('a peer that reaches others by unicast', () => {
  it('tells everybody where they are, soon, and ever more rarely', () => {
    const reaching = new Reaching()
    const [one, two] = [reaching.met(1), reaching.met(2)]
    reaching.places.length = 0
    for (let passed = 0; passed < 20_000; passed += 1000) {
      reaching.report(one, 1, { multicast: false }).report(two, 2, { multicast: false }).wait(1000)
    }
    expect(reaching.places.length).toBeGreaterThanOrEqual(4)
    expect(reaching.places.length).toBeLessThanOrEqual(6)
    const said = reaching.places.at(-1)!
    expect(said.map(({ instance }) => instance)).toEqual([one.sender.instance, two.sender.instance])
    expect(said.map(({ port }) => port)).toEqual([OTHER_PORT, OTHER_PORT])
    expect(said[0]!.address).toBe('2001:db8:0:0:0:0:0:1')
  })

  it('says nothing where there is nobody else', () => {
    const reaching = new Reaching()
    reaching.met(1)
    expect(reaching.wait(3000).places).toEqual([])
  })

  it('tells of nobody who has not echoed what was sent there', () => {
    const reaching = new Reaching()
    reaching.met(1)
    reaching.known(2)
    reaching.wait(3000)
    expect(reaching.places.flat().map(({ address }) => address)).not.toContain(
      '2001:db8:0:0:0:0:0:2',
    )
  })

  it('tells of no address that means something else elsewhere', () => {
    const reaching = new Reaching()
    reaching.met(1)
    reaching.places.length = 0
    const local = reaching.attack.stranger()
    for (let i = 0; i < 2; i++) {
      const hello = local.hello({ echoes: [reaching.attack.target.challenge] })
      reaching.hear(hello, { address: 'fe80::9%eth0' }).wait(100)
    }
    reaching.report(local, { address: 'fe80::9%eth0' }, { multicast: false }).wait(2000)
    expect(reaching.told.filter((one) => one.startsWith('unicast'))).toHaveLength(2)
    expect(reaching.places.length).toBeGreaterThan(0)
    expect(new Set(reaching.places.flat().map(({ address }) => address)).size).toBe(1)
  })
})

describe('a peer that is told of', () => {
  it('is greeted three times, and then not for half a minute', () => {
    const reaching = new Reaching()
    const teller = reaching.met(1)
    reaching.since()
    const counts: number[] = []
    for (let i = 0; i < 35; i++) {
      tell(reaching, teller, [place(9)]).wait(1000)
      counts.push(greeted(reaching).length)
    }
    const sum = (from: number, to: number): number =>
      counts.slice(from, to).reduce((a, b) => a + b, 0)
    expect([sum(0, 3), sum(3, 29), sum(29, 35)]).toEqual([3, 0, 3])
  })

  it('is not greeted where it is known', () => {
    const reaching = new Reaching()
    const teller = reaching.met(1)
    const other = reaching.attack.member()
    const self = reaching.attack.target.peer.instance
    reaching.since()
    tell(reaching, teller, [
      place(8, { instance: other.sender.instance }),
      place(9, { instance: self }),
    ])
    expect(greeted(reaching.wait(1000))).toEqual([])
  })

  it('is greeted where it is known but is not heard any more', () => {
    const reaching = new Reaching()
    const teller = reaching.met(1)
    const other = reaching.attack.member()
    for (let i = 0; i < 3; i++) reaching.report(teller, 1, { multicast: false }).wait(1000)
    reaching.since()
    tell(reaching, teller, [place(8, { instance: other.sender.instance })]).wait(200)
    expect(greeted(reaching)).toEqual(['2001:db8:0:0:0:0:0:8 2000'])
  })

  it.each(['::1', '::', 'ff0e::1', 'fe80::1', '::ffff:a00:1', '64:ff9b::1', '4000::1'])(
    'is not greeted at %s',
    (address) => {
      const reaching = new Reaching()
      const teller = reaching.met(1)
      reaching.since()
      tell(reaching, teller, [place(9, { address })]).wait(1000)
      expect(greeted(reaching)).toEqual([])
      expect(reaching.attack.count('toldRefused')).toBe(1)
    },
  )

  it('is greeted at a port from 1024 alone', () => {
    const reaching = new Reaching()
    const teller = reaching.met(1)
    reaching.since()
    tell(reaching, teller, [place(8, { port: 1023 }), place(9, { port: 1024 })]).wait(200)
    expect(greeted(reaching)).toEqual(['2001:db8:0:0:0:0:0:9 1024'])
  })

  it('has a place among half as many as the limit says, and one more has none', () => {
    const reaching = new Reaching({ toldPeers: 8 })
    const [one, two] = [reaching.met(1), reaching.met(2)]
    const told = (first: number, count: number): Place[] =>
      Array.from({ length: count }, (_, i) => place(first + i))
    tell(reaching, one, told(10, 4))
    expect(reaching.attack.count('toldFull')).toBe(0)
    tell(reaching, one, told(14, 1))
    expect(reaching.attack.count('toldFull')).toBe(1)
    // Others have the rest.
    tell(reaching, two, told(20, 4))
    expect(reaching.attack.count('toldFull')).toBe(1)
    tell(reaching, two, told(24, 1))
    expect(reaching.attack.count('toldFull')).toBe(2)
  })

  it('is not greeted where more are known than are reached by unicast', () => {
    const reaching = new Reaching({ unicastPeers: 2 })
    const teller = reaching.met(1)
    reaching.attack.member()
    tell(reaching, teller, [place(8)]).wait(200)
    expect(greeted(reaching)).toHaveLength(1)
    reaching.attack.member()
    tell(reaching, teller, [place(9)]).wait(200)
    expect(greeted(reaching).filter((to) => to.startsWith('2001:db8:0:0:0:0:0:9'))).toEqual([])
    expect(reaching.attack.count('toldRefused')).toBe(1)
  })

  it('is one of 32 that one peer may tell of', () => {
    const reaching = new Reaching()
    const teller = reaching.met(1)
    reaching.since()
    const places = Array.from({ length: 33 }, (_, i) => place(10 + i))
    tell(reaching, teller, places).wait(100)
    expect([greeted(reaching).length, reaching.attack.count('toldFull')]).toEqual([32, 1])
  })
})
