/** How a peer takes answers to what it has asked: once, in order, bounded, and acknowledged. */
import { describe, expect, it } from 'vitest'
import { Rights } from '../../../../bus/core/rights.ts'
import { signatureOf } from '../../../fuzz/target.ts'
import { AskingPeer } from '../asking.ts'
import { grantOn, rightsBytes } from '../granting.ts'

const ids = ({ answers }: AskingPeer): number[] => answers.map(({ id }) => id)

describe('an answer', () => {
  it('is given to the program once, however often it comes', () => {
    const world = new AskingPeer()
    for (let i = 0; i < 3; i++) world.say(1, { id: 1 })
    expect(world.answers).toEqual([{ from: world.member(1).sender.instance, id: 1, size: 3 }])
    expect([world.count('answersReceived'), world.count('replayed')]).toEqual([1, 2])
  })

  it('comes in the order of its sender, though the network has another one', () => {
    const world = new AskingPeer()
    world.say(1, { id: 3 }, { id: 2 }, { id: 5 })
    expect(ids(world)).toEqual([])
    world.say(1, { id: 1 })
    expect(ids(world)).toEqual([1, 2, 3])
    world.say(1, { id: 4 })
    expect([ids(world), world.held]).toEqual([[1, 2, 3, 4, 5], 0])
  })

  it('does not wait for those of others, nor for those to others', () => {
    const world = new AskingPeer()
    world.say(1, { id: 2, previous: 1 }).say(2, { id: 7, previous: 0 })
    expect(ids(world)).toEqual([7])
    world.say(2, { id: 200, previous: 7 })
    expect(ids(world)).toEqual([7, 200])
  })

  it('is put together from pieces in any order, some of them twice', () => {
    const world = new AskingPeer()
    const about = { id: 1, previous: 0, totalSize: 1000, size: 500 }
    world.say(1, { ...about, number: 2, offset: 500 }, { ...about, number: 2, offset: 500 })
    expect([ids(world), world.held]).toEqual([[], 1000])
    world.say(1, { ...about, number: 1, offset: 0 })
    expect(world.answers.map(({ size }) => size)).toEqual([1000])
    expect(world.held).toBe(0)
  })

  it('that is given up holds up none behind it', () => {
    const world = new AskingPeer()
    world.say(1, { id: 2 }, { id: 1, totalSize: 1000, size: 300, number: 1 })
    world.say(1, { id: 1, givenUp: true, number: 9 })
    expect([ids(world), world.held]).toEqual([[2], 0])
    // What comes of it late is nothing any more.
    world.say(1, { id: 1, totalSize: 1000, offset: 700, size: 300, number: 3 })
    expect([ids(world), world.held]).toEqual([[2], 0])
  })

  it('that has come whole counts, though its sender has given it up', () => {
    const world = new AskingPeer()
    world.say(1, { id: 2 }, { id: 2, givenUp: true, number: 5 }, { id: 1 })
    expect(ids(world)).toEqual([1, 2])
  })

  it('of somebody who does not go on from what was there before waits for nothing', () => {
    const world = new AskingPeer()
    world.say(1, { id: 2 }, { id: 4 }, { id: 9, previous: 0 })
    expect([ids(world), world.held]).toEqual([[2, 4, 9], 0])
  })

  it('by a stream that this peer has not, or that does not open, is forged', () => {
    const world = new AskingPeer()
    world.say(1, { id: 1, stream: 2 })
    const packet = world.packet(1, { id: 1 })
    packet[40]! ^= 1
    world.attack.send(packet)
    expect([world.count('forged'), ids(world)]).toEqual([2, []])
  })

  it('of one who is not known yet waits for its hello', () => {
    const world = new AskingPeer()
    const stranger = world.attack.stranger()
    const known = world.packet(1, { id: 1 })
    expect(known).toBeDefined()
    world.attack.send(
      stranger.direct(
        { asker: world.attack.target.sender!, topic: 'own/x', stream: 1 },
        { number: 1, body: Uint8Array.of(1, 0, 1, 0, 77) },
      ),
    )
    expect(ids(world)).toEqual([])
    const { target } = world.attack
    world.attack.send(stranger.hello({ echoes: [target.challenge] }))
    world.wait(100)
    world.attack.send(stranger.hello({ echoes: [target.challenge] }))
    expect(ids(world)).toEqual([77])
  })
})

describe('in a realm with an owner an answer', () => {
  const owner = new Uint8Array(32).fill(5)
  const sign = (message: Uint8Array): Uint8Array => signatureOf(owner, message)
  const rightsOf = (id: Uint8Array, holder: Uint8Array, subscribe: string[]): Uint8Array => {
    return rightsBytes(id, { grant: grantOn(holder, { publish: ['**'], subscribe }), sign })
  }

  it('counts of whoever may subscribe to the topic alone', () => {
    const setup = {
      owner,
      rightsOf: (id: Uint8Array, self: Uint8Array) => Rights.read(rightsOf(id, self, ['**']))!,
    }
    const world = new AskingPeer({}, ['own/x'], setup)
    const { id } = world.attack.keys
    for (const [i, topic] of ['own/*', 'plant/**'].entries()) {
      world.member(i + 1, ({ sender }) => rightsOf(id, sender.identity, [topic]))
    }
    expect(world.attack.target.present.size).toBe(2)
    world.say(1, { id: 1 }).say(2, { id: 2, previous: 0 }).wait(50)
    expect([ids(world), world.count('denied')]).toEqual([[1], 1])
    expect(world.acknowledged()).toEqual(['1: 1-1 to 1'])
  })
})

describe('what is waited for', () => {
  it('is passed over after twice the age of an answer, and counted', () => {
    const world = new AskingPeer({ answerAge: 2000 })
    world.say(1, { id: 1, totalSize: 1000, size: 300 }, { id: 3 })
    world.wait(3500)
    expect([ids(world), world.count('answersLost')]).toEqual([[], 0])
    world.wait(2000)
    // The unfinished one, and the one of which nothing has come.
    expect([ids(world), world.count('answersLost'), world.held]).toEqual([[3], 2, 0])
    world.acknowledged()
    world.say(1, { id: 2 }).wait(50)
    expect([ids(world), world.acknowledged(), world.count('late')]).toEqual([[3], [], 1])
    world.say(1, { id: 4 }).wait(50)
    expect([ids(world), world.acknowledged()]).toEqual([[3, 4], ['1: 4-4 to 1']])
  })

  it('is not, when its sender goes: what is whole counts', () => {
    const world = new AskingPeer()
    world.say(1, { id: 2 }, { id: 3, totalSize: 1000, size: 300 })
    world.wait(9000, [1])
    expect([ids(world), world.held, world.attack.target.present.size]).toEqual([[2], 0, 0])
    expect(world.count('answersLost')).toBe(1)
  })

  it('does not come a second time from one who comes back', () => {
    const world = new AskingPeer()
    const recorded = [world.packet(1, { id: 1 }), world.packet(1, { id: 2 })]
    for (const packet of recorded) world.attack.send(packet)
    world.wait(9000, [1])
    const { target } = world.attack
    const member = world.member(1)
    member.number += 1000
    world.attack.send(member.hello({ echoes: [target.challenge] }))
    world.wait(100)
    world.attack.send(member.hello({ echoes: [target.challenge] }))
    expect(target.present.size).toBe(1)
    for (const packet of recorded) world.attack.send(packet)
    world.say(1, { id: 3 })
    expect(ids(world)).toEqual([1, 2, 3])
  })
})

describe('bounds', () => {
  it('of what is held leave room for what is next, and acknowledge nothing that found none', () => {
    const world = new AskingPeer({ answersHeldSize: 32 * 1024 })
    // An eighth is for what one instance has said early.
    for (let id = 2; id < 40; id++) world.say(1, { id, size: 3 })
    expect(world.count('answersHeldFull')).toBe(38 - 16)
    expect(world.held).toBe(16 * 256)
    world.wait(50)
    expect(world.acknowledged()).toEqual(['1: 2-17 to 1'])
    for (let place = 2; place < 12; place++) {
      for (let id = 2; id < 20; id++) world.say(place, { id, size: 3 })
    }
    expect(world.held).toBeLessThanOrEqual(16 * 1024)
    // What is next may fill the rest.
    world.say(12, { id: 1, totalSize: 15_000, size: 300 })
    expect(world.held).toBeGreaterThan(16 * 1024)
    world.say(1, { id: 1 })
    expect(ids(world)).toEqual([...Array(17).keys()].map((i) => i + 1))
  })

  it('forbid what is larger than an answer may be', () => {
    const world = new AskingPeer({ answerSize: 5000 })
    world.say(1, { id: 1, totalSize: 5000, size: 300 })
    expect(world.count('answersHeldFull')).toBe(0)
    world.say(2, { id: 1, totalSize: 5001, size: 300 })
    expect([world.count('answersHeldFull'), world.held]).toEqual([1, 5000])
  })

  it('let pieces add up to no more than their answer', () => {
    const world = new AskingPeer()
    const about = { id: 1, totalSize: 1000, size: 400 }
    world.say(1, { ...about, offset: 0, number: 1 }, { ...about, offset: 100, number: 2 })
    world.say(1, { ...about, offset: 300, number: 3 })
    expect([world.count('malformed'), ids(world)]).toEqual([1, []])
    world.say(1, { ...about, offset: 800, size: 200, number: 4 })
    // They add up, and leave a hole.
    expect([world.count('malformed'), ids(world), world.held]).toEqual([2, [], 0])
  })
})

describe('acknowledgements', () => {
  it('are gathered for a moment, and go to a few answerers one by one', () => {
    const world = new AskingPeer()
    for (const place of [1, 2, 3]) world.member(place)
    world.say(1, { id: 1 }, { id: 2 }, { id: 4 }).say(2, { id: 1 }).say(3, { id: 1 })
    expect(world.acknowledged()).toEqual([])
    world.wait(20)
    expect(world.acknowledged()).toEqual(['1: 1-2 4-4 to 1', '2: 1-1 to 2', '3: 1-1 to 3'])
  })

  it('go to many by few packets to the group of the topic', () => {
    const world = new AskingPeer()
    for (let place = 1; place <= 200; place++) world.member(place)
    const { target } = world.attack
    const before = target.sentPackets
    for (let place = 1; place <= 200; place++) world.say(place, { id: 1 })
    world.wait(20)
    const said = world.said.splice(0)
    expect(said.every(({ to }) => to === 'group')).toBe(true)
    expect(said.flatMap(({ words }) => words)).toHaveLength(target.present.size)
    expect(target.present.size).toBeGreaterThan(190)
    expect(target.sentPackets - before).toBeLessThanOrEqual(5)
  })

  it('come again for what comes again, to its sender', () => {
    const world = new AskingPeer()
    for (let place = 1; place <= 12; place++) world.member(place)
    for (let place = 1; place <= 12; place++) world.say(place, { id: 1 })
    world.wait(20).said.splice(0)
    for (let place = 1; place <= 12; place++) world.say(place, { id: 1 })
    world.wait(20)
    expect(world.acknowledged()[4]).toBe('5: 1-1 to 5')
  })

  it('are no more than a few a second, however often something comes', () => {
    const world = new AskingPeer()
    world.say(1, { id: 1 })
    const packet = world.packet(1, { id: 1 })
    const before = world.attack.target.sentPackets
    for (let i = 0; i < 1000; i++) world.attack.send(packet)
    world.wait(20)
    expect(world.attack.target.sentPackets - before).toBeLessThanOrEqual(2)
  })
})
