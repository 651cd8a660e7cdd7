/** A peer of a realm with an owner: whom it admits, and what it takes of them. */
import { describe, expect, it } from 'vitest'
import { RealmKeys } from '../../../../bus/core/seal/keys.ts'
import { body } from '../attacking.ts'
import { counting, crypto, hex } from '../crypto.ts'
import { all, beacon, EPOCH_S, Gate, granted, owner, signs, started } from '../gating.ts'
import { grantOn, rightsBytes } from '../granting.ts'
import { controlBytes } from '../wire/any.ts'

function attach(target: bigint): Uint8Array {
  const entry = { stream: 1, ask: 1, from: 0, ageMs: 0, back: 0, attempt: 0 }
  return controlBytes({ type: 'attach', target, entries: [entry] })
}

describe('a realm with an owner', () => {
  it('has other keys and another id than the same realm without, or with another', () => {
    const realm = { name: 'plant', root: counting(32) }
    const keys = [undefined, owner, counting(32, 8)].map((one) => {
      return new RealmKeys(crypto, { ...realm, owner: one })
    })
    for (const part of ['id', 'control'] as const) {
      expect(new Set(keys.map((one) => hex(one[part]))).size).toBe(3)
    }
    expect(new Set(keys.map((one) => hex(one.groupBytes(counting(1))))).size).toBe(3)
  })

  it('admits who shows rights that the owner has signed', () => {
    const gate = new Gate()
    const member = gate.stranger()
    gate.greet(member, gate.granted(grantOn(member.sender.identity, all)))
    expect(gate.knows(member)).toBe(true)
    expect(gate.count('denied')).toBe(0)
  })

  it.each([
    ['none', () => new Uint8Array(0)],
    ['junk', () => counting(100)],
    ['those of another', (gate: Gate) => gate.granted(grantOn(counting(32, 5), all))],
    [
      'those that have ended',
      (gate: Gate, me: Uint8Array) => gate.granted({ ...grantOn(me, all), notAfter: EPOCH_S - 61 }),
    ],
    [
      'those that begin later',
      (gate: Gate, me: Uint8Array) =>
        gate.granted({ ...grantOn(me, all), notBefore: EPOCH_S + 120 }),
    ],
  ])('denies who shows no good rights: %s', (_, rights) => {
    const gate = new Gate()
    const member = gate.stranger()
    gate.greet(member, rights(gate, member.sender.identity))
    expect(gate.knows(member)).toBe(false)
    expect(gate.count('denied')).toBeGreaterThan(0)
    expect(gate.count('unverified')).toBe(0)
  })

  it('denies what somebody else has signed, or was signed for another realm', () => {
    const gate = new Gate()
    const member = gate.stranger()
    const me = member.sender.identity
    gate.greet(member, gate.granted(grantOn(me, all), me))
    gate.greet(member, granted(counting(32), owner, grantOn(me, all)).bytes)
    const changed = gate.granted(grantOn(me, { publish: ['a'] }))
    changed[changed.length - 65]! ^= 1
    gate.greet(member, changed)
    expect(gate.knows(member)).toBe(false)
    expect(gate.count('unverified')).toBeGreaterThanOrEqual(3)
  })

  it('admits who was granted by one that may hand on, and not by one that only says so', () => {
    const gate = new Gate()
    const [middle, member] = [counting(32, 60), gate.stranger()]
    const me = member.sender.identity
    const first = { grant: { ...grantOn(middle, all), depth: 1 }, sign: signs(owner) }
    const second = (by: Uint8Array) => ({ grant: grantOn(me, all), sign: signs(by) })
    gate.greet(member, rightsBytes(gate.id, first, second(counting(32, 61))))
    expect(gate.knows(member)).toBe(false)
    gate.greet(member, rightsBytes(gate.id, first, second(middle)))
    expect(gate.knows(member)).toBe(true)
  })

  it('sees a peer leave when its rights end, and come again with others', () => {
    const gate = new Gate()
    const member = gate.stranger()
    const me = member.sender.identity
    // A minute is for clocks that differ.
    gate.greet(member, gate.granted({ ...grantOn(me, all), notAfter: EPOCH_S + 1 }))
    expect(gate.knows(member)).toBe(true)
    for (let i = 0; i < 64; i++) {
      gate.wait(1000)
      if (gate.now < 60_000) gate.send(member.control(beacon))
    }
    expect(gate.knows(member)).toBe(false)
    gate.greet(
      member,
      gate.granted({ ...grantOn(me, all), notBefore: EPOCH_S, notAfter: EPOCH_S + 1000 }),
    )
    expect(gate.knows(member)).toBe(true)
  })
})

describe('rights to publish', () => {
  it('open the topics that they name, and no others, whose packets count as denied', () => {
    const gate = new Gate()
    const member = gate.stranger()
    gate.greet(member, gate.granted(grantOn(member.sender.identity, { publish: ['plant/ok/**'] })))
    gate.announce(member, ['plant/ok/a', 'plant/no/b']).wait(100)
    for (const stream of [1, 2]) {
      gate.send(member.control(started(gate, stream)))
      gate.send(member.data(stream, 1, { flags: 0, body: body(0) }))
    }
    expect(gate.target.delivered).toBe(1)
    // Once for the binding, once for the packet.
    expect(gate.count('denied')).toBe(2)
    expect(gate.count('forged')).toBe(0)
    // It is not asked for again.
    const { sentPackets } = gate.target
    gate.send(member.data(2, 2, { flags: 0, body: body(1) })).wait(5)
    expect(gate.count('denied')).toBe(3)
    expect(gate.target.sentPackets - sentPackets).toBeLessThanOrEqual(1)
  })

  it('may be widened while a peer is there, and an old hello does not take that back', () => {
    const gate = new Gate()
    const member = gate.stranger()
    const me = member.sender.identity
    const narrow = gate.granted(grantOn(me, { publish: ['plant/ok/**'] }))
    const wide = gate.granted({ ...grantOn(me, all), notBefore: EPOCH_S })
    gate.greet(member, narrow)
    gate.announce(member, ['plant/no/b']).wait(50)
    expect(gate.count('denied')).toBe(1)
    gate.greet(member, wide)
    gate.announce(member, ['plant/no/b']).wait(100)
    gate.send(member.control(started(gate, 1)))
    gate.send(member.data(1, 1, { flags: 0, body: body(0) }))
    expect(gate.target.delivered).toBe(1)
    gate.greet(member, narrow)
    gate.send(member.data(1, 2, { flags: 0, body: body(1) }))
    expect(gate.target.delivered).toBe(2)
  })

  it('forbid to open a stream outside them', () => {
    const gate = new Gate({ publish: ['plant/mine'], subscribe: ['**'] })
    const publish = (topic: string): unknown =>
      gate.target.peer.publish(gate.now, {
        topic,
        segments: topic.split('/'),
        delivery: 'reliable',
        codec: 0,
        payload: counting(1),
        urgent: false,
      })
    expect(publish('plant/mine')).toBeUndefined()
    expect(publish('yours')).toBe('rights')
  })
})

describe('rights to subscribe', () => {
  it('are needed of whoever attaches or asks for packets', () => {
    const gate = new Gate()
    const { peer } = gate.target
    const [deaf, hearing] = [gate.stranger(), gate.stranger()]
    gate.greet(deaf, gate.granted(grantOn(deaf.sender.identity, { subscribe: ['other'] })))
    gate.greet(
      hearing,
      gate.granted(grantOn(hearing.sender.identity, { subscribe: ['plant/mine'] })),
    )
    const offer = {
      topic: 'plant/mine',
      segments: ['plant', 'mine'],
      delivery: 'reliable' as const,
    }
    expect(peer.offer(gate.now, offer)).toBe(0)
    for (const member of [deaf, hearing]) {
      gate.send(member.control(attach(peer.instance))).wait(20)
    }
    expect(peer.offer(gate.now, offer)).toBe(1)
    expect(gate.count('denied')).toBe(1)
  })

  it('close what lies outside the own ones, as nothing of interest', () => {
    const gate = new Gate({ publish: ['**'], subscribe: ['plant/ok/**'] })
    const member = gate.stranger()
    gate.greet(member, gate.granted(grantOn(member.sender.identity, all)))
    gate.announce(member, ['plant/no/b']).wait(50)
    gate.send(member.data(1, 1, { flags: 0, body: body(0) }))
    expect(gate.target.delivered).toBe(0)
    expect(gate.count('uninterested')).toBe(1)
    expect(gate.count('denied')).toBe(0)
  })
})
