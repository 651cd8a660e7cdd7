/** Peers with a link and a network of their own: which of the two their packets are taken by. */
import { describe, expect, it } from 'vitest'
import { Groups } from '../../../bus/core/path/group.ts'
import { instanceOf } from '../../../bus/core/seal/control-keys.ts'
import { RELAY_ADDRESS } from '../../../bus/core/wire/link.ts'
import type { BridgeOutput } from '../../../relay/bridge-output.ts'
import type { RelayLimits } from '../../../relay/limits.ts'
import { Rungs } from '../../../relay/rungs.ts'
import { counting, crypto } from '../core/crypto.ts'
import { at, Carrier, group, keys, Member } from './carrying.ts'

const { control } = new Groups('link', 0, (label) => keys.groupBytes(label))

/** A bridge on the networks `a` and `b`; the peer on link 1 is on `a` as well, link 2 is another's. */
class Stairs extends Carrier {
  now = LATER
  readonly one = new Member(1)
  readonly two = new Member(2)

  constructor(limits: Partial<RelayLimits> = {}) {
    super(limits, ['a', 'b'])
    this.bridge.tick(this.now)
    for (const [port, member] of [
      [1, this.one],
      [2, this.two],
    ] as const) {
      this.bridge.opened(port, member.sender.identity)
      this.bridge.fromLink(this.now, port, { type: 'join', groups: [control, group(1)] })
      this.up(port, member.hello())
    }
    this.wants()
  }

  /** What follows when the peer on a link says something to a group. */
  up(port: number, datagram: Uint8Array, to = control): BridgeOutput[] {
    this.bridge.fromLink(this.now, port, { type: 'multicast', group: to, datagram })
    return this.wants()
  }

  says(near: boolean, member = this.one): BridgeOutput[] {
    const { salt } = member.sender
    this.bridge.fromLink(this.now, 1, { type: 'rung', near, salt })
    return this.wants()
  }

  /** What follows when a datagram comes by network `a`. */
  hears(bytes: Uint8Array, to = control, from = at(1)): BridgeOutput[] {
    this.bridge.fromGroup(this.now, to, { bytes, from, face: 'a' })
    return this.wants()
  }

  ticks(ms: number): BridgeOutput[] {
    this.now += ms
    this.bridge.tick(this.now)
    return this.wants()
  }
}

describe('a peer with a link and a network', () => {
  it('is told once when it is heard there, and once when it is no more', () => {
    const stairs = new Stairs()
    stairs.says(false)
    expect(told(stairs.hears(stairs.one.control()))).toEqual([true])
    expect(told(stairs.hears(stairs.one.control()))).toEqual([])
    expect(told(stairs.ticks(1400))).toEqual([])
    expect(told(stairs.ticks(200))).toEqual([false])
    expect(told(stairs.ticks(5000))).toEqual([])
    expect(told(stairs.hears(stairs.one.control()))).toEqual([true])
    stairs.bridge.faceClosed('a')
    expect(told(stairs.wants())).toEqual([false])
  })

  it('is not heard there by recordings', () => {
    const stairs = new Stairs()
    stairs.says(false)
    const old = [stairs.one.control(), stairs.one.control()]
    expect(told(old.flatMap((bytes) => stairs.hears(bytes)))).toEqual([true])
    stairs.now += 1000
    for (const bytes of old) stairs.hears(bytes)
    expect(told(stairs.ticks(1000))).toEqual([false])
    expect(told(old.flatMap((bytes) => stairs.hears(bytes)))).toEqual([])
  })

  it('cannot speak for another: its salt and its own identity name nobody', () => {
    const stairs = new Stairs()
    stairs.says(false, stairs.two)
    expect(told(stairs.hears(stairs.two.control()))).toEqual([])
  })

  it('is taken by the way that it says, from the next packet on', () => {
    const stairs = new Stairs()
    const { one } = stairs
    stairs.says(false)
    stairs.hears(one.control())
    expect(down(stairs.hears(one.data(), group(1)))).toEqual([])
    expect(down(stairs.up(1, one.data(), group(1)))).toEqual([[2]])
    stairs.says(true)
    expect(down(stairs.hears(one.data(), group(1)))).toEqual([[2]])
    expect(faces(stairs.up(1, one.data(), group(1)))).toEqual([])
    stairs.says(false)
    expect(down(stairs.hears(one.data(), group(1)))).toEqual([])
    expect(down(stairs.up(1, one.data(), group(1)))).toEqual([[2]])
  })

  it('stays on its link when it says the network, and is not heard there', () => {
    const stairs = new Stairs()
    stairs.says(false)
    stairs.says(true)
    expect(down(stairs.up(1, stairs.one.data(), group(1)))).toEqual([[2]])
  })

  it('is wanted on the network what it has said on either, once it is there', () => {
    const stairs = new Stairs()
    const { one, two } = stairs
    stairs.says(false)
    stairs.hears(one.control())
    stairs.up(1, one.interest([group(1)]))
    stairs.ticks(1000)
    expect(faces(stairs.up(2, two.data(), group(1)))).toEqual([])
    stairs.hears(one.control())
    stairs.says(true)
    expect(faces(stairs.up(2, two.data(), group(1)))).toEqual(['a'])
    stairs.says(false)
    expect(faces(stairs.up(2, two.data(), group(1)))).toEqual([])
  })

  it('is lost on the network when it falls silent there, and comes by its link at once', () => {
    const stairs = new Stairs()
    const { one } = stairs
    stairs.says(false)
    stairs.hears(one.control())
    stairs.says(true)
    stairs.ticks(2000)
    stairs.up(1, one.control())
    expect(down(stairs.up(1, one.data(), group(1)))).toEqual([[2]])
  })
})

describe('what need not go down', () => {
  it('is what the peer says itself, and what it hears by itself until it says otherwise', () => {
    const stairs = new Stairs()
    const { one, two } = stairs
    const three = new Member(3)
    stairs.says(false)
    stairs.hears(three.hello(), control, at(3))
    const heard = (bytes: Uint8Array): readonly (readonly number[])[] =>
      down(stairs.hears(bytes, group(1), at(3)))
    expect(heard(three.data())).toEqual([[1, 2]])
    stairs.bridge.fromLink(0, 1, { type: 'spare', instances: [three.sender.instance] })
    expect(heard(three.data())).toEqual([[2]])
    stairs.bridge.fromLink(0, 1, { type: 'need', instances: [three.sender.instance] })
    expect(heard(three.data())).toEqual([[1, 2]])
    stairs.bridge.fromLink(0, 1, { type: 'spare', instances: [two.sender.instance] })
    expect(down(stairs.up(2, two.data(), group(1)))).toEqual([])
    stairs.hears(one.control())
    stairs.says(true)
    expect(down(stairs.hears(one.data(), group(1)))).toEqual([[2]])
  })

  it('is bounded by the number of peers that the relay knows', () => {
    const stairs = new Stairs({ peers: 2 })
    const instances = [7n, 8n, new Member(3).sender.instance]
    stairs.bridge.fromLink(0, 1, { type: 'spare', instances })
    const three = new Member(3)
    stairs.hears(three.hello(), control, at(3))
    expect(down(stairs.hears(three.data(), group(1), at(3)))).toEqual([[1, 2]])
  })
})

describe('the name of a link', () => {
  const identity = counting(32)
  const nameOf = (seed: number): bigint => instanceOf(crypto, identity, counting(16, seed))
  const events = { hears: () => undefined, move: () => undefined, lose: () => undefined }
  const rung = (seed: number) => ({ type: 'rung', near: false, salt: counting(16, seed) }) as const

  it('is one, however many salts it has said', () => {
    const rungs = new Rungs(crypto, 8, events)
    rungs.opened(1, identity)
    for (const seed of [1, 2, 3]) rungs.take(1, rung(seed))
    expect([1, 2, 3].map((seed) => rungs.has(nameOf(seed)))).toEqual([false, false, true])
    rungs.closed(1)
    expect(rungs.has(nameOf(3))).toBe(false)
  })

  it('goes when another link takes its port', () => {
    const rungs = new Rungs(crypto, 8, events)
    rungs.opened(1, identity)
    rungs.take(1, rung(1))
    rungs.opened(1, identity)
    expect(rungs.has(nameOf(1))).toBe(false)
    rungs.take(1, rung(1))
    expect(rungs.has(nameOf(1))).toBe(true)
  })

  it('stays with the link that has said it last', () => {
    const rungs = new Rungs(crypto, 8, events)
    for (const port of [1, 2]) {
      rungs.opened(port, identity)
      rungs.take(port, rung(1))
    }
    rungs.take(1, rung(2))
    rungs.closed(1)
    expect(rungs.has(nameOf(1))).toBe(true)
  })
})

describe('a port that a hello names, and the link has another', () => {
  it('is held on the networks, and what comes there goes down the link', () => {
    const carrier = new Carrier({}, ['a'])
    const [one, two] = [new Member(1), new Member(2)]
    carrier.bridge.opened(1, one.sender.identity)
    const datagram = one.hello()
    carrier.bridge.fromLink(LATER, 1, { type: 'multicast', group: control, datagram })
    expect(carrier.wants()).toContainEqual({ type: 'hold', port: one.port })
    carrier.bridge.fromGroup(LATER, control, { bytes: two.hello(), from: at(2), face: 'a' })
    carrier.wants()
    const bytes = two.control()
    carrier.bridge.fromPort(LATER, one.port, { bytes, from: at(2), face: 'a' })
    expect(carrier.wants()).toContainEqual({
      type: 'down',
      ports: [1],
      from: at(2),
      datagram: bytes,
    })
    carrier.bridge.opened(2, two.sender.identity)
    const to = { address: RELAY_ADDRESS, port: one.port }
    carrier.bridge.fromLink(LATER, 2, { type: 'unicast', to, datagram: bytes })
    expect(down(carrier.wants())).toEqual([[1]])
  })
})

function told(outputs: readonly BridgeOutput[]): boolean[] {
  return outputs.flatMap((one) => (one.type === 'hears' ? [one.yes] : []))
}

function down(outputs: readonly BridgeOutput[]): (readonly number[])[] {
  return outputs.flatMap((one) => (one.type === 'down' ? [one.ports] : []))
}

function faces(outputs: readonly BridgeOutput[]): string[] {
  return outputs.flatMap((one) => (one.type === 'multicast' ? [one.face] : []))
}

/** The first seconds of a face are over. */
const LATER = 10_000
