/** What crosses from one segment to another: what is wanted, once, by one way, and not for ever. */
import { describe, expect, it } from 'vitest'
import type { Endpoint } from '../../../bus/core/output.ts'
import { HelloFlag } from '../../../bus/core/wire/hello.ts'
import { RelayFlag } from '../../../bus/core/wire/relay.ts'
import type { BridgeOutput } from '../../../relay/bridge-output.ts'
import { RelayKeys } from '../../../relay/keys.ts'
import { Neighbours } from '../../../relay/neighbours.ts'
import { crypto } from '../core/crypto.ts'
import { at, group, keys, Member } from './carrying.ts'
import { Crossroads, FACES, facesOf, isMulticast, LATER } from './crossroads.ts'

describe('control', () => {
  it('crosses to every other segment, hellos and what nobody knows as well', () => {
    const roads = new Crossroads()
    const member = new Member(1)
    expect(roads.crosses('a', member.control())).toEqual(['b', 'c'])
    expect(roads.crosses('a', member.hello())).toEqual(['b', 'c'])
    expect(roads.crosses('a', member.control())).toEqual(['b', 'c'])
    expect(roads.counted()).toMatchObject({ datagramsCrossed: 6 })
  })

  it('makes the relay ask in its next beacon for those whom it does not know', () => {
    const roads = new Crossroads()
    roads.crosses('a', new Member(1).control())
    const beacons = roads.ticks(500).filter(isMulticast)
    expect(beacons.map(({ face }) => face)).toEqual(FACES)
    const other = new Neighbours(crypto, new RelayKeys(crypto, keys.parts), 5n)
    const heard = other.hear(0, { face: 'a', from: at(9) }, beacons[0]!.datagram)
    expect(heard).toMatchObject({ id: 77n, asked: [new Member(1).sender.instance] })
  })
})

describe('data', () => {
  it('crosses to a segment as long as somebody there wants it', () => {
    const roads = new Crossroads()
    const [one, two] = [new Member(1), new Member(2)]
    const sent = (): string[] => roads.crosses('a', one.data(), { to: group(1) })
    roads.hears('a', one.hello())
    roads.hears('b', two.hello(), { from: at(2) })
    expect(sent()).toEqual([])
    expect(roads.hears('b', two.interest([group(1)]), { from: at(2) })).toEqual(
      expect.arrayContaining([
        { type: 'join', face: 'a', group: group(1) },
        { type: 'join', face: 'c', group: group(1) },
      ]),
    )
    expect(sent()).toEqual(['b'])
    expect(roads.hears('b', two.interest([group(1)], 0), { from: at(2) })).toEqual(
      expect.arrayContaining([{ type: 'leave', face: 'a', group: group(1) }]),
    )
    expect(sent()).toEqual([])
  })

  it('crosses no more when nobody has said for long that it is wanted, or who did has gone', () => {
    const roads = new Crossroads()
    const [one, two, three] = [new Member(1), new Member(2), new Member(3)]
    roads.hears('a', one.hello())
    for (const [face, member] of [['b', two] as const, ['c', three] as const]) {
      roads.hears(face, member.hello(), { from: at(2) })
      roads.hears(face, member.interest([group(1)], 5000), { from: at(2) })
    }
    expect(roads.crosses('a', one.data(), { to: group(1) })).toEqual(['b', 'c'])
    roads.hears('c', three.hello(three.port, HelloFlag.bye), { from: at(2) })
    expect(roads.crosses('a', one.data(), { to: group(1) })).toEqual(['b'])
    roads.ticks(5000)
    expect(roads.crosses('a', one.data(), { to: group(1) })).toEqual([])
  })

  it('of a link goes to the segments that want it, and everywhere in the first seconds', () => {
    const roads = new Crossroads()
    const [one, two] = [new Member(1), new Member(2)]
    roads.bridge.opened(1)
    const sent = (now: number): string[] => {
      const datagram = one.data()
      roads.bridge.fromLink(now, 1, { type: 'multicast', group: group(1), datagram })
      return facesOf(roads.wants())
    }
    roads.hears('b', two.hello(), { from: at(2) })
    roads.hears('b', two.interest([group(1)]), { from: at(2) })
    expect(sent(roads.now)).toEqual(['b'])
    roads.bridge.faceOpened(roads.now, 'd')
    roads.wants()
    expect(sent(roads.now)).toEqual(['b', 'd'])
    expect(sent(roads.now + LATER)).toEqual(['b'])
  })

  it('goes everywhere while more is wanted than the relay remembers', () => {
    const roads = new Crossroads({ interest: 2 })
    const [one, two] = [new Member(1), new Member(2)]
    roads.hears('a', one.hello())
    roads.hears('b', two.hello(), { from: at(2) })
    roads.hears('b', two.interest([group(1), group(2), group(3)]), { from: at(2) })
    expect(roads.counted()).toMatchObject({ interestFull: 1 })
    expect(roads.crosses('a', one.data(), { to: group(3) })).toEqual(['b', 'c'])
  })

  it('is wanted in so many groups by one peer, and no more', () => {
    const roads = new Crossroads({ groupsPerLink: 2 })
    const [one, two] = [new Member(1), new Member(2)]
    roads.hears('a', one.hello())
    roads.hears('b', two.hello(), { from: at(2) })
    roads.hears('b', two.interest([group(1), group(2), group(3)]), { from: at(2) })
    expect(roads.counted()).toMatchObject({ interestRefused: 1 })
    const crossed = [1, 2, 3].map((n) => roads.crosses('a', one.data(), { to: group(n) }))
    expect(crossed).toEqual([['b'], ['b'], []])
  })

  it('that few want is not kept from them by who wants much', () => {
    const roads = new Crossroads({ interest: 4 })
    const [one, two, three] = [new Member(1), new Member(2), new Member(3)]
    roads.hears('a', one.hello())
    roads.hears('b', two.hello(), { from: at(2) })
    roads.hears('b', two.interest([1, 2, 3, 4].map((n) => group(n))), { from: at(2) })
    roads.hears('c', three.hello(), { from: at(3) })
    roads.hears('c', three.interest([group(9), group(8), group(7)]), { from: at(3) })
    roads.ticks(3000)
    const wanted = [1, 2, 3, 4, 7, 8, 9].map((n) =>
      roads.crosses('a', one.data(), { to: group(n) }),
    )
    expect(wanted).toEqual([[], [], ['b'], ['b'], [], ['c'], ['c']])
  })
})

describe('unicast', () => {
  it('reaches who is elsewhere by the port that its hello names', () => {
    const roads = new Crossroads()
    const [one, two] = [new Member(1), new Member(2)]
    expect(roads.hears('a', one.hello())).toContainEqual({ type: 'hold', port: one.port })
    roads.hears('b', two.hello(), { from: at(2) })
    const datagram = two.control()
    roads.bridge.fromPort(roads.now, one.port, { bytes: datagram, from: at(2), face: 'b' })
    const to = at(1, one.port)
    expect(roads.wants()).toEqual([{ type: 'unicast', port: one.port, to, datagram }])
    // Not back to where it has come from, and not from strangers.
    roads.bridge.fromPort(roads.now, one.port, { bytes: datagram, from: at(2), face: 'a' })
    const strange = new Member(3).control()
    roads.bridge.fromPort(roads.now, one.port, { bytes: strange, from: at(3), face: 'b' })
    expect(roads.wants()).toEqual([])
    const bye = one.hello(one.port, HelloFlag.bye)
    expect(roads.hears('a', bye)).toContainEqual({ type: 'release', port: one.port })
  })

  it('comes to all who have one port, for nobody can tell whom it is for', () => {
    const roads = new Crossroads()
    const [one, two, three] = [new Member(1, 50_000), new Member(2, 50_000), new Member(3)]
    roads.hears('a', one.hello())
    expect(roads.hears('c', two.hello(), { from: at(2) }).filter(isPort)).toEqual([])
    roads.hears('b', three.hello(), { from: at(3) })
    const bytes = three.control()
    roads.bridge.fromPort(roads.now, 50_000, { bytes, from: at(3), face: 'b' })
    const sent = roads.wants().flatMap((one) => (one.type === 'unicast' ? [one.to] : []))
    expect(sent).toEqual([at(1, 50_000), at(2, 50_000)])
    roads.hears('a', one.hello(50_000, HelloFlag.bye))
    expect(roads.hears('c', two.hello(51_000), { from: at(2) }).filter(isPort)).toEqual([
      { type: 'release', port: 50_000 },
      { type: 'hold', port: 51_000 },
    ])
  })
})

describe('what goes round', () => {
  it('ends: of a stranger only what comes the first way, of anybody 32 times in 10 s', () => {
    const roads = new Crossroads({ strangers: 1000 })
    const packet = new Member(1).control()
    expect(roads.crosses('a', packet)).toEqual(['b', 'c'])
    expect(roads.crosses('b', packet, { from: at(2) })).toEqual([])
    for (let i = 1; i < 32; i++) expect(roads.crosses('a', packet)).toEqual(['b', 'c'])
    expect(roads.crosses('a', packet)).toEqual([])
    expect(roads.counted()).toMatchObject({ circling: 2 })
    roads.now += 10_000
    expect(roads.crosses('a', packet)).toEqual(['b', 'c'])
  })

  it('is not carried on when it comes another way than its instance', () => {
    const roads = new Crossroads()
    const one = new Member(1)
    roads.hears('a', one.hello())
    expect(roads.crosses('b', one.hello(), { from: at(2) })).toEqual([])
    expect(roads.crosses('b', one.data(), { to: group(1), from: at(2) })).toEqual([])
    expect(roads.counted()).toMatchObject({ copies: 2 })
  })

  it('moves an instance only by new control packets: not by junk, nor by recordings', () => {
    const roads = new Crossroads()
    const one = new Member(1)
    roads.hears('a', one.hello())
    const old = Array.from({ length: 9 }, () => one.control())
    for (const packet of old) roads.hears('a', packet)
    for (const packet of old) roads.hears('b', packet, { from: at(2) })
    const forged = Array.from({ length: 9 }, () => one.control(keys.control))
    for (const packet of forged) roads.hears('b', packet, { from: at(2) })
    expect(roads.crosses('a', one.control())).toEqual(['c'])
    for (let i = 0; i < 3; i++) roads.hears('b', one.control(), { from: at(2) })
    expect(roads.crosses('b', one.control(), { from: at(2) })).toContain('c')
    expect(roads.crosses('a', one.control())).toEqual([])
  })
})

describe('two relays on the same segments', () => {
  /** Another relay, by its number; and an instance on segment a which one of both goes first for. */
  function pair(otherFirst: boolean): { roads: Crossroads; other: Neighbours; one: Member } {
    const roads = new Crossroads()
    const other = new Neighbours(crypto, new RelayKeys(crypto, keys.parts), 78n)
    const own = new Neighbours(crypto, new RelayKeys(crypto, keys.parts), 77n)
    const seeds = Array.from({ length: 50 }, (_, seed) => new Member(seed))
    const one = seeds.find(({ sender }) => own.outranks(78n, sender.instance) === otherFirst)!
    roads.hears('b', beaconOf(other), { from: OTHER })
    roads.hears('a', one.hello())
    return { roads, other, one }
  }

  it('bring an instance there once: the one that goes first goes on, the other one yields', () => {
    for (const otherFirst of [true, false]) {
      const { roads, one } = pair(otherFirst)
      const packet = one.control()
      expect(roads.crosses('a', packet)).toEqual(['b', 'c'])
      roads.hears('b', packet, { from: OTHER })
      // One is held back to see whether the other one brings it as well: it does.
      const held = one.control()
      expect(roads.crosses('a', held)).toEqual(otherFirst ? ['c'] : ['b', 'c'])
      roads.hears('b', held, { from: OTHER })
      for (const _ of [1, 2, 3]) {
        expect(roads.crosses('a', one.control())).toEqual(otherFirst ? ['c'] : ['b', 'c'])
      }
    }
  })

  it('yield at once to who brings a packet sooner', () => {
    const { roads, one } = pair(true)
    const packet = one.control()
    roads.hears('b', packet, { from: OTHER })
    expect(roads.crosses('a', packet)).toEqual(['c'])
    expect(roads.crosses('a', one.control())).toEqual(['c'])
  })

  it('go on where the one held back does not come, and hold the next back later and later', () => {
    const { roads, one } = pair(true)
    const held: number[] = []
    for (let at = 0; at < 20; at++) {
      const packet = one.control()
      if (roads.crosses('a', packet).length === 1) held.push(at)
      // It was not there when it was held back.
      else roads.hears('b', packet, { from: OTHER })
      roads.now += 500
    }
    expect(held).toEqual([1, 6, 15])
    expect(roads.counted()['datagramsCrossed']).toBe(2 + 2 * 17 + 3)
  })

  it('take over when the other one has ceased', () => {
    const { roads, other, one } = pair(true)
    roads.hears('b', one.control(), { from: OTHER })
    roads.ticks(1700)
    roads.hears('b', beaconOf(other), { from: OTHER })
    roads.ticks(1700)
    expect(roads.crosses('a', one.control())).toEqual(['c'])
    roads.ticks(100)
    expect(roads.bridge.size.relays).toBe(0)
    expect(roads.crosses('a', one.control())).toEqual(['b', 'c'])
  })

  it('take over when the other one is there and brings it no more', () => {
    const { roads, one } = pair(true)
    roads.hears('b', one.control(), { from: OTHER })
    const crossed = [1, 2, 3, 4, 5].map(() => roads.crosses('a', one.control()).length)
    expect(crossed).toEqual([1, 1, 1, 2, 2])
  })

  it('leave a segment alone that the instance is on as well', () => {
    const roads = new Crossroads()
    const one = new Member(1)
    roads.hears('a', one.hello())
    const packet = one.control()
    roads.hears('a', packet)
    roads.hears('b', packet, { from: at(5) })
    for (const _ of [1, 2, 3, 4, 5]) {
      const next = one.control()
      expect(roads.crosses('a', next)).toEqual(['c'])
      roads.hears('b', next, { from: at(5) })
    }
  })

  it('do not take an old beacon, nor one that does not open, for each other', () => {
    const { roads, other } = pair(true)
    const old = beaconOf(other)
    roads.hears('b', beaconOf(other), { from: OTHER })
    roads.hears('b', old, { from: at(8) })
    const forged = beaconOf(other)
    forged[forged.length - 1]! ^= 1
    roads.hears('c', forged, { from: at(8) })
    expect(roads.bridge.size.relays).toBe(1)
    roads.ticks(1800)
    expect(roads.bridge.size.relays).toBe(0)
    // Nor does it come back by one, on whichever segment, but by a new one.
    for (const face of FACES) roads.hears(face, old, { from: OTHER })
    expect(roads.bridge.size.relays).toBe(0)
    roads.hears('b', beaconOf(other), { from: OTHER })
    expect(roads.bridge.size.relays).toBe(1)
  })

  it('hear each other however much junk looks like beacons', () => {
    const { roads, other } = pair(true)
    const forged = beaconOf(new Neighbours(crypto, new RelayKeys(crypto, keys.parts), 79n))
    forged[forged.length - 1]! ^= 1
    for (let i = 0; i < 2100; i++) roads.hears('b', forged, { from: at(1000 + i) })
    expect(roads.ticks(999)).not.toEqual([])
    roads.hears('b', beaconOf(other), { from: OTHER })
    roads.ticks(1500)
    expect(roads.bridge.size.relays).toBe(1)
  })

  it('hand a question on, and not again before 2 s', () => {
    const roads = new Crossroads()
    const other = new Neighbours(crypto, new RelayKeys(crypto, keys.parts), 78n)
    const asks = (): string[] => {
      const beacon = other.beacon({ flags: RelayFlag.askAll, intervalMs: 500, asked: [] })
      return facesOf(roads.hears('b', beacon, { from: OTHER }))
    }
    expect([asks(), asks()]).toEqual([['a', 'c'], []])
    roads.now += 2000
    expect(asks()).toEqual(['a', 'c'])
  })
})

function beaconOf(relay: Neighbours): Uint8Array {
  return relay.beacon({ flags: 0, intervalMs: 500, asked: [] })
}

function isPort({ type }: BridgeOutput): boolean {
  return type === 'hold' || type === 'release'
}

/** Where the other relay sends from. */
const OTHER: Endpoint = at(9, 6000)
/** Segments have been there for long. */
