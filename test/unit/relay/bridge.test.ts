/** What a relay carries where: one copy for each who has joined, and nothing that it should not. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Groups } from '../../../bus/core/path/group.ts'
import { RELAY_ADDRESS } from '../../../bus/core/wire/link.ts'
import { at, Carrier, FACE, group, keys, Member } from './carrying.ts'

describe('a bridge', () => {
  it('is in the control group from the start, whoever joins and leaves it', () => {
    const carrier = new Carrier()
    const { control } = new Groups('link', 0, (label) => keys.groupBytes(label))
    const [join, beacon, ...others] = carrier.first
    expect(join).toEqual({ type: 'join', face: FACE, group: control })
    expect(beacon).toMatchObject({ type: 'multicast', face: FACE, group: control })
    expect(others).toEqual([])
    carrier.bridge.opened(1)
    expect(carrier.join(1, control)).toEqual([])
    carrier.bridge.closed(1)
    expect(carrier.wants()).toEqual([])
  })

  it('joins a group for the first link and leaves it after the last', () => {
    const carrier = new Carrier()
    const { bridge } = carrier
    for (const port of [1, 2]) bridge.opened(port)
    expect(carrier.join(1, group(1), group(1))).toEqual([
      { type: 'join', face: FACE, group: group(1) },
    ])
    expect(carrier.join(2, group(1), group(2))).toEqual([
      { type: 'join', face: FACE, group: group(2) },
    ])
    bridge.fromLink(0, 1, { type: 'leave', groups: [group(1), group(3)] })
    expect(carrier.wants()).toEqual([])
    bridge.closed(2)
    expect(carrier.wants()).toEqual([
      { type: 'leave', face: FACE, group: group(1) },
      { type: 'leave', face: FACE, group: group(2) },
    ])
    expect(bridge.size).toMatchObject({ groups: 0, peers: 0 })
  })

  it('gives what the segment brings to the links that have joined, once to each', () => {
    const carrier = new Carrier()
    const { bridge } = carrier
    for (const port of [1, 2, 3]) bridge.opened(port)
    carrier.join(1, group(1), group(1))
    carrier.join(2, group(1))
    carrier.join(3, group(2))
    const bytes = new Member(1).data()
    bridge.fromGroup(0, group(1), { face: FACE, bytes, from: at(1) })
    expect(carrier.wants()).toEqual([{ type: 'down', ports: [1, 2], from: at(1), datagram: bytes }])
    bridge.fromGroup(0, group(9), { face: FACE, bytes, from: at(1) })
    expect(carrier.wants()).toEqual([])
  })

  it('gives what a link sends to the segment and to the other links, and not back to it', () => {
    const carrier = new Carrier()
    const { bridge } = carrier
    for (const port of [1, 2]) bridge.opened(port)
    carrier.join(1, group(1))
    carrier.join(2, group(1))
    const datagram = new Member(1).data()
    bridge.fromLink(0, 1, { type: 'multicast', group: group(1), datagram })
    expect(carrier.wants()).toEqual([
      { type: 'multicast', face: FACE, group: group(1), datagram },
      { type: 'down', ports: [2], from: { address: RELAY_ADDRESS, port: 1 }, datagram },
    ])
  })

  it('brings unicast from one link to another by its port', () => {
    const carrier = new Carrier()
    const { bridge } = carrier
    for (const port of [1, 2]) bridge.opened(port)
    const datagram = new Member(1).control()
    const to = { address: RELAY_ADDRESS, port: 2 }
    bridge.fromLink(0, 1, { type: 'unicast', to, datagram })
    const from = { address: RELAY_ADDRESS, port: 1 }
    expect(carrier.wants()).toEqual([{ type: 'down', ports: [2], from, datagram }])
    bridge.fromLink(0, 1, { type: 'unicast', to: { ...to, port: 3 }, datagram })
    expect(carrier.wants()).toEqual([])
    expect(carrier.counted()).toMatchObject({ unicastRefused: 1 })
  })

  it('gives what comes to a link’s private port to that link alone, while it is there', () => {
    const carrier = new Carrier()
    const { bridge } = carrier
    for (const port of [1, 2]) bridge.opened(port)
    const bytes = new Member(1).control()
    bridge.fromPort(0, 2, { bytes, from: at(1) })
    expect(carrier.wants()).toEqual([{ type: 'down', ports: [2], from: at(1), datagram: bytes }])
    bridge.closed(2)
    bridge.fromPort(0, 2, { bytes, from: at(1) })
    expect(carrier.wants()).toEqual([])
  })

  it('renews a membership for all links together at most every 2 s', () => {
    const carrier = new Carrier()
    const { bridge } = carrier
    for (const port of [1, 2]) bridge.opened(port)
    carrier.join(1, group(1))
    carrier.join(2, group(1))
    const rejoin = (now: number, port: number, groups = [group(1)]): unknown[] => {
      bridge.fromLink(now, port, { type: 'rejoin', groups })
      return carrier.wants()
    }
    expect(rejoin(10, 1)).toEqual([{ type: 'rejoin', group: group(1) }])
    expect(rejoin(10, 2)).toEqual([])
    expect(rejoin(2009, 2)).toEqual([])
    expect(rejoin(2010, 2, [group(1), group(7)])).toEqual([{ type: 'rejoin', group: group(1) }])
  })
})

describe('a bridge refuses', () => {
  it.each([
    ['another scope', 'ff15:1:2:3:4:5:8000:1'],
    ['a group of the network', 'ff02:0:0:0:0:0:0:1'],
    ['a group that somebody has registered', 'ff12:1:2:3:4:5:7fff:1'],
    ['an address of a host', 'fe80:0:0:0:0:0:8000:1'],
  ])('%s', (_, odd) => {
    const carrier = new Carrier()
    carrier.bridge.opened(1)
    const datagram = new Member(1).data()
    expect(carrier.bridge.fromLink(0, 1, { type: 'join', groups: [odd] })).toBe(false)
    expect(carrier.bridge.fromLink(0, 1, { type: 'multicast', group: odd, datagram })).toBe(false)
    expect(carrier.wants()).toEqual([])
    expect(carrier.counted()).toEqual({ groupRefused: 2 })
  })

  it('what is no packet, or another realm’s, from both sides', () => {
    const carrier = new Carrier()
    const { bridge } = carrier
    bridge.opened(1)
    carrier.join(1, group(1))
    const packet = new Member(1).data()
    const foreign = packet.slice()
    foreign[25]! ^= 1
    const open = packet.slice()
    open[2] = 0x20
    for (const bytes of [foreign, open, packet.slice(0, -1), new Uint8Array(0)]) {
      bridge.fromGroup(0, group(1), { face: FACE, bytes, from: at(1) })
      bridge.fromPort(0, 1, { bytes, from: at(1) })
      bridge.fromLink(0, 1, { type: 'multicast', group: group(1), datagram: bytes })
      expect(carrier.wants()).toEqual([])
    }
    expect(carrier.counted()).toEqual({ foreign: 12 })
  })

  it('more groups of one link than its bound, and ends it', () => {
    const carrier = new Carrier({ groupsPerLink: 2 })
    carrier.bridge.opened(1)
    const join = (last: number): boolean =>
      carrier.bridge.fromLink(0, 1, { type: 'join', groups: [group(last)] })
    expect([join(1), join(2), join(1), join(3)]).toEqual([true, true, true, false])
    expect(carrier.counted()).toEqual({ linkGroupsFull: 1 })
  })

  it('more groups on the segment than its bound; links hear each other all the same', () => {
    const carrier = new Carrier({ groups: 2 })
    const { bridge } = carrier
    for (const port of [1, 2]) bridge.opened(port)
    // One of the two is the control group.
    expect(carrier.join(1, group(1), group(2))).toEqual([
      { type: 'join', face: FACE, group: group(1) },
    ])
    carrier.join(2, group(2))
    expect(carrier.counted()).toEqual({ groupsFull: 1 })
    const datagram = new Member(1).data()
    bridge.fromLink(0, 1, { type: 'multicast', group: group(2), datagram })
    expect(carrier.wants()).toContainEqual(expect.objectContaining({ type: 'down', ports: [2] }))
    bridge.fromLink(0, 1, { type: 'leave', groups: [group(1)] })
    expect(carrier.wants()).toEqual([
      { type: 'leave', face: FACE, group: group(1) },
      { type: 'join', face: FACE, group: group(2) },
    ])
  })

  it('records that only a relay sends', () => {
    const carrier = new Carrier()
    carrier.bridge.opened(1)
    for (const type of ['ping', 'challenge', 'datagram'] as const) {
      const record = { type, nonce: new Uint8Array(32), from: at(1), datagram: new Uint8Array(1) }
      expect(carrier.bridge.fromLink(0, 1, record)).toBe(false)
    }
    expect(carrier.bridge.fromLink(0, 1, { type: 'pong' })).toBe(true)
  })
})

describe('unicast from a link to the segment', () => {
  const member = new Member(1)
  const datagram = new Member(2).control()

  function reaches(carrier: Carrier, to: { address: string; port: number }): boolean {
    carrier.wants()
    carrier.bridge.fromLink(0, 1, { type: 'unicast', to, datagram })
    const wants = carrier.wants()
    if (wants.length === 0) return false
    assert.deepEqual(wants, [{ type: 'unicast', port: 1, to, datagram }])
    return true
  }

  function carrier(limits = {}): Carrier {
    const made = new Carrier(limits)
    made.bridge.opened(1)
    return made
  }

  it('goes to the private port that a hello has named, at the address that it came from', () => {
    const one = carrier()
    expect(reaches(one, at(5, member.port))).toBe(false)
    one.bridge.fromGroup(0, group(1), { face: FACE, bytes: member.hello(), from: at(5) })
    expect(reaches(one, at(5, member.port))).toBe(true)
    expect(reaches(one, at(5, member.port + 1))).toBe(false)
    expect(reaches(one, at(6, member.port))).toBe(false)
    expect(one.counted()).toMatchObject({ unicastRefused: 3 })
    expect(one.bridge.size.peers).toBe(1)
  })

  it('goes to another address of the same instance once a control packet has come from there', () => {
    const one = carrier()
    one.bridge.fromGroup(0, group(1), { face: FACE, bytes: member.hello(), from: at(5) })
    const forged = member.control(keys.controlKeyOf(new Member(3).sender))
    one.bridge.fromPort(0, 1, { bytes: forged, from: at(7) })
    one.bridge.fromPort(0, 1, { bytes: member.data(), from: at(7) })
    expect(reaches(one, at(7, member.port))).toBe(false)
    one.bridge.fromPort(0, 1, { bytes: member.control(), from: at(7) })
    expect(reaches(one, at(7, member.port))).toBe(true)
    expect(reaches(one, at(5, member.port))).toBe(true)
  })

  it('follows an instance to another port, and no longer goes to the former one', () => {
    const one = carrier()
    one.bridge.fromGroup(0, group(1), { face: FACE, bytes: member.hello(), from: at(5) })
    one.bridge.fromGroup(0, group(1), { face: FACE, bytes: member.hello(41_000), from: at(5) })
    expect(reaches(one, at(5, 41_000))).toBe(true)
    expect(reaches(one, at(5, member.port))).toBe(false)
  })

  it('goes nowhere by a hello that does not open, or names no port', () => {
    const one = carrier()
    const forged = member.hello()
    forged[forged.length - 1]! ^= 1
    one.bridge.fromGroup(0, group(1), { face: FACE, bytes: forged, from: at(5) })
    one.bridge.fromGroup(0, group(1), { face: FACE, bytes: member.hello(0), from: at(5) })
    expect(reaches(one, at(5, member.port))).toBe(false)
    expect(one.bridge.size.peers).toBe(0)
  })

  it('remembers so many instances and forgets the oldest, and eight addresses of each', () => {
    const one = carrier({ peers: 2 })
    const members = [1, 2, 3].map((seed) => new Member(seed))
    for (const [i, each] of members.entries()) {
      one.bridge.fromGroup(0, group(1), { face: FACE, bytes: each.hello(), from: at(i) })
    }
    expect(members.map(({ port }, i) => reaches(one, at(i, port)))).toEqual([false, true, true])
    const [, , last] = members
    for (let i = 10; i < 18; i++) {
      one.bridge.fromPort(0, 1, { bytes: last!.control(), from: at(i) })
    }
    expect(reaches(one, at(2, last!.port))).toBe(false)
    expect(reaches(one, at(17, last!.port))).toBe(true)
  })

  it('is not named by a hello that another has signed', () => {
    const one = carrier()
    const forged = member.hello(member.port, 0, false)
    one.bridge.fromGroup(0, group(1), { face: FACE, bytes: forged, from: at(5) })
    expect(reaches(one, at(5, member.port))).toBe(false)
    expect(one.counted()).toMatchObject({ forged: 1 })
  })

  it('opens no more than 5,000 hellos of one address in vain a second, and carries none', () => {
    const one = carrier()
    one.join(1, group(1))
    for (let i = 0; i < 5000; i++) {
      const forged = member.hello()
      forged[30]! ^= 1
      one.bridge.fromGroup(0, group(1), { face: FACE, bytes: forged, from: at(5) })
    }
    expect(one.wants().length).toBe(0)
    one.bridge.fromGroup(999, group(1), { face: FACE, bytes: member.hello(), from: at(5) })
    expect(reaches(one, at(5, member.port))).toBe(false)
    expect(one.counted()).toMatchObject({ forged: 5000, helloBudget: 1 })
    one.bridge.fromGroup(1000, group(1), { face: FACE, bytes: member.hello(), from: at(5) })
    expect(reaches(one, at(5, member.port))).toBe(true)
  })
})

it('whatever links do, each datagram goes once to each other member, and memberships add up', () => {
  const ports = [1, 2, 3, 4]
  const step = fc.record({
    port: fc.constantFrom(...ports),
    what: fc.constantFrom('open', 'close', 'join', 'leave', 'send'),
    last: fc.integer({ min: 1, max: 3 }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const carrier = new Carrier()
      const { bridge } = carrier
      const joined = new Map<number, Set<string>>()
      const onSegment = new Set<string>()
      const member = new Member(1)
      const settle = (): ReturnType<Carrier['wants']> =>
        carrier.wants().filter((want) => {
          if (want.type === 'join') assert.ok(!onSegment.has(want.group))
          if (want.type === 'join') onSegment.add(want.group)
          if (want.type === 'leave') assert.ok(onSegment.delete(want.group))
          return want.type === 'down' || want.type === 'multicast'
        })
      for (const { port, what, last } of steps) {
        const name = group(last)
        const own = joined.get(port)
        if (what === 'open' && !own) {
          bridge.opened(port)
          joined.set(port, new Set())
        } else if (what === 'close' && own) {
          bridge.closed(port)
          joined.delete(port)
        } else if (what === 'join' && own) {
          assert.ok(bridge.fromLink(0, port, { type: 'join', groups: [name] }))
          own.add(name)
        } else if (what === 'leave' && own) {
          bridge.fromLink(0, port, { type: 'leave', groups: [name] })
          own.delete(name)
        } else if (what === 'send' && own) {
          const datagram = member.data()
          settle()
          bridge.fromLink(0, port, { type: 'multicast', group: name, datagram })
          const others = ports.filter((one) => one !== port && joined.get(one)?.has(name))
          const downs = settle().flatMap((want) => (want.type === 'down' ? want.ports : []))
          assert.deepEqual(new Set(downs), new Set(others))
          assert.equal(downs.length, others.length)
        }
        settle()
        const wanted = new Set([...joined.values()].flatMap((groups) => [...groups]))
        expect([...onSegment].toSorted()).toEqual([...wanted].toSorted())
        expect(bridge.size.groups).toBe(wanted.size)
      }
    }),
    { numRuns: 200 },
  )
})
